import { flagBits } from "../decode/decoded.ts";
import type { DayReader, Range } from "./day-reader.ts";
import { dayMs, dayOf, listFiles, suspectsPath } from "./files.ts";
import type { Fix, RawPlace, RawQuery, RawRow, TrackQuery } from "./store.ts";
import type { StoreReaders } from "./store-readers.ts";
import type { Point } from "./sums.ts";

export function readRaw(readers: StoreReaders, query: RawQuery): RawRow[] {
  const { after, rowsMax } = query;
  const fromMs = Math.max(query.fromMs, after?.t ?? 0);
  const rows: RawRow[] = [];
  eachDay(readers, { fromMs, toMs: query.toMs }, (reader, day) => {
    const series = reader.find(query);
    if (series === null) return rows.length < rowsMax;
    for (const point of reader.raw(series, { fromMs, toMs: query.toMs }, day)) {
      if (after !== undefined && !isBehind(point, after)) continue;
      if (rows.length >= rowsMax) return false;
      const { timeMs: t, seq, index, value, flags } = point;
      rows.push({ t, seq, index, value, flags, originalTimeMs: null });
    }
    return rows.length < rowsMax;
  });
  return withOriginalTimes(readers, query, rows);
}

function withOriginalTimes(readers: StoreReaders, query: RawQuery, rows: RawRow[]): RawRow[] {
  const suspects = rows.filter((row) => (row.flags & flagBits.clockSuspect) !== 0);
  if (suspects.length === 0) return rows;
  readers.read(readers.suspects, suspectsPath(readers.directory), (times) => {
    for (const row of suspects) row.originalTimeMs = times.originalTimeMs(query, row);
  });
  return rows;
}

export function readTrack(readers: StoreReaders, query: TrackQuery): Fix[] {
  const { sppgId, deviceId, channel, fixesMax } = query;
  const fixes: Fix[] = [];
  eachDay(readers, query, (reader, day) => {
    const find = (field: string): number | null =>
      reader.find({ sppgId, deviceId, channel, reading: "position", field });
    const [lat, lon] = [find("lat"), find("lon")];
    const [speed, heading] = [find("speedKmh"), find("headingDeg")];
    const accuracy = find("accuracyM");
    if (lat === null || lon === null) return true;
    for (const point of reader.raw(lat, query, day)) {
      const place = { t: point.timeMs, seq: point.seq, index: point.index };
      const lonDeg = reader.valueAt(lon, place);
      if (point.flags !== 0 || lonDeg === null) continue;
      if (fixes.length >= fixesMax) return false;
      fixes.push({
        t: point.timeMs,
        lat: point.value,
        lon: lonDeg,
        speedKmh: reader.valueAt(speed, place),
        headingDeg: reader.valueAt(heading, place),
        accuracyM: reader.valueAt(accuracy, place),
      });
    }
    return true;
  });
  return fixes;
}

/** Visits the days that have raw rows, oldest first, until `visit` says `false`. */
function eachDay(
  readers: StoreReaders,
  { fromMs, toMs }: Range,
  visit: (reader: DayReader, day: number) => boolean,
): void {
  for (const { firstDay: day, path } of listFiles(readers.directory).days) {
    if (day < dayOf(fromMs) || day * dayMs >= toMs) continue;
    if (readers.read(readers.days, path, (reader) => visit(reader, day)) === false) return;
  }
}

function isBehind(point: Point, place: RawPlace): boolean {
  if (point.timeMs !== place.t) return point.timeMs > place.t;
  return point.seq !== place.seq ? point.seq > place.seq : point.index > place.index;
}
