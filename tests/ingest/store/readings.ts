import { flagBits, type JournaledReading } from "../../../ingest/decode/decoded.ts";
import type { SeriesQuery } from "../../../ingest/store/store.ts";

export const dayMs = 86_400_000;
/** A whole day, hour and minute begin here. */
export const startMs = Date.UTC(2026, 10, 10);

export const celsius: SeriesQuery = {
  sppgId: "sppg-jakarta-001",
  deviceId: "probe-1",
  channel: "0",
  reading: "temperature",
  field: "celsius",
};

let lastOffset = 0;

/** A reading of one probe, believed, received when it happened; `offset` counts up by itself. */
export function readingAt(
  eventTimeMs: number,
  given: Partial<JournaledReading> = {},
): JournaledReading {
  lastOffset += 1;
  const base = {
    sppgId: celsius.sppgId,
    deviceId: celsius.deviceId,
    channel: celsius.channel,
    reading: "temperature" as const,
    eventTimeMs,
    originalTimeMs: eventTimeMs,
    seq: null,
    receivedTimeMs: eventTimeMs,
    offset: lastOffset,
    index: 0,
    fields: { celsius: 4 },
    flags: 0,
    batteryPct: null,
    ...given,
  };
  const { sppgId, deviceId, channel, reading } = base;
  const seriesKey = `${sppgId}/${deviceId}/${channel}/${reading}`;
  const slot = Buffer.from(seriesKey).reduce((sum, byte) => sum + byte, 0) % 4;
  // Few places, so that series share one, as after numbers have come round; and some have none.
  return slot === 3 ? { ...base, seriesKey } : { ...base, seriesKey, slot };
}

/** What a device with the year 1970 sends: stored under the time of its arrival. */
export function suspectAt(
  receivedTimeMs: number,
  originalTimeMs: number,
  given: Partial<JournaledReading> = {},
): JournaledReading {
  return readingAt(receivedTimeMs, { originalTimeMs, flags: flagBits.clockSuspect, ...given });
}
