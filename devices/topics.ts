import { realtimeDomains } from "./channels.ts";
import { isDeviceId, isSppgId } from "./ids.ts";
import { type CodecName, codecNames } from "./registry/model.ts";

/** More levels than any maker's topic below our four, and few enough for Aedes' recursion. */
export const topicLevelsMax = 8;

/**
 * What may stand at the third level of a topic. Each word has one meaning: a realtime domain, a
 * tree that devices publish in, or a tree that the broker and the API write.
 */
export const topicWords = {
  realtime: realtimeDomains,
  publish: ["telemetry", ...codecNames],
  control: ["command", "presence"],
} as const;

/** The tree a device publishes in: Nadi's own JSON, or the codec it is registered with. */
export type DeviceTree = "telemetry" | CodecName;

export interface DeviceTopic {
  sppgId: string;
  tree: DeviceTree;
  deviceId: string;
  /** The levels after the device id: `[reading]` or `[child, reading]`, or the maker's topic. */
  rest: string[];
  /** The reading that a telemetry topic names, known or not; `null` in a codec's tree. */
  reading: string | null;
}

const deviceTrees: ReadonlySet<string> = new Set(topicWords.publish);
const wildcardPattern = /[+#]/;

/**
 * Reads a topic name that a device publishes on; `null` for any other. A gateway publishes for a
 * child as `telemetry/{gateway}/{child}/{reading}`. An unknown reading passes here: its device
 * shall get a dead letter that says so and not a closed connection.
 */
export function parseDeviceTopic(topicName: string): DeviceTopic | null {
  // One level more than allowed shows that there are too many, however many follow.
  const levels = topicName.split("/", topicLevelsMax + 1);
  const [root, sppgId, tree, deviceId] = levels;
  if (root !== "sppg" || sppgId === undefined || tree === undefined || deviceId === undefined) {
    return null;
  }
  if (levels.length > topicLevelsMax || !deviceTrees.has(tree)) return null;
  if (!isSppgId(sppgId) || !isDeviceId(deviceId)) return null;
  const rest = levels.slice(4);
  if (tree !== "telemetry") {
    if (rest.some((level) => wildcardPattern.test(level))) return null;
    // The set above holds the codec names and `telemetry` only.
    return { sppgId, tree: tree as CodecName, deviceId, rest, reading: null };
  }
  // Children and readings are named by the rule of device ids.
  if (rest.length > 2 || !rest.every(isDeviceId)) return null;
  const reading = rest.at(-1);
  return reading === undefined ? null : { sppgId, tree, deviceId, rest, reading };
}

/** Where a device publishes its own JSON: `sppg/{sppgId}/telemetry/{deviceId}/{reading}`. */
export function telemetryTopic(
  ids: { sppgId: string; deviceId: string; childId?: string },
  reading: string,
): string {
  const below = ids.childId === undefined ? reading : `${ids.childId}/${reading}`;
  return `sppg/${ids.sppgId}/telemetry/${ids.deviceId}/${below}`;
}

/** Below which a device publishes; the trailing slash keeps `scale-1` apart from `scale-10`. */
export function deviceTreePrefix(sppgId: string, tree: DeviceTree, deviceId: string): string {
  return `sppg/${sppgId}/${tree}/${deviceId}/`;
}

/** Below which a device hears its commands. */
export function commandTopicPrefix(sppgId: string, deviceId: string): string {
  return `sppg/${sppgId}/command/${deviceId}/`;
}

/** Where the broker retains whether a device is connected. */
export function presenceTopic(sppgId: string, deviceId: string): string {
  return `sppg/${sppgId}/presence/${deviceId}`;
}
