import type { DecodedEntry, JournaledReading } from "../decode/decoded.ts";
import { fetchSeries } from "./fetch.ts";
import type { Series } from "./state.ts";

/** Finds a series with one look, instead of one in each map from the kitchen down. */
export interface SeriesSlots {
  /** `null`: it has to be looked up, or its cell's row holds what `offset` brought. */
  recall(reading: JournaledReading, offset: number): Series | null;
  remember(reading: JournaledReading, series: Series): void;
  /** Changes nothing: see `fetchSeries`. */
  fetch(entries: readonly DecodedEntry[]): void;
  /** When a device has become another object. */
  forget(): void;
}

export function createSeriesSlots(): SeriesSlots {
  /** By `JournaledReading.slot`. */
  let bySlot: (Series | null)[] = [];
  return {
    recall({ slot, seriesKey }, offset) {
      const series = slot === undefined ? null : (bySlot[slot] ?? null);
      // Numbers come round again: it may be another one.
      if (series === null || series.key !== seriesKey) return null;
      return series.device.cell.rowOffset < offset ? series : null;
    },
    remember({ slot, seriesKey }, series) {
      if (slot === undefined) return;
      // Equal strings are compared in no time when they are the same one.
      series.key = seriesKey;
      // One after the other: a list with gaps would become a map.
      while (bySlot.length <= slot) bySlot.push(null);
      bySlot[slot] = series;
    },
    fetch(entries) {
      const found: Series[] = [];
      for (const entry of entries) {
        const slot = entry.kind === "publish" ? entry.readings[0]?.slot : undefined;
        const series = slot === undefined ? null : (bySlot[slot] ?? null);
        if (series !== null) found.push(series);
      }
      fetchSeries(found);
    },
    forget() {
      bySlot = [];
    },
  };
}
