import {
  type CodecName,
  commandTopicPrefix,
  deviceTreePrefix,
  formatPrincipal,
  isSppgId,
  realtimeDomains,
} from "../../devices/index.ts";

/** A device that has signed in. */
export interface DevicePrincipal {
  kind: "device";
  /** `{sppgId}.{deviceId}`. */
  name: string;
  sppgId: string;
  deviceId: string;
  /** Every topic that it publishes on begins with one of these. */
  publishPrefixes: readonly string[];
  /** Every filter that it subscribes to begins with this. */
  commandPrefix: string;
}

/** A person who has signed in to the dashboard: reads what their kitchens show, sends nothing. */
export interface PersonPrincipal {
  kind: "person";
  /** `person:{session}`: one for each login session. */
  name: string;
  userId: string;
  kitchens: ReadonlySet<string> | "all";
}

/** Anybody, on a conformance run: any topic but those that name a broker's own business. */
export interface ConformancePrincipal {
  kind: "conformance";
  name: "conformance";
}

export type Principal = DevicePrincipal | PersonPrincipal | ConformancePrincipal;

export const conformancePrincipal: ConformancePrincipal = {
  kind: "conformance",
  name: "conformance",
};

export function devicePrincipal(device: {
  sppgId: string;
  deviceId: string;
  codec: CodecName | null;
}): DevicePrincipal {
  const { sppgId, deviceId, codec } = device;
  const publishPrefixes = [deviceTreePrefix(sppgId, "telemetry", deviceId)];
  if (codec !== null) publishPrefixes.push(deviceTreePrefix(sppgId, codec, deviceId));
  return {
    kind: "device",
    name: formatPrincipal(sppgId, deviceId),
    sppgId,
    deviceId,
    publishPrefixes,
    commandPrefix: commandTopicPrefix(sppgId, deviceId),
  };
}

const personPrefix = "person:";

export function personPrincipal(person: {
  sessionId: string;
  userId: string;
  kitchens: ReadonlySet<string> | "all";
}): PersonPrincipal {
  const { sessionId, userId, kitchens } = person;
  return { kind: "person", name: `${personPrefix}${sessionId}`, userId, kitchens };
}

/** A device's name has no colon. */
export function isPersonName(name: string): boolean {
  return name.startsWith(personPrefix);
}

/** The kitchen of a person's filter, which is literal there. */
export function kitchenOfFilter(filter: string): string {
  return filter.split("/", 2)[1] ?? "";
}

/** What people see of a kitchen: never `command`, nor what devices say word by word. */
const shownDomains: ReadonlySet<string> = new Set([...realtimeDomains, "presence"]);

/**
 * Whether a topic or filter lies within one of the person's kitchens and what is shown of it. The
 * first three levels are literal, also for those who may see every kitchen.
 */
function isShown({ kitchens }: PersonPrincipal, topic: string): boolean {
  const [root, sppgId = "", domain = "", rest] = topic.split("/", 4);
  if (root !== "sppg" || rest === undefined || !shownDomains.has(domain)) return false;
  return isSppgId(sppgId) && (kitchens === "all" || kitchens.has(sppgId));
}

const reservedPrefixes = ["$SYS", "$share", "$nadi"];

function isReserved(topic: string): boolean {
  return reservedPrefixes.some((prefix) => topic === prefix || topic.startsWith(`${prefix}/`));
}

/** Whether a PUBLISH or a will on this topic name is the principal's own. */
export function mayPublish(principal: Principal, topicName: string): boolean {
  if (principal.kind === "conformance") return !isReserved(topicName);
  if (principal.kind === "person") return false;
  for (const prefix of principal.publishPrefixes) {
    if (topicName.length > prefix.length && topicName.startsWith(prefix)) return true;
  }
  return false;
}

/** Whether the filter lies wholly within what the principal may read: its literal levels do. */
export function maySubscribe(principal: Principal, filter: string): boolean {
  if (principal.kind === "conformance") return !isReserved(filter);
  if (principal.kind === "person") return isShown(principal, filter);
  return (
    filter.length > principal.commandPrefix.length && filter.startsWith(principal.commandPrefix)
  );
}

/** The second line at delivery: whatever a filter matched, only own topics leave. */
export function mayReceive(principal: Principal, topicName: string): boolean {
  if (principal.kind === "conformance") return true;
  if (principal.kind === "person") return isShown(principal, topicName);
  return topicName.startsWith(principal.commandPrefix);
}
