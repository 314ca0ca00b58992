import { type Buckets, createBuckets } from "./bucket-plan.ts";
import type { DayReader, Range } from "./day-reader.ts";
import { dayMs, hourMs, listFiles, minuteMs, monthPath, yearPath } from "./files.ts";
import type { BucketAnswer, BucketQuery } from "./store.ts";
import { isArchived, type StoreReaders } from "./store-readers.ts";
import { addPoint, addSums, type Sums } from "./sums.ts";

type Units = Iterable<[startMs: number, sums: Sums]>;

interface Part {
  query: BucketQuery;
  day: number;
  range: Range;
  buckets: Buckets;
}

/**
 * Takes each stretch of time from the coarsest rows that fall into one bucket: hours of the year,
 * minutes, raw rows. Where raw rows are gone, the minutes or hours at the edges count whole.
 */
export function readBuckets(readers: StoreReaders, query: BucketQuery): BucketAnswer {
  const buckets = createBuckets(query);
  const files = listFiles(readers.directory);
  const overlaps = ({ firstDay, endDay }: { firstDay: number; endDay: number }): boolean =>
    firstDay * dayMs < query.toMs && endDay * dayMs > query.fromMs;
  const partOf = (day: number): Part => ({ query, day, range: clip(query, day), buckets });
  const withRaw = new Set<number>();
  for (const { firstDay: day, path } of files.days.filter(overlaps)) {
    withRaw.add(day);
    addDay(readers, path, partOf(day));
  }
  for (const { firstDay, endDay } of files.years.filter(overlaps)) {
    for (let day = firstDay; day < endDay; day += 1) {
      const part = partOf(day);
      if (part.range.fromMs < part.range.toMs && !withRaw.has(day)) addOldDay(readers, part);
    }
  }
  return { widthMs: buckets.widthMs, buckets: buckets.list() };
}

function addDay(readers: StoreReaders, path: string, part: Part): void {
  const { query, day, range, buckets } = part;
  const hours = inner(range, hourMs);
  const isCopied =
    buckets.resolution === "hour" && hours.fromMs < hours.toMs && isArchived(readers, day);
  if (isCopied) addUnits(buckets, readYear(readers, { ...part, range: hours }));
  const rest = isCopied
    ? [
        { fromMs: range.fromMs, toMs: hours.fromMs },
        { fromMs: hours.toMs, toMs: range.toMs },
      ]
    : [range];
  const open = rest.filter(({ fromMs, toMs }) => fromMs < toMs);
  if (open.length === 0) return;
  readers.read(readers.days, path, (reader) => {
    const series = reader.find(query);
    if (series === null) return;
    for (const one of open) addFromDay({ reader, series }, { ...part, range: one });
  });
}

function addFromDay({ reader, series }: { reader: DayReader; series: number }, part: Part): void {
  const { day, range, buckets } = part;
  const addRaw = (fromMs: number, toMs: number): void => {
    for (const point of reader.raw(series, { fromMs, toMs }, day)) {
      addPoint(buckets.at(point.timeMs), point);
    }
  };
  if (buckets.resolution === "raw") return addRaw(range.fromMs, range.toMs);
  const startMs = day * dayMs;
  const minutes = inner(range, minuteMs);
  const rolledMs = startMs + reader.rolledMinute() * minuteMs;
  const endMs = Math.min(minutes.toMs, rolledMs);
  if (minutes.fromMs >= endMs) return addRaw(range.fromMs, range.toMs);
  addRaw(range.fromMs, minutes.fromMs);
  const numbers = [(minutes.fromMs - startMs) / minuteMs, (endMs - startMs) / minuteMs] as const;
  addUnits(buckets, reader.minutes(series, numbers, day));
  addRaw(endMs, range.toMs);
}

/** A day whose raw rows are gone. */
function addOldDay(readers: StoreReaders, part: Part): void {
  const { range, buckets } = part;
  const hours = inner(range, hourMs);
  const areHoursEnough = buckets.resolution === "hour" && hours.fromMs < hours.toMs;
  if (!areHoursEnough) return addUnits(buckets, readMonth(readers, part));
  addUnits(buckets, readMonth(readers, withEnd(part, hours.fromMs)));
  addUnits(buckets, readYear(readers, { ...part, range: hours }));
  addUnits(buckets, readMonth(readers, { ...part, range: { ...range, fromMs: hours.toMs } }));
}

function withEnd(part: Part, toMs: number): Part {
  return { ...part, range: { fromMs: part.range.fromMs, toMs } };
}

/** Minutes, or hours where minutes are gone. */
function readMonth(readers: StoreReaders, part: Part): Units {
  const { query, day, range } = part;
  if (range.fromMs >= range.toMs) return [];
  const fromMs = Math.floor(range.fromMs / minuteMs) * minuteMs;
  const found = readers.read(readers.months, monthPath(readers.directory, day), (reader) => {
    const series = reader.find(query);
    if (!reader.holds(day)) return null;
    return series === null ? [] : [...reader.sums(series, fromMs, range.toMs)];
  });
  if (found !== null) return found;
  const hourStartMs = Math.floor(range.fromMs / hourMs) * hourMs;
  return readYear(readers, { ...part, range: { fromMs: hourStartMs, toMs: range.toMs } });
}

function readYear(readers: StoreReaders, { query, day, range }: Part): Units {
  const found = readers.read(readers.years, yearPath(readers.directory, day), (reader) => {
    const series = reader.find(query);
    return series === null ? [] : [...reader.sums(series, range.fromMs, range.toMs)];
  });
  return found ?? [];
}

function addUnits(buckets: Buckets, units: Units): void {
  for (const [startMs, sums] of units) addSums(buckets.at(startMs), sums);
}

function clip({ fromMs, toMs }: BucketQuery, day: number): Range {
  return { fromMs: Math.max(fromMs, day * dayMs), toMs: Math.min(toMs, (day + 1) * dayMs) };
}

/** The whole units within a range; none if `fromMs` ≥ `toMs`. */
function inner({ fromMs, toMs }: Range, unitMs: number): Range {
  return { fromMs: Math.ceil(fromMs / unitMs) * unitMs, toMs: Math.floor(toMs / unitMs) * unitMs };
}
