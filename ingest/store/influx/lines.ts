import { encodeName, encodeTag, fieldKey } from "./names.ts";

/** What a point is about. */
export interface Series {
  sppgId: string;
  deviceId: string;
  channel: string;
  reading: string;
}

/** Nanoseconds in a ms: as many readings of one series find a place in it. */
export const slotsOfMs = 1_000_000;

/** When InfluxDB's time ends: 2^63 ns after 1970 [influxdata.com, line protocol]. */
export const influxTimeMsMax = 9_223_372_036_854;

/** `temperature,channel=0,deviceId=probe-1,sppgId=sppg-1`: tags in InfluxDB's own order. */
export function seriesPrefix({ sppgId, deviceId, channel, reading }: Series): string {
  return [
    encodeName(reading),
    `channel=${encodeTag(channel)}`,
    `deviceId=${encodeTag(deviceId)}`,
    `sppgId=${encodeTag(sppgId)}`,
  ].join(",");
}

/** `ms` · 10⁶ + `slot`: too large for a number, so as digits. */
export function toNanoseconds(ms: number, slot: number): string {
  return ms === 0 ? String(slot) : `${ms}${String(slot).padStart(6, "0")}`;
}

/** `key=1.5`; the shortest digits that read back as the same number, -0 too. */
export function numberField(name: string, value: number, isFlagged: boolean): string {
  return `${cachedKey(name, isFlagged)}=${formatNumber(value)}`;
}

export function formatNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

export function integerField(key: string, value: number): string {
  return `${key}=${value}i`;
}

/** Names of fields are few; a device that makes them up must not fill the memory. */
const keysMax = 1_000;
const keys = new Map<string, string>();
const flaggedKeys = new Map<string, string>();

function cachedKey(name: string, isFlagged: boolean): string {
  const known = isFlagged ? flaggedKeys : keys;
  let key = known.get(name);
  if (key === undefined) {
    key = fieldKey(name, isFlagged);
    if (known.size >= keysMax) known.clear();
    known.set(name, key);
  }
  return key;
}
