import {
  channelPattern,
  defaultChannel,
  type FieldType,
  isReadingName,
  judgeValue,
  type ReadingFlag,
  type ReadingName,
  readingNames,
  type ReadingType,
  readingTypes,
  timeMsMax,
} from "../readings.ts";
import { type CodecReject, type MadeReading, reject } from "./codec.ts";
import { describe, type JsonObject } from "./json.ts";

type Rejected = { ok: false } & CodecReject;

/** What a codec has found, still unchecked; `undefined` and `null` mean "not sent". */
export interface Candidate {
  reading: ReadingName;
  /** By our field names and in our units; other keys are not looked at. */
  values: JsonObject;
  deviceTimeMs: unknown;
  seq?: unknown;
  channel?: unknown;
  batteryPct?: unknown;
  childId?: string | null;
}

/**
 * Makes a reading of what a codec has found: the one place where values are checked. A wrong type
 * refuses the reading; an implausible value or a sensor's fault code only flags it.
 */
export function assembleReading(candidate: Candidate): MadeReading | Rejected {
  const type: ReadingType = readingTypes[candidate.reading];
  const fields: Record<string, number> = {};
  let flags = noFlags;
  for (const [name, field] of fieldsOf[candidate.reading]) {
    const value = readField(name, field, candidate.values[name]);
    if (value === undefined) continue;
    if (typeof value === "object") return value;
    fields[name] = value;
    const flag = judgeValue(field, value);
    if (flag !== null && !flags.includes(flag)) flags = [...flags, flag];
  }
  if (type.voidIfZero?.every((name) => fields[name] === 0)) {
    return reject("DEVICES_POSITION_NO_FIX", `${type.voidIfZero.join(", ")} are 0`);
  }
  return withEnvelope(candidate, fields, flags);
}

/** Frozen and shared: nearly every reading has no flags. */
const noFlags: readonly ReadingFlag[] = Object.freeze([]);

/** Listed once, because this runs for every reading. */
const fieldsOf = Object.fromEntries(
  readingNames.map((name) => [name, fieldEntries(readingTypes[name])]),
) as Record<ReadingName, ReturnType<typeof fieldEntries>>;

function fieldEntries(type: ReadingType): [string, FieldType][] {
  return Object.entries(type.fields);
}

function withEnvelope(
  candidate: Candidate,
  fields: Record<string, number>,
  flags: readonly ReadingFlag[],
): MadeReading | Rejected {
  const deviceTimeMs = readTime(candidate.deviceTimeMs);
  if (typeof deviceTimeMs === "object" && deviceTimeMs !== null) return deviceTimeMs;
  const seq = candidate.seq ?? null;
  if (seq !== null && !isSeq(seq)) {
    return wrongType("seq", "a whole number of at least 0", seq);
  }
  const channel = readChannel(candidate.channel);
  if (typeof channel === "object") return channel;
  const battery = candidate.batteryPct ?? undefined;
  if (battery !== undefined && typeof battery !== "number") {
    return wrongType("batteryPct", "a number", battery);
  }
  // A gauge that reads outside 0 to 100 is left out; it must not cost a good measurement.
  const hasBattery = battery !== undefined && battery >= 0 && battery <= 100;
  return {
    ok: true,
    reading: {
      childId: candidate.childId ?? null,
      reading: candidate.reading,
      channel,
      deviceTimeMs,
      seq,
      fields,
      ...(hasBattery ? { batteryPct: battery } : {}),
      flags,
    },
  };
}

function readField(name: string, field: FieldType, raw: unknown): number | undefined | Rejected {
  const value = field.unit === "switch" && typeof raw === "boolean" ? Number(raw) : raw;
  if (value === undefined || value === null || value === field.unknownValue) {
    return field.isRequired ? reject("DEVICES_FIELD_MISSING", name) : undefined;
  }
  if (typeof value !== "number") return wrongType(name, "a number", value);
  if (!Number.isFinite(value)) return reject("DEVICES_FIELD_NOT_FINITE", name);
  if (field.unit === "switch" && value !== 0 && value !== 1) {
    return reject("DEVICES_FIELD_TYPE", `${name}: expected true, false, 1 or 0, got ${value}`);
  }
  const { possible } = field;
  if (possible !== undefined && (value < possible[0] || value > possible[1])) {
    return reject("DEVICES_COORDINATES_INVALID", `${name}: ${value}`);
  }
  return value;
}

/** Whole ms; a fraction of one is cut off, since no sensor's clock means it. */
function readTime(value: unknown): number | null | Rejected {
  if (value === undefined || value === null) return null;
  if (typeof value !== "number") return wrongType("ts", "a number of ms", value);
  if (!(Math.abs(value) <= timeMsMax)) return reject("DEVICES_TIME_INVALID", `ts: ${value}`);
  return Math.floor(value);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function readChannel(value: unknown): string | Rejected {
  if (value === undefined || value === null) return defaultChannel;
  const channel = typeof value === "number" ? String(value) : value;
  if (typeof channel === "string" && channelPattern.test(channel)) return channel;
  const detail = typeof channel === "string" ? channel.slice(0, 64) : describe(channel);
  return reject("DEVICES_CHANNEL_INVALID", detail);
}

export function wrongType(name: string, expected: string, value: unknown): Rejected {
  return reject("DEVICES_FIELD_TYPE", `${name}: expected ${expected}, got ${describe(value)}`);
}

/** The reading that a topic names. */
export function knownReading(name: string): ReadingName | Rejected {
  return isReadingName(name) ? name : reject("DEVICES_READING_UNKNOWN", name.slice(0, 64));
}
