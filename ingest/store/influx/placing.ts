import { flagBits, type JournaledReading } from "../../decode/decoded.ts";
import type { InfluxHttp } from "./influx-http.ts";
import { byName, byTags, integer, runQueries, whereSeries, whereTime } from "./influx-query.ts";
import { type Series, seriesPrefix } from "./lines.ts";
import { encodeName } from "./names.ts";
import { type StoredPoint, toPoints } from "./points.ts";
import type { Watermarks } from "./watermarks.ts";

/** A reading with the place that it takes in its series. */
export interface Placed {
  reading: JournaledReading;
  /** Its series, as it begins each of its lines. */
  prefix: string;
  ms: number;
  seq: number;
  index: number;
  /** Only where the clock is not believed: the identity that the device gave it. */
  original: { ms: number; seq: number } | null;
}

/** Prefixes are made once for each series. */
const prefixesMax = 100_000;

export class Prefixes {
  readonly #byKey = new Map<string, string>();

  of(reading: JournaledReading): string {
    let prefix = this.#byKey.get(reading.seriesKey);
    if (prefix === undefined) {
      prefix = seriesPrefix(reading);
      if (this.#byKey.size >= prefixesMax) this.#byKey.clear();
      this.#byKey.set(reading.seriesKey, prefix);
    }
    return prefix;
  }
}

export function place(reading: JournaledReading, prefix: string): Placed {
  const { eventTimeMs: ms, originalTimeMs, seq, offset, index, flags } = reading;
  const own = { reading, prefix, ms, seq: offset, index: index + 1, original: null };
  if (originalTimeMs === null) return own;
  if ((flags & flagBits.clockSuspect) === 0) return { ...own, seq: seq ?? 0, index: 0 };
  // Stored under the time of its arrival; known by the time that the device said.
  return { ...own, original: { ms: originalTimeMs, seq: seq ?? 0 } };
}

export interface PlacingOptions {
  http: InfluxHttp;
  watermarks: Watermarks;
}

/** Gives readings with a wrong clock the place of their first arrival, in the batch or before. */
export async function settleSuspects(
  placed: readonly Placed[],
  { http, watermarks }: PlacingOptions,
): Promise<void> {
  const suspects = placed.filter(({ original }) => original !== null);
  if (suspects.length === 0) return;
  const ranges = new Map<string, { series: Series; fromMs: number; endMs: number }>();
  for (const { prefix, original, reading } of suspects) {
    const ms = original?.ms ?? 0;
    if (ms > watermarks.of(prefix).newestOriginalMs) continue;
    const range = ranges.get(prefix) ?? { series: reading, fromMs: ms, endMs: ms };
    range.fromMs = Math.min(range.fromMs, ms);
    range.endMs = Math.max(range.endMs, ms);
    ranges.set(prefix, range);
  }
  const asked = [...ranges];
  const statements = asked.map(([, { series, fromMs, endMs }]) => {
    // Only these fields: of all others of the series nothing is read.
    const fields = `"originalMs", "originalSeq", "seq", "index"`;
    const range = `"originalMs" >= ${integer(fromMs)} AND "originalMs" <= ${integer(endMs)}`;
    const from = `FROM ${byName(encodeName(series.reading))}`;
    return `SELECT ${fields} ${from} WHERE ${whereSeries(series)} AND ${range} GROUP BY ${byTags}`;
  });
  const answers = await runQueries(http, statements, { level: "raw" });
  const first = new Map<string, Pick<Placed, "ms" | "seq" | "index">>();
  for (const [at, [prefix]] of asked.entries()) {
    for (const point of toPoints(answers[at] ?? [])) {
      const key = `${prefix} ${point.originalMs} ${point.originalSeq}`;
      if (!first.has(key)) first.set(key, point);
    }
  }
  for (const one of suspects) {
    const key = `${one.prefix} ${one.original?.ms} ${one.original?.seq}`;
    const { ms, seq, index } = first.get(key) ?? one;
    Object.assign(one, { ms, seq, index });
    if (!first.has(key)) first.set(key, { ms, seq, index });
  }
}

/** Two places so far apart are asked for each alone: what lies between is not read. */
const gapMsMax = 10_000;

/** The stored points at the ms of those readings that are not newer than their whole series. */
export class KnownPoints {
  readonly #byMs = new Map<string, Map<number, StoredPoint[]>>();

  /** The points of that ms, which may be added to. */
  at(prefix: string, ms: number): StoredPoint[] {
    let series = this.#byMs.get(prefix);
    if (series === undefined) this.#byMs.set(prefix, (series = new Map()));
    let points = series.get(ms);
    if (points === undefined) series.set(ms, (points = []));
    return points;
  }

  async load(placed: readonly Placed[], { http, watermarks }: PlacingOptions): Promise<void> {
    const bySeries = new Map<string, { series: Series; times: number[] }>();
    for (const { prefix, ms, reading } of placed) {
      if (ms > watermarks.of(prefix).newestMs) continue;
      const one = bySeries.get(prefix) ?? { series: reading, times: [] };
      one.times.push(ms);
      bySeries.set(prefix, one);
    }
    const asked = [...bySeries].flatMap(([prefix, { series, times }]) =>
      clusters(times).map(([fromMs, endMs]) => ({ prefix, series, fromMs, endMs })),
    );
    const statements = asked.map(({ series, fromMs, endMs }) => {
      const where = `${whereSeries(series)} AND ${whereTime(fromMs, endMs + 1)}`;
      const from = `FROM ${byName(encodeName(series.reading))}`;
      return `SELECT * ${from} WHERE ${where} GROUP BY ${byTags}`;
    });
    const answers = await runQueries(http, statements, { level: "raw" });
    for (const [at, { prefix }] of asked.entries()) {
      for (const point of toPoints(answers[at] ?? [])) this.at(prefix, point.ms).push(point);
    }
  }
}

function clusters(times: number[]): [fromMs: number, endMs: number][] {
  const found: [number, number][] = [];
  for (const ms of times.toSorted((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && ms - last[1] <= gapMsMax) last[1] = ms;
    else found.push([ms, ms]);
  }
  return found;
}
