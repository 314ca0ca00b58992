import type { Fix, RawPlace, RawQuery, RawRow, TrackQuery } from "../store.ts";
import { InfluxError } from "./influx-errors.ts";
import type { InfluxHttp } from "./influx-http.ts";
import { byName, numberAt, runQueries, whereSeries, whereTime } from "./influx-query.ts";
import type { Series } from "./lines.ts";
import { encodeName, fieldKey } from "./names.ts";
import { metaColumns, toPlace } from "./points.ts";

interface Wanted {
  series: Series;
  fields: readonly string[];
  fromMs: number;
  toMs: number;
  /** How many rows the caller hopes for. */
  rowsMax: number;
}

interface Row extends RawPlace {
  flags: number;
  originalMs: number | null;
  /** By the order of `Wanted.fields`. */
  values: (number | null)[];
}

/** More than these stand in a ms only in an attack on this loop. */
const rowsOfMsMax = 1_000_000;
const spareRows = 256;

/**
 * Rows in the order of (t, seq, index). InfluxDB orders by timestamp, which within one ms is not
 * always that order: the last ms of an answer that was cut is asked for again.
 */
async function* rowsInOrder(http: InfluxHttp, wanted: Wanted): AsyncGenerator<Row> {
  let { fromMs } = wanted;
  let limit = wanted.rowsMax + spareRows;
  while (fromMs < wanted.toMs) {
    const rows = await fetchRows(http, { ...wanted, fromMs }, limit);
    const lastMs = rows.at(-1)?.t ?? fromMs;
    const isAll = rows.length < limit;
    const whole = isAll ? rows : rows.filter(({ t }) => t < lastMs);
    if (!isAll && whole.length === 0) {
      if (limit >= rowsOfMsMax) throw new InfluxError(`more than ${limit} rows in one ms`, {});
      limit *= 4;
      continue;
    }
    yield* whole.toSorted((a, b) => a.t - b.t || a.seq - b.seq || a.index - b.index);
    if (isAll) return;
    fromMs = lastMs;
  }
}

async function fetchRows(http: InfluxHttp, wanted: Wanted, limit: number): Promise<Row[]> {
  const { series, fields, fromMs, toMs } = wanted;
  const selected = [...fields, "flags", "seq", "index", "originalMs"].map(byName).join(", ");
  const from = byName(encodeName(series.reading));
  const where = `${whereSeries(series)} AND ${whereTime(fromMs, toMs)}`;
  const statement = `SELECT ${selected} FROM ${from} WHERE ${where} ORDER BY time LIMIT ${limit}`;
  const [groups = []] = await runQueries(http, [statement], { level: "raw" });
  return groups.flatMap(({ columns, values }) => {
    const time = columns.indexOf("time");
    const meta = metaColumns(columns);
    const places = fields.map((field) => columns.indexOf(field));
    return values.map((row) => {
      const { ms: t, seq, index } = toPlace(row, time, meta);
      const flags = numberAt(row, meta.flags) ?? 0;
      const originalMs = numberAt(row, meta.originalMs);
      return { t, seq, index, flags, originalMs, values: places.map((at) => numberAt(row, at)) };
    });
  });
}

export async function readRaw(http: InfluxHttp, query: RawQuery): Promise<RawRow[]> {
  const { after, field, rowsMax } = query;
  const rows: RawRow[] = [];
  const wanted = {
    series: query,
    fields: [fieldKey(field, false), fieldKey(field, true)],
    fromMs: Math.max(query.fromMs, after?.t ?? 0),
    toMs: query.toMs,
    rowsMax,
  };
  for await (const row of rowsInOrder(http, wanted)) {
    if (after !== undefined && !isBehind(row, after)) continue;
    const { t, seq, index, flags, originalMs: originalTimeMs, values } = row;
    const value = values[0] ?? values[1];
    if (value === null || value === undefined) continue;
    rows.push({ t, seq, index, value, flags, originalTimeMs });
    if (rows.length >= rowsMax) break;
  }
  return rows;
}

export async function readTrack(http: InfluxHttp, query: TrackQuery): Promise<Fix[]> {
  const { sppgId, deviceId, channel, fromMs, toMs, fixesMax } = query;
  const names = ["lat", "lon", "speedKmh", "headingDeg", "accuracyM"];
  const fixes: Fix[] = [];
  const wanted = {
    series: { sppgId, deviceId, channel, reading: "position" },
    // Fixes with a flag have their values elsewhere.
    fields: names.map((name) => fieldKey(name, false)),
    fromMs,
    toMs,
    rowsMax: fixesMax,
  };
  for await (const { t, values } of rowsInOrder(http, wanted)) {
    const [lat, lon, speedKmh = null, headingDeg = null, accuracyM = null] = values;
    if (typeof lat !== "number" || typeof lon !== "number") continue;
    fixes.push({ t, lat, lon, speedKmh, headingDeg, accuracyM });
    if (fixes.length >= fixesMax) break;
  }
  return fixes;
}

function isBehind(row: RawPlace, place: RawPlace): boolean {
  if (row.t !== place.t) return row.t > place.t;
  return row.seq !== place.seq ? row.seq > place.seq : row.index > place.index;
}
