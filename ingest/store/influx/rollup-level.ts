import type { InfluxHttp } from "./influx-http.ts";
import type { LevelName } from "./influx-config.ts";
import {
  byName,
  byTags,
  numberAt,
  type Rows,
  runQueries,
  whereSeries,
  whereTime,
} from "./influx-query.ts";
import { formatNumber, type Series, seriesPrefix, toNanoseconds } from "./lines.ts";
import { encodeName } from "./names.ts";
import { whereKitchen } from "./points.ts";

/** Sums of one width, made of the level below; each is made anew from what it covers. */
export interface LevelPlan {
  name: Exclude<LevelName, "raw">;
  source: LevelName;
  widthMs: number;
}

export const minuteLevel: LevelPlan = { name: "minute", source: "raw", widthMs: 60_000 };
export const hourLevel: LevelPlan = { name: "hour", source: "minute", widthMs: 3_600_000 };

/** Windows of one reading: of a series, or of some kitchens. `fromMs` and `toMs` are whole. */
export interface Stretch {
  reading: string;
  where: { series: Series } | { sppgIds: readonly string[] };
  fromMs: number;
  toMs: number;
}

/** Windows of one statement: kitchens times minutes times sensors are rows in memory. */
export const stretchWindowsMax = 15;
export const stretchKitchensMax = 50;

/** Columns of a field's sums, in the order in which they are asked for. */
const sumColumns = ["min", "max", "sum", "count", "last", "flagged"] as const;

/**
 * What gives the sums of a field over windows of its level's rows: `min(…), …`, always six.
 * Raw rows hold the values, the others the sums of shorter windows.
 */
export function selectSums(encodedField: string, source: LevelName): string {
  const of = (suffix: string): string => byName(`${encodedField}_${suffix}`);
  if (source === "raw") {
    const field = byName(encodedField);
    const values = ["min", "max", "sum", "count", "last"].map((name) => `${name}(${field})`);
    return [...values, `count(${of("flagged")})`].join(", ");
  }
  return [
    `min(${of("min")})`,
    `max(${of("max")})`,
    `sum(${of("sum")})`,
    `sum(${of("count")})`,
    `last(${of("last")})`,
    `sum(${of("flagged")})`,
  ].join(", ");
}

export interface WindowSums {
  min: number;
  max: number;
  sum: number;
  count: number;
  last: number;
  flagged: number;
}

/** From the six columns of `selectSums` that begin at `column`. */
export function sumsAt(row: readonly unknown[], column: number): WindowSums {
  const [min, max, sum, count, last, flagged] = sumColumns.map(
    (_, at) => numberAt(row, column + at) ?? 0,
  );
  return {
    min: min ?? 0,
    max: max ?? 0,
    sum: sum ?? 0,
    count: count ?? 0,
    last: last ?? 0,
    flagged: flagged ?? 0,
  };
}

/** Makes the sums of the stretches anew and writes them over what was there. */
export async function rollStretches(
  stretches: readonly Stretch[],
  plan: LevelPlan,
  parts: {
    http: InfluxHttp;
    fieldsOf: (reading: string) => readonly string[];
    send: (level: LevelName, lines: string[]) => Promise<void>;
  },
): Promise<void> {
  const pieces = stretches.flatMap((stretch) => cut(stretch, plan.widthMs));
  const statements = pieces.map((piece) => statementOf(piece, plan, parts.fieldsOf(piece.reading)));
  // A few at a time: their answers and lines are all that is held.
  const atOnce = 8;
  for (let first = 0; first < pieces.length; first += atOnce) {
    const answers = await runQueries(parts.http, statements.slice(first, first + atOnce), {
      level: plan.source,
      isMs: true,
    });
    const lines = answers.flatMap((rows, at) => {
      const reading = pieces[first + at]?.reading ?? "";
      return toLines(rows, reading, parts.fieldsOf(reading));
    });
    if (lines.length > 0) await parts.send(plan.name, lines);
  }
}

function cut(stretch: Stretch, widthMs: number): Stretch[] {
  const stepMs = stretchWindowsMax * widthMs;
  const isOne = "series" in stretch.where;
  if (isOne) return cutTime(stretch, stepMs * stretchKitchensMax);
  return cutTime(stretch, stepMs);
}

function cutTime(stretch: Stretch, stepMs: number): Stretch[] {
  const pieces: Stretch[] = [];
  for (let fromMs = stretch.fromMs; fromMs < stretch.toMs; fromMs += stepMs) {
    pieces.push({ ...stretch, fromMs, toMs: Math.min(stretch.toMs, fromMs + stepMs) });
  }
  return pieces;
}

function statementOf(stretch: Stretch, plan: LevelPlan, fields: readonly string[]): string {
  const { where, fromMs, toMs, reading } = stretch;
  const who =
    "series" in where
      ? whereSeries(where.series)
      : `(${where.sppgIds.map(whereKitchen).join(" OR ")})`;
  const sums = fields.map((field) => selectSums(field, plan.source)).join(", ");
  const window = `time(${plan.widthMs}ms)`;
  return (
    `SELECT ${sums} FROM ${byName(encodeName(reading))} WHERE ${who} ` +
    `AND ${whereTime(fromMs, toMs)} GROUP BY ${byTags}, ${window} fill(none)`
  );
}

function toLines(rows: readonly Rows[], reading: string, fields: readonly string[]): string[] {
  return rows.flatMap(({ tags, values }) => {
    const { sppgId = "", deviceId = "", channel = "" } = tags;
    const prefix = seriesPrefix({ sppgId, deviceId, channel, reading });
    return values.flatMap((row) => {
      const parts = fields.flatMap((field, at) => toFields(field, sumsAt(row, 1 + at * 6)));
      const timeMs = numberAt(row, 0) ?? 0;
      return parts.length === 0 ? [] : [`${prefix} ${parts.join(",")} ${toNanoseconds(timeMs, 0)}`];
    });
  });
}

function toFields(field: string, sums: WindowSums): string[] {
  const { count, flagged } = sums;
  const parts: string[] = [];
  if (flagged > 0) parts.push(`${field}_flagged=${flagged}i`);
  if (count === 0) return parts;
  const values = (["min", "max", "sum", "last"] as const).map(
    (name) => `${field}_${name}=${formatNumber(sums[name])}`,
  );
  return [...parts, ...values, `${field}_count=${count}i`];
}
