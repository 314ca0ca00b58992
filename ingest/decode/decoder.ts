import type { JournalEntry } from "../../broker/index.ts";
import {
  type DecodedReading,
  parsePrincipal,
  type ReadingFlag,
  resolveEventTime,
} from "../../devices/index.ts";
import type { IngestErrorCode } from "../errors.ts";
import {
  type DecodedEntry,
  type DecodeFailure,
  failureBytesMax,
  flagBits,
  type JournaledReading,
} from "./decoded.ts";
import type { Directory } from "./directory.ts";
import {
  createTopicCache,
  fetchedTopics,
  findSeries,
  type TopicCache,
  type TopicFacts,
} from "./topic-cache.ts";
import { childUnknownDetail, childUnknownReason } from "./unknown-child.ts";

type PublishEntry = Extract<JournalEntry, { kind: "publish" }>;
type DecodedPublish = Extract<DecodedEntry, { kind: "publish" }>;

/** A backlog of 5,000 bad items says the same thing over and over: the last letter counts them. */
export const failuresPerEntryMax = 16;

export interface Decoder {
  /** Never throws; nothing of the answer refers to the bytes of the batch. */
  decode(entries: readonly JournalEntry[]): DecodedEntry[];
}

/**
 * Makes readings of journal entries. What was accepted is stored: a device that is revoked, or that
 * the directory has never had, is decoded like any other, since its topic says all that is needed.
 * Only a gateway's children must be registered below it: their ids are the gateway's word.
 */
export function createDecoder(options: { directory: Directory }): Decoder {
  const { directory } = options;
  const topics = createTopicCache(directory);
  return {
    decode: (entries) =>
      entries.map((entry, at) => {
        if (at % fetchedTopics === 0) topics.fetch(entries.slice(at, at + fetchedTopics));
        return entry.kind === "publish" ? decodePublish(entry, topics, directory) : copyOf(entry);
      }),
  };
}

/** Offsets and times as they are; a copy, so that a kind's other fields can't come along. */
function copyOf(entry: Exclude<JournalEntry, PublishEntry>): DecodedEntry {
  const { offset, receivedTimeMs } = entry;
  if (entry.kind === "change") {
    return { kind: "change", offset, receivedTimeMs, changeSeq: entry.changeSeq };
  }
  if (entry.kind === "clock") {
    return { kind: "clock", offset, receivedTimeMs, stepMs: entry.stepMs };
  }
  return { kind: "tick", offset, receivedTimeMs };
}

/** Shared: most entries have no failures. */
const noFailures: readonly DecodeFailure[] = Object.freeze([]);
const noReadings: readonly JournaledReading[] = Object.freeze([]);

function decodePublish(
  entry: PublishEntry,
  topics: TopicCache,
  directory: Directory,
): DecodedPublish {
  const facts = topics.find(entry.topicName);
  // The broker lets a device publish on its own topics only; this holds whatever wrote the journal.
  if (facts === null || facts.principal !== entry.principal) return refuseTopic(entry);
  // Equal strings are compared in no time when they are the same one.
  facts.principal = entry.principal;
  const { payload, receivedTimeMs } = entry;
  const { topicRest, timeZone } = facts;
  const result = facts.codec.decode(
    timeZone === undefined
      ? { topicRest, payload, receivedTimeMs }
      : { topicRest, payload, receivedTimeMs, timeZone },
  );
  if (!result.ok) return publishOf(entry, facts, { failures: failuresOf(entry, facts, [result]) });
  const unknown = findUnknownChildren(result.readings, facts, directory);
  const readings: JournaledReading[] = [];
  for (let index = 0; index < result.readings.length; index++) {
    const decoded = result.readings[index];
    if (decoded === undefined || (decoded.childId !== null && unknown?.has(decoded.childId))) {
      continue;
    }
    readings.push(readingOf(decoded, facts, { entry, index }));
  }
  if (unknown === null && result.rejected.length === 0)
    return publishOf(entry, facts, { readings });
  const causes = [...result.rejected, ...[...(unknown ?? [])].map((it) => childUnknown(it, facts))];
  return publishOf(entry, facts, { readings, failures: failuresOf(entry, facts, causes) });
}

