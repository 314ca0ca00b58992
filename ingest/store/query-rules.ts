import { channelPattern, isDeviceId, isReadingName, isSppgId } from "../../devices/index.ts";
import { queryInvalid } from "./errors.ts";
import { eventTimeMsMax } from "./files.ts";
import type { BucketQuery, RawQuery, SeriesQuery, TrackQuery } from "./store.ts";

/** No screen has more columns, and each bucket is an object. */
export const bucketPointsMax = 10_000;
/** A page: about 10 MB between two threads. */
export const rawRowsMax = 100_000;
export const fixesMaxMax = 100_000;

const fieldPattern = /^[a-z][A-Za-z0-9]{0,31}$/;

export function checkSppgId(sppgId: string): void {
  if (!isSppgId(sppgId)) throw queryInvalid("sppgId is not the id of a kitchen.", {});
}

export function checkBucketQuery(query: BucketQuery): void {
  checkSeries(query);
  checkRange(query);
  checkCount("pointsMax", query.pointsMax, bucketPointsMax);
}

export function checkRawQuery(query: RawQuery): void {
  checkSeries(query);
  checkRange(query);
  checkCount("rowsMax", query.rowsMax, rawRowsMax);
  const { t, seq, index } = query.after ?? { t: 0, seq: 0, index: 0 };
  if (![t, seq, index].every(Number.isSafeInteger)) {
    throw queryInvalid("after is not the place of a row.", {});
  }
}

export function checkTrackQuery(query: TrackQuery): void {
  checkSensor(query);
  checkRange(query);
  checkCount("fixesMax", query.fixesMax, fixesMaxMax);
}

function checkSensor({ sppgId, deviceId, channel }: Omit<SeriesQuery, "reading" | "field">): void {
  checkSppgId(sppgId);
  if (!isDeviceId(deviceId)) throw queryInvalid("deviceId is not the id of a device.", {});
  if (!channelPattern.test(channel)) throw queryInvalid("channel is not the name of one.", {});
}

function checkSeries(query: SeriesQuery): void {
  checkSensor(query);
  if (!isReadingName(query.reading)) throw queryInvalid("reading is not a type of reading.", {});
  if (!fieldPattern.test(query.field)) throw queryInvalid("field is not the name of one.", {});
}

function checkRange({ fromMs, toMs }: { fromMs: number; toMs: number }): void {
  const isTime = (ms: number): boolean =>
    Number.isSafeInteger(ms) && ms >= 0 && ms <= eventTimeMsMax + 1;
  if (isTime(fromMs) && isTime(toMs) && fromMs < toMs) return;
  const message = `The range ${fromMs} to ${toMs} is none: ms from 1970 on, the first below.`;
  throw queryInvalid(message, { fromMs, toMs });
}

function checkCount(name: string, count: number, most: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= most) return;
  throw queryInvalid(`${name} is ${count}: from 1 to ${most} are possible.`, { [name]: count });
}
