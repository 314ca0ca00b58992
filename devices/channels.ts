import { isSppgId } from "./ids.ts";
import type { DevicePlace } from "./registry/model.ts";

/**
 * A realtime address is one name spelled twice: the MQTT topic `sppg/{sppgId}/{domain}/{type}` and
 * the channel `{sppgId}:{domain}:{type}`. This file is the only place that spells either.
 */
export const realtimeTypes = {
  production: ["status", "temperature", "alerts", "tasks", "throughput"],
  distribution: ["tracking", "deliveries", "eta", "temperature", "alerts"],
  inventory: ["stock", "alerts", "procurement", "usage"],
  notifications: ["all"],
} as const;

export const realtimeDomains = [
  "production",
  "distribution",
  "inventory",
  "collaboration",
  "notifications",
] as const;
export type RealtimeDomain = (typeof realtimeDomains)[number];
export type RealtimeType<D extends keyof typeof realtimeTypes> = (typeof realtimeTypes)[D][number];

/** What stands at the place of the type in `collaboration`: the id of a document. */
export const documentIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

export type RealtimeAddress =
  | { sppgId: string; domain: "production"; type: RealtimeType<"production"> }
  | { sppgId: string; domain: "distribution"; type: RealtimeType<"distribution"> }
  | { sppgId: string; domain: "inventory"; type: RealtimeType<"inventory"> }
  | { sppgId: string; domain: "collaboration"; type: string }
  | { sppgId: string; domain: "notifications"; type: RealtimeType<"notifications"> };

/** Map, not an object: the domain and the type come from a client's topic. */
const typesByDomain: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(realtimeTypes).map(([domain, types]) => [domain, new Set<string>(types)]),
);

/** `null` unless the kitchen id is valid and the type belongs to the domain. */
export function realtimeAddress(parts: {
  sppgId: string;
  domain: string;
  type: string;
}): RealtimeAddress | null {
  const { sppgId, domain, type } = parts;
  if (!isSppgId(sppgId)) return null;
  const isKnown =
    domain === "collaboration"
      ? documentIdPattern.test(type)
      : (typesByDomain.get(domain)?.has(type) ?? false);
  // The sets above are what the union is made of, so a known pair is one of its members.
  return isKnown ? ({ sppgId, domain, type } as RealtimeAddress) : null;
}

export function formatRealtimeTopic(address: RealtimeAddress): string {
  return `sppg/${address.sppgId}/${address.domain}/${address.type}`;
}

export function formatChannel(address: RealtimeAddress): string {
  return `${address.sppgId}:${address.domain}:${address.type}`;
}

export function parseRealtimeTopic(topicName: string): RealtimeAddress | null {
  const [root, sppgId, domain, type, ...more] = topicName.split("/", 5);
  if (root !== "sppg" || sppgId === undefined || domain === undefined || type === undefined) {
    return null;
  }
  return more.length === 0 ? realtimeAddress({ sppgId, domain, type }) : null;
}

export function parseChannel(channel: string): RealtimeAddress | null {
  const [sppgId, domain, type, ...more] = channel.split(":", 4);
  if (sppgId === undefined || domain === undefined || type === undefined) return null;
  return more.length === 0 ? realtimeAddress({ sppgId, domain, type }) : null;
}

/** `null` for what is no realtime topic. */
export function topicToChannel(topicName: string): string | null {
  const address = parseRealtimeTopic(topicName);
  return address === null ? null : formatChannel(address);
}

/** `null` for what is no channel of ours. */
export function channelToTopic(channel: string): string | null {
  const address = parseChannel(channel);
  return address === null ? null : formatRealtimeTopic(address);
}

/** Every channel of a kitchen whose name is known beforehand: all but those of documents. */
export function kitchenChannels(sppgId: string): string[] {
  return Object.entries(realtimeTypes).flatMap(([domain, types]) =>
    types.map((type) => `${sppgId}:${domain}:${type}`),
  );
}

const liveTypes = {
  cooking: { domain: "production", type: "temperature" },
  hotHolding: { domain: "production", type: "temperature" },
  coldStore: { domain: "production", type: "temperature" },
  freezer: { domain: "production", type: "temperature" },
  dryStore: { domain: "production", type: "temperature" },
  deliveryBox: { domain: "distribution", type: "temperature" },
  vehicle: { domain: "distribution", type: "tracking" },
  stockScale: { domain: "inventory", type: "stock" },
} as const satisfies Record<DevicePlace, { domain: string; type: string }>;

export type LiveAddress = { sppgId: string } & (typeof liveTypes)[DevicePlace];

/** Where the live values of a device show: its place decides, not the kind of reading. */
export function liveAddress(sppgId: string, place: DevicePlace): LiveAddress {
  return { sppgId, ...liveTypes[place] };
}

export interface AlertAddress {
  sppgId: string;
  domain: LiveAddress["domain"];
  type: "alerts";
}

/** Where the alerts about a device show: in the domain of its live values. */
export function alertAddress(sppgId: string, place: DevicePlace): AlertAddress {
  return { sppgId, domain: liveTypes[place].domain, type: "alerts" };
}