function publishOf(
  entry: PublishEntry,
  publisher: { sppgId: string; deviceId: string },
  found: { readings?: readonly JournaledReading[]; failures?: readonly DecodeFailure[] },
): DecodedPublish {
  return {
    kind: "publish",
    offset: entry.offset,
    receivedTimeMs: entry.receivedTimeMs,
    sppgId: publisher.sppgId,
    deviceId: publisher.deviceId,
    readings: found.readings ?? noReadings,
    failures: found.failures ?? noFailures,
  };
}

function readingOf(
  decoded: DecodedReading,
  facts: TopicFacts,
  place: { entry: PublishEntry; index: number },
): JournaledReading {
  const { receivedTimeMs, offset } = place.entry;
  const names = findSeries(facts, decoded.childId ?? facts.deviceId, decoded);
  const time = resolveEventTime(decoded.deviceTimeMs, receivedTimeMs);
  const flags = decoded.flags.length === 0 ? 0 : sumOfFlags(decoded.flags);
  return {
    sppgId: facts.sppgId,
    deviceId: names.deviceId,
    channel: names.channel,
    reading: decoded.reading,
    seriesKey: names.seriesKey,
    slot: names.slot,
    eventTimeMs: time.eventTimeMs,
    originalTimeMs: time.originalTimeMs,
    seq: decoded.seq,
    receivedTimeMs,
    offset,
    index: place.index,
    fields: decoded.fields,
    flags: time.isClockSuspect ? flags | flagBits.clockSuspect : flags,
    batteryPct: decoded.batteryPct ?? null,
  };
}

function sumOfFlags(flags: readonly ReadingFlag[]): number {
  return flags.reduce((sum, flag) => sum | flagBits[flag], 0);
}

/** `null`, which is nearly always: every child is a device below its gateway. */
function findUnknownChildren(
  readings: readonly DecodedReading[],
  facts: TopicFacts,
  directory: Directory,
): Set<string> | null {
  let unknown: Set<string> | null = null;
  for (const { childId } of readings) {
    // A gateway may name itself, for a sensor of its own.
    if (childId === null || childId === facts.deviceId || unknown?.has(childId)) continue;
    if (directory.device(facts.sppgId, childId)?.gatewayId === facts.deviceId) continue;
    unknown ??= new Set();
    unknown.add(childId);
  }
  return unknown;
}

interface Cause {
  reason: string;
  detail: string;
}

function childUnknown(childId: string, facts: TopicFacts): Cause {
  const reason: IngestErrorCode = childUnknownReason;
  return { reason, detail: childUnknownDetail(childId, facts.deviceId) };
}

function refuseTopic(entry: PublishEntry): DecodedPublish {
  const publisher = parsePrincipal(entry.principal);
  if (publisher !== null) {
    const cause = { reason: "DEVICES_TOPIC_INVALID", detail: entry.topicName.slice(0, 200) };
    return publishOf(entry, publisher, { failures: failuresOf(entry, publisher, [cause]) });
  }
  // No kitchen to show it to: the letter stands under an empty one.
  const nobody = { sppgId: "", deviceId: entry.principal.slice(0, 64) };
  const reason: IngestErrorCode = "INGEST_DEVICE_UNKNOWN";
  const cause = { reason, detail: entry.principal.slice(0, 200) };
  return publishOf(entry, nobody, { failures: failuresOf(entry, nobody, [cause]) });
}

function failuresOf(
  entry: PublishEntry,
  publisher: { sppgId: string; deviceId: string },
  causes: readonly Cause[],
): DecodeFailure[] {
  const { topicName, payload, receivedTimeMs, offset } = entry;
  const { sppgId, deviceId } = publisher;
  const shown = causes.slice(0, failuresPerEntryMax);
  const more = causes.length - shown.length;
  const common = {
    sppgId,
    deviceId,
    topicName,
    // A copy of its own, not a part of the pool that small Buffers share.
    firstBytes: new Uint8Array(payload.subarray(0, failureBytesMax)),
    payloadBytes: payload.byteLength,
    receivedTimeMs,
    offset,
  };
  return shown.map(({ reason, detail }, index) => {
    const isLast = more > 0 && index === shown.length - 1;
    const text = isLast ? `${detail} (and ${more} more of this payload)` : detail;
    return { ...common, reason, detail: text, index };
  });
}
