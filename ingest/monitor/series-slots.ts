import type { JournaledReading } from "../decode/decoded.ts";
import type { Series } from "./state.ts";

/** Finds a series with one look, instead of one in each map from the kitchen down. */
export interface SeriesSlots {
  /** `null`: it has to be looked up, or its cell's row holds what `offset` brought. */
  recall(reading: JournaledReading, offset: number): Series | null;
  remember(reading: JournaledReading, series: Series): void;
  /** When a device has become another object. */
  forget(): void;
}

export function createSeriesSlots(): SeriesSlots {
  /** By `JournaledReading.slot`. */
  let bySlot: Series[] = [];
  return {
    recall({ slot, seriesKey }, offset) {
      const series = slot === undefined ? undefined : bySlot[slot];
      // Numbers come round again: it may be another one.
      if (series === undefined || series.key !== seriesKey) return null;
      return series.device.cell.rowOffset < offset ? series : null;
    },
    remember({ slot, seriesKey }, series) {
      if (slot === undefined) return;
      // Equal strings are compared in no time when they are the same one.
      series.key = seriesKey;
      bySlot[slot] = series;
    },
    forget() {
      bySlot = [];
    },
  };
}
