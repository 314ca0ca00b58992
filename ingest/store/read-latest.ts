import type { KitchenSeries } from "./day-reader.ts";
import { listFiles } from "./files.ts";
import type { LatestValue } from "./store.ts";
import { isArchived, type StoreReaders } from "./store-readers.ts";
import type { Point } from "./sums.ts";

interface Found {
  series: KitchenSeries;
  point: Point;
}

/**
 * Of each series the newest row of the newest day that has one. Days that are copied stand in
 * their year's list; one that something late has reached since may be older than that.
 */
export function readLatest(readers: StoreReaders, sppgId: string): LatestValue[] {
  const found = new Map<string, Found>();
  const keep = (series: KitchenSeries, point: Point | null): void => {
    const key = keyOf(series);
    const known = found.get(key);
    if (point === null || (known !== undefined && !isNewer(point, known.point))) return;
    found.set(key, { series, point });
  };
  const { days, years } = listFiles(readers.directory);
  for (const { firstDay: day, path } of days.toReversed()) {
    if (isArchived(readers, day)) continue;
    readers.read(readers.days, path, (reader) => {
      for (const series of reader.kitchen(sppgId)) {
        // A newer day has it.
        if (!found.has(keyOf(series))) keep(series, reader.newest(series.id, day));
      }
    });
  }
  for (const { path } of years) {
    readers.read(readers.years, path, (reader) => {
      for (const series of reader.kitchen(sppgId)) keep(series, reader.newest(series.id));
    });
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => toLatest(one));
}

/** In the order that the answer has: no name holds a character below the separator. */
function keyOf({ deviceId, channel, reading, field }: KitchenSeries): string {
  return [deviceId, channel, reading, field].join("\u0000");
}

function isNewer(a: Point, b: Point): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs > b.timeMs;
  return a.seq !== b.seq ? a.seq > b.seq : a.index > b.index;
}

function toLatest({ series, point }: Found): LatestValue {
  const { deviceId, channel, reading, field } = series;
  const { value, timeMs: eventTimeMs } = point;
  return { deviceId, channel, reading, field, value, eventTimeMs };
}
