import { type LiveReading, type ReadingFlag, readingFlags } from "../../devices/index.ts";
import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import type { Device, Series } from "./state.ts";

export interface LiveValue {
  sppgId: string;
  offset: number;
  index: number;
  live: LiveReading;
}

interface Waiting {
  device: Device;
  reading: JournaledReading;
}

/**
 * The newest value of each series that came since the last take. No more than one a series waits,
 * so that a reader that is busy elsewhere costs no memory; and nothing where nobody watches.
 */
export interface LiveValues {
  put(device: Device, series: Series, reading: JournaledReading): void;
  take(): LiveValue[];
}

export function createLiveValues(isWatched: (sppgId: string) => boolean = () => true): LiveValues {
  let waiting = new Map<Series, Waiting>();

  function put(device: Device, series: Series, reading: JournaledReading): void {
    if (!isWatched(reading.sppgId)) return;
    if ((device.facts?.place ?? null) !== null) waiting.set(series, { device, reading });
  }

  function take(): LiveValue[] {
    if (waiting.size === 0) return [];
    const taken = [...waiting.values()].flatMap(toLiveValue);
    waiting = new Map();
    return taken.toSorted((a, b) => a.offset - b.offset || a.index - b.index);
  }

  return { put, take };
}

function toLiveValue({ device, reading }: Waiting): LiveValue[] {
  const place = device.facts?.place ?? null;
  if (place === null) return [];
  const { sppgId, offset, index, deviceId, channel, fields, eventTimeMs, batteryPct } = reading;
  const live: LiveReading = {
    kind: "reading",
    deviceId,
    place,
    channel,
    reading: reading.reading,
    fields,
    eventTimeMs,
    ...(batteryPct === null ? {} : { batteryPct }),
    flags: flagsOf(reading.flags),
  };
  return [{ sppgId, offset, index, live }];
}

function flagsOf(flags: number): ReadingFlag[] {
  return flags === 0 ? [] : readingFlags.filter((flag) => (flags & flagBits[flag]) !== 0);
}
