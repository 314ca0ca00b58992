import type { InfluxHttp } from "./influx-http.ts";
import type { LevelName } from "./influx-config.ts";
import { InfluxError } from "./influx-errors.ts";
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

/** A stretch and the fields that one statement asks for. */
interface Piece extends Stretch {
  fields: readonly string[];
}

export interface RollParts {
  http: InfluxHttp;
  fieldsOf: (reading: string) => readonly string[];
  send: (level: LevelName, lines: string[]) => Promise<void>;
  /** Hears of a field that has no sums there, and why. */
  onSkipped: (field: string, detail: string) => void;
}

/** A few at a time: their answers and lines are all that is held. */
const piecesAtOnce = 8;

/** Makes the sums of the stretches anew and writes them over what was there. */
export async function rollStretches(
  stretches: readonly Stretch[],
  plan: LevelPlan,
  parts: RollParts,
): Promise<void> {
  const pieces = stretches.flatMap((stretch) => {
    const fields = parts.fieldsOf(stretch.reading);
    return fields.length === 0 ? [] : cut({ ...stretch, fields }, plan.widthMs);
  });
  for (let first = 0; first < pieces.length; first += piecesAtOnce) {
    const lines = await sumUp(pieces.slice(first, first + piecesAtOnce), plan, parts);
    if (lines.length > 0) await parts.send(plan.name, lines);
  }
}

/** Text that others have written in a field of ours costs the sums of that field, of no other. */
async function sumUp(
  pieces: readonly Piece[],
  plan: LevelPlan,
  parts: RollParts,
): Promise<string[]> {
  const statements = pieces.map((piece) => statementOf(piece, plan));
  try {
    const options = { level: plan.source, isMs: true };
    const answers = await runQueries(parts.http, statements, options);
    return answers.flatMap((rows, at) => {
      const piece = pieces[at];
      return piece === undefined ? [] : toLines(rows, piece);
    });
  } catch (error) {
    if (!(error instanceof InfluxError) || !isAboutType(error)) throw error;
    const smaller = split(pieces);
    if (smaller === null) {
      parts.onSkipped(pieces[0]?.fields[0] ?? "", error.message);
      return [];
    }
    const [left, right] = smaller;
    return [...(await sumUp(left, plan, parts)), ...(await sumUp(right, plan, parts))];
  }
}

function split(pieces: readonly Piece[]): [Piece[], Piece[]] | null {
  const middle = Math.ceil(pieces.length / 2);
  if (pieces.length > 1) return [pieces.slice(0, middle), pieces.slice(middle)];
  const [piece] = pieces;
  if (piece === undefined || piece.fields.length < 2) return null;
  const half = Math.ceil(piece.fields.length / 2);
  const { fields } = piece;
  return [
    [{ ...piece, fields: fields.slice(0, half) }],
    [{ ...piece, fields: fields.slice(half) }],
  ];
}

/** `unsupported min iterator type: …string…` of 1.x and 2.x; 3 says it in its own words. */
function isAboutType({ message }: InfluxError): boolean {
  return /unsupported \w+ iterator type|type mismatch|utf8/i.test(message);
}

function cut(stretch: Piece, widthMs: number): Piece[] {
  const stepMs = stretchWindowsMax * widthMs;
  const isOne = "series" in stretch.where;
  if (isOne) return cutTime(stretch, stepMs * stretchKitchensMax);
  return cutTime(stretch, stepMs);
}

function cutTime(stretch: Piece, stepMs: number): Piece[] {
  const pieces: Piece[] = [];
  for (let fromMs = stretch.fromMs; fromMs < stretch.toMs; fromMs += stepMs) {
    pieces.push({ ...stretch, fromMs, toMs: Math.min(stretch.toMs, fromMs + stepMs) });
  }
  return pieces;
}

function statementOf(piece: Piece, plan: LevelPlan): string {
  const { where, fromMs, toMs, reading, fields } = piece;
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

function toLines(rows: readonly Rows[], { reading, fields }: Piece): string[] {
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
