import type { CodecReason } from "../errors.ts";
import type { Reading } from "../readings.ts";
import type { KitchenTimeZone } from "../registry/model.ts";

/** What a codec is given: one payload as it was journaled. */
export interface CodecInput {
  /** The topic's levels after the device id (see `parseDeviceTopic`). */
  topicRest: readonly string[];
  payload: Uint8Array;
  receivedTimeMs: number;
  /** The kitchen's, for makers that send local time without a zone. Without it such a time is
   * left out, and the reading happened when it was received. */
  timeZone?: KitchenTimeZone;
}

export interface DecodedReading extends Reading {
  /** The device that measured, where the publisher is a gateway; `null`: the publisher itself.
   * It may also equal the publisher's own id, when that stands in the payload. */
  childId: string | null;
}

/** A part of a payload that is not a reading, and why. */
export interface CodecReject {
  reason: CodecReason;
  /** Bounded; names fields and numbers, for the person who set the device up. */
  detail: string;
}

export const ignoredReasons = [
  /** An empty array. */
  "empty",
  /** The maker's status, last will or answer to a command. */
  "notTelemetry",
  /** Telemetry, but of nothing that Nadi has a reading type for. */
  "noSensor",
] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

export type CodecResult =
  | {
      ok: true;
      readings: readonly DecodedReading[];
      /** Bad items beside good ones: dead letters of their own, the good ones are stored. */
      rejected: readonly CodecReject[];
      /** Set exactly when there are no readings and that is as it should be. */
      ignored?: IgnoredReason;
    }
  | ({ ok: false } & CodecReject);

/** A maker's format. Pure: never throws, keeps no state, reads no clock. */
export interface Codec {
  decode(input: CodecInput): CodecResult;
}

export function reject(reason: CodecReason, detail: string): { ok: false } & CodecReject {
  return { ok: false, reason, detail };
}

export function ignore(ignored: IgnoredReason): CodecResult {
  return { ok: true, readings: [], rejected: [], ignored };
}

/** Good items are kept beside bad ones; if all are bad the first says why. */
export function collect(
  made: readonly (MadeReading | ({ ok: false } & CodecReject))[],
): CodecResult {
  const readings: DecodedReading[] = [];
  const rejected: CodecReject[] = [];
  for (const item of made) {
    if (item.ok) readings.push(item.reading);
    else rejected.push({ reason: item.reason, detail: item.detail });
  }
  const [first] = rejected;
  if (readings.length > 0) return { ok: true, readings, rejected };
  return first === undefined ? ignore("noSensor") : { ok: false, ...first };
}

export interface MadeReading {
  ok: true;
  reading: DecodedReading;
}
