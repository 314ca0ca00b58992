import {
  codecFor,
  formatPrincipal,
  type KitchenTimeZone,
  parseDeviceTopic,
  type ReadingName,
} from "../../devices/index.ts";
import type { Directory } from "./directory.ts";

/** A sensor of a topic: its strings are made once, so that maps downstream hash them once. */
export interface SeriesNames {
  deviceId: string;
  channel: string;
  seriesKey: string;
}

/** What all messages of a topic have in common, as long as the directory stays the same. */
export interface TopicFacts {
  sppgId: string;
  /** Whose topic it is. */
  deviceId: string;
  principal: string;
  topicRest: readonly string[];
  codec: ReturnType<typeof codecFor>;
  timeZone: KitchenTimeZone | undefined;
  /** The topic alone says which device and reading it is: a channel is enough to name a series. */
  isNative: boolean;
  series: Map<string, SeriesNames>;
}

/** One topic of each device of 10,000 kitchens is about 60 MB; beyond that, parsing is cheaper. */
const topicsMax = 100_000;
/** A device may make up channels; those beyond are named anew each time. */
const seriesPerTopicMax = 256;

export interface TopicCache {
  /** `null`: no device publishes there. */
  find(topicName: string): TopicFacts | null;
}

/** Forgets everything when the directory changes: zones and gateways may be others then. */
export function createTopicCache(directory: Directory): TopicCache {
  const topics = new Map<string, TopicFacts>();
  let version = directory.version;
  return {
    find(topicName) {
      if (version !== directory.version || topics.size > topicsMax) {
        topics.clear();
        version = directory.version;
      }
      const known = topics.get(topicName);
      if (known !== undefined) return known;
      const facts = readTopic(topicName, directory);
      if (facts !== null) topics.set(topicName, facts);
      return facts;
    },
  };
}

function readTopic(topicName: string, directory: Directory): TopicFacts | null {
  const topic = parseDeviceTopic(topicName);
  if (topic === null) return null;
  const { sppgId, deviceId, tree } = topic;
  return {
    sppgId,
    deviceId,
    principal: formatPrincipal(sppgId, deviceId),
    topicRest: topic.rest,
    codec: codecFor(tree),
    timeZone: directory.timeZone(sppgId) ?? undefined,
    isNative: tree === "telemetry",
    series: new Map(),
  };
}

export function findSeries(
  facts: TopicFacts,
  deviceId: string,
  sensor: { channel: string; reading: ReadingName },
): SeriesNames {
  const { channel, reading } = sensor;
  const name = facts.isNative ? channel : `${deviceId}/${channel}/${reading}`;
  const known = facts.series.get(name);
  if (known !== undefined) return known;
  const seriesKey = `${facts.sppgId}/${deviceId}/${channel}/${reading}`;
  const names = { deviceId, channel, seriesKey };
  if (facts.series.size < seriesPerTopicMax) facts.series.set(name, names);
  return names;
}
