import {
  type CodecName,
  commandTopicPrefix,
  deviceTreePrefix,
  formatPrincipal,
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

/** Anybody, on a conformance run: any topic but those that name a broker's own business. */
export interface ConformancePrincipal {
  kind: "conformance";
  name: "conformance";
}

export type Principal = DevicePrincipal | ConformancePrincipal;

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

const reservedPrefixes = ["$SYS", "$share", "$nadi"];

function isReserved(topic: string): boolean {
  return reservedPrefixes.some((prefix) => topic === prefix || topic.startsWith(`${prefix}/`));
}

/** Whether a PUBLISH or a will on this topic name is the principal's own. */
export function mayPublish(principal: Principal, topicName: string): boolean {
  if (principal.kind === "conformance") return !isReserved(topicName);
  for (const prefix of principal.publishPrefixes) {
    if (topicName.length > prefix.length && topicName.startsWith(prefix)) return true;
  }
  return false;
}

/** Whether the filter lies wholly within what the principal may read: its literal levels do. */
export function maySubscribe(principal: Principal, filter: string): boolean {
  if (principal.kind === "conformance") return !isReserved(filter);
  return (
    filter.length > principal.commandPrefix.length && filter.startsWith(principal.commandPrefix)
  );
}

/** The second line at delivery: whatever a filter matched, only own topics leave. */
export function mayReceive(principal: Principal, topicName: string): boolean {
  if (principal.kind === "conformance") return true;
  return topicName.startsWith(principal.commandPrefix);
}
