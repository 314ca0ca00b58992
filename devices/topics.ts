import { realtimeDomains } from "./channels.ts";
import { deviceIdSource, isDeviceId, isSppgId, sppgIdSource } from "./ids.ts";
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
  /** The levels after the device id: `[reading]`, `[child, reading]`, or the maker's own topic. */
  rest: string[];
  /** The reading that a telemetry topic names, known or not; `null` in a codec's tree. */
  reading: string | null;
}

const sppg = `(${sppgIdSource})`;
const word = `(${deviceIdSource})`;

/** One expression for the tree that nearly every message is in: half the time of a split. */
const telemetryPattern = new RegExp(
  // Children and readings are named by the rule of device ids.
  ["^sppg", sppg, "telemetry", word, `${word}(?:/${word})?$`].join("/"),
);
const codecTrees: ReadonlySet<string> = new Set(codecNames);
const wildcardPattern = /[+#]/;

/**
 * Reads a topic name that a device publishes on; `null` for any other. A gateway publishes for a
 * child as `telemetry/{gateway}/{child}/{reading}`. An unknown reading passes here: its device
 * shall get a dead letter that says so and not a closed connection.
 */
export function parseDeviceTopic(topicName: string): DeviceTopic | null {
  const match = telemetryPattern.exec(topicName);
  if (match === null) return parseCodecTopic(topicName);
  const [, sppgId = "", deviceId = "", first = "", second] = match;
  return second === undefined
    ? { sppgId, tree: "telemetry", deviceId, rest: [first], reading: first }
    : { sppgId, tree: "telemetry", deviceId, rest: [first, second], reading: second };
}

function parseCodecTopic(topicName: string): DeviceTopic | null {
  // One level more than allowed shows that there are too many, however many follow.
  const levels = topicName.split("/", topicLevelsMax + 1);
  const [root, sppgId, tree, deviceId, ...rest] = levels;
  if (root !== "sppg" || sppgId === undefined || tree === undefined || deviceId === undefined) {
    return null;
  }
  if (levels.length > topicLevelsMax || rest.length === 0 || !codecTrees.has(tree)) return null;
  if (!isSppgId(sppgId) || !isDeviceId(deviceId)) return null;
  if (rest.some((level) => wildcardPattern.test(level))) return null;
  // The set above holds nothing else.
  return { sppgId, tree: tree as CodecName, deviceId, rest, reading: null };
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
