import { type LiveReading, type ReadingFlag, readingFlags } from "../../devices/index.ts";
import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import type { Device, Series } from "./state.ts";

export interface LiveValue {
  sppgId: string;
  offset: number;
  index: number;
  live: LiveReading;
}

/**
 * The newest value of each series that came since the last take. No more than one a series waits,
 * so that a reader that is busy elsewhere costs no memory.
 */
export interface LiveValues {
  put(device: Device, series: Series, reading: JournaledReading): void;
  take(): LiveValue[];
}

export function createLiveValues(isWatched: (sppgId: string) => boolean = () => true): LiveValues {
  let waiting: { device: Device; series: Series }[] = [];

  function put(device: Device, series: Series, reading: JournaledReading): void {
    if (series.live === null) {
      if (device.facts === null || device.facts.place === null) return;
      waiting.push({ device, series });
    }
    series.live = reading;
  }

  function take(): LiveValue[] {
    const taken = waiting.flatMap(({ device, series }) => {
      const reading = series.live;
      series.live = null;
      if (reading === null || !isWatched(reading.sppgId)) return [];
      return toLiveValue(device, reading);
    });
    waiting = [];
    return taken.toSorted((a, b) => a.offset - b.offset || a.index - b.index);
  }

  return { put, take };
}

function toLiveValue(device: Device, reading: JournaledReading): LiveValue[] {
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
