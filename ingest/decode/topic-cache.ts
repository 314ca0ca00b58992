import type { JournalEntry } from "../../broker/index.ts";
import {
  codecFor,
  formatPrincipal,
  type KitchenTimeZone,
  parseDeviceTopic,
  type ReadingName,
} from "../../devices/index.ts";
import { seriesSlots } from "./decoded.ts";
import type { Directory } from "./directory.ts";

/** A sensor of a topic: its strings are made once, so that maps downstream hash them once. */
export interface SeriesNames {
  deviceId: string;
  channel: string;
  reading: ReadingName;
  seriesKey: string;
  /** `JournaledReading.slot`. */
  slot: number;
}

/** Gives out `SeriesNames.slot`, round and round. */
interface Slots {
  next: number;
}

/** What all messages of a topic have in common. */
export interface TopicFacts {
  sppgId: string;
  /** Whose topic it is. */
  deviceId: string;
  principal: string;
  topicRest: readonly string[];
  codec: ReturnType<typeof codecFor>;
  timeZone: KitchenTimeZone | undefined;
  /** The directory's that the time zone is from. */
  version: number;
  /** The one sensor that most topics have; a map each would be half of their memory. */
  series: SeriesNames | null;
  slots: Slots;
  moreSeries: Map<string, SeriesNames> | null;
}

/**
 * Of a generation: holds 30,000 kitchens of 10 topics, which are 138 MiB (480 bytes each). Twice as
 * many as this are the most that is kept: 290 MiB.
 */
const topicsMax = 320_000;
/** A device may make up channels; those beyond are named anew each time. */
const seriesPerTopicMax = 256;

export interface TopicCache {
  /** `null`: no device publishes there. */
  find(topicName: string): TopicFacts | null;
  /**
   * Asks for the memory of what is known of these entries' topics, of all at once: one after the
   * other each would wait for it. Remembers nothing. @returns what no compiler may leave out
   */
  fetch(entries: readonly JournalEntry[]): number;
}

/** Entries of a `fetch`. Of some hundreds the processor forgets again where the pages are. */
export const fetchedTopics = 64;

/**
 * Two generations: what was not met while one filled up is forgotten with the next. Devices take
 * turns, so a cache that is emptied when it is full would miss each time once they are too many.
 */
export function createTopicCache(
  directory: Directory,
  limits: { topicsMax: number } = { topicsMax },
): TopicCache {
  let young = new Map<string, TopicFacts>();
  let old = new Map<string, TopicFacts>();
  const slots: Slots = { next: 0 };
  const keep = (topicName: string, facts: TopicFacts): void => {
    if (young.size >= limits.topicsMax) {
      old = young;
      young = new Map();
    }
    young.set(topicName, facts);
  };
  return {
    find(topicName) {
      let facts = young.get(topicName) ?? null;
      if (facts === null) {
        facts = old.get(topicName) ?? readTopic(topicName, directory, slots);
        if (facts === null) return null;
        keep(topicName, facts);
      }
      if (facts.version !== directory.version) {
        facts.timeZone = directory.timeZone(facts.sppgId) ?? undefined;
        facts.version = directory.version;
      }
      return facts;
    },
    fetch(entries) {
      const known: TopicFacts[] = [];
      for (const entry of entries) {
        const facts = entry.kind === "publish" ? young.get(entry.topicName) : undefined;
        if (facts !== undefined) known.push(facts);
      }
      const series = known.map((facts) => facts.series);
      return series.reduce((sum, names) => sum + (names?.slot ?? 0), 0);
    },
  };
}

function readTopic(topicName: string, directory: Directory, slots: Slots): TopicFacts | null {
  const topic = parseDeviceTopic(topicName);
  if (topic === null) return null;
  // The directory's own strings, where it has them: what is cut out of a topic's would hold it.
  const { sppgId, deviceId } = directory.device(topic.sppgId, topic.deviceId) ?? topic;
  return {
    sppgId,
    deviceId,
    principal: formatPrincipal(sppgId, deviceId),
    topicRest: topic.rest,
    codec: codecFor(topic.tree),
    timeZone: directory.timeZone(sppgId) ?? undefined,
    version: directory.version,
    series: null,
    slots,
    moreSeries: null,
  };
}

export function findSeries(
  facts: TopicFacts,
  deviceId: string,
  sensor: { channel: string; reading: ReadingName },
): SeriesNames {
  const { channel, reading } = sensor;
  const first = facts.series;
  if (first === null) return (facts.series = nameSeries(facts, deviceId, sensor));
  const isFirst =
    first.channel === channel && first.reading === reading && first.deviceId === deviceId;
  if (isFirst) return first;
  facts.moreSeries ??= new Map();
  const name = `${deviceId}/${channel}/${reading}`;
  const known = facts.moreSeries.get(name);
  if (known !== undefined) return known;
  const names = nameSeries(facts, deviceId, sensor);
  if (facts.moreSeries.size < seriesPerTopicMax) facts.moreSeries.set(name, names);
  return names;
}

function nameSeries(
  { sppgId, slots }: TopicFacts,
  deviceId: string,
  { channel, reading }: { channel: string; reading: ReadingName },
): SeriesNames {
  // Joined, a string is in one piece; a template's would be in several until it is looked up.
  const seriesKey = [sppgId, deviceId, channel, reading].join("/");
  const slot = slots.next;
  slots.next = (slot + 1) % seriesSlots;
  return { deviceId, channel, reading, seriesKey, slot };
}
