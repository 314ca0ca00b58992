import * as z from "zod";
import { type InfluxHttp, withParameters } from "./influx-http.ts";
import type { LevelName } from "./influx-config.ts";
import { AnswerTooLong, InfluxError } from "./influx-errors.ts";
import { decodeName, quoteName, quoteTag } from "./names.ts";
import { influxTimeMsMax, type Series } from "./lines.ts";

/** Rows of one statement, of one group of tags. */
export interface Rows {
  measurement: string;
  /** Decoded. */
  tags: Readonly<Record<string, string>>;
  columns: readonly string[];
  values: readonly (readonly unknown[])[];
}

/** A request line beyond 8 KB is refused by many a proxy; statements are ASCII. */
const queryLengthMax = 6_000;

const arrays = z.custom<unknown[][]>((value) => Array.isArray(value) && value.every(Array.isArray));
const answerSchema = z.object({
  error: z.string().optional(),
  results: z
    .array(
      z.object({
        error: z.string().optional(),
        partial: z.boolean().optional(),
        series: z
          .array(
            z.object({
              name: z.string().optional(),
              tags: z.record(z.string(), z.string().nullable()).optional(),
              columns: z.array(z.string()),
              values: arrays.optional(),
              partial: z.boolean().optional(),
            }),
          )
          .optional(),
      }),
    )
    .default([]),
});

export interface QueryOptions {
  level: LevelName;
  /** Times as ms; else as text with ns, which a number can't hold. */
  isMs?: boolean;
}

/** Answers each statement, in their order, with as few requests as their length allows. */
export async function runQueries(
  http: InfluxHttp,
  statements: readonly string[],
  options: QueryOptions,
): Promise<Rows[][]> {
  const results: Rows[][] = [];
  for (let first = 0; first < statements.length; ) {
    let end = first + 1;
    let length = statements[first]?.length ?? 0;
    while (end < statements.length) {
      length += (statements[end]?.length ?? 0) + 1;
      if (length > queryLengthMax) break;
      end += 1;
    }
    for (const rows of await runGroup(http, statements.slice(first, end), options)) {
      results.push(rows);
    }
    first = end;
  }
  return results;
}

/** Answers that are too long together may be short enough alone. */
async function runGroup(
  http: InfluxHttp,
  statements: readonly string[],
  options: QueryOptions,
): Promise<Rows[][]> {
  try {
    return await runOnce(http, statements, options);
  } catch (error) {
    if (!(error instanceof AnswerTooLong) || statements.length === 1) throw error;
    const middle = Math.ceil(statements.length / 2);
    const left = await runGroup(http, statements.slice(0, middle), options);
    return [...left, ...(await runGroup(http, statements.slice(middle), options))];
  }
}

async function runOnce(
  http: InfluxHttp,
  statements: readonly string[],
  { level, isMs = false }: QueryOptions,
): Promise<Rows[][]> {
  const { bucket: db, org } = http.config;
  const path = withParameters("/query", {
    db,
    rp: level,
    ...(org === null ? {} : { org }),
    ...(isMs ? { epoch: "ms" } : {}),
    q: statements.join(";"),
  });
  const deadlineMs = http.limits.queryMsMax;
  const text = await http.send({ method: "GET", path, deadlineMs });
  const { results, error } = parseAnswer(text);
  if (error !== undefined) throw new InfluxError(`/query answered: ${error}`, {});
  if (results.length !== statements.length) {
    const counts = `${results.length} of ${statements.length}`;
    throw new InfluxError(`/query answered ${counts} statements`, {});
  }
  return results.map(toRows);
}

function parseAnswer(text: string): z.output<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new InfluxError("/query answered with something that is no result", { cause });
  }
}

function toRows(result: z.output<typeof answerSchema>["results"][number]): Rows[] {
  const { error, partial, series = [] } = result;
  if (error !== undefined) throw new InfluxError(`/query answered: ${error}`, {});
  if (partial === true || series.some((one) => one.partial === true)) {
    const cut = "/query cut its answer: raise InfluxDB's max-row-limit";
    throw new InfluxError(cut, {});
  }
  return series.map(({ name = "", tags = {}, columns, values = [] }) => ({
    measurement: name,
    tags: decodeTags(tags),
    columns,
    values,
  }));
}

function decodeTags(tags: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [key, decodeName(value ?? "")]),
  );
}

/** `"sppgId" = '…' AND …`: the ids as tags, quoted. */
export function whereSeries({ sppgId, deviceId, channel }: Omit<Series, "reading">): string {
  return [
    `"sppgId" = ${quoteTag(sppgId)}`,
    `"deviceId" = ${quoteTag(deviceId)}`,
    `"channel" = ${quoteTag(channel)}`,
  ].join(" AND ");
}

/** `fromMs` ≤ time < `toMs`; beyond InfluxDB's own end of time nothing is stored. */
export function whereTime(fromMs: number, toMs: number): string {
  const [from, to] = [fromMs, toMs].map((ms) => integer(Math.min(ms, influxTimeMsMax)));
  return `time >= ${from}ms AND time < ${to}ms`;
}

export function integer(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw new RangeError(`${value} is no whole number.`);
}

export const byTags = `"sppgId", "deviceId", "channel"`;

export const byName = (encoded: string): string => quoteName(encoded);

/** `2026-11-10T00:00:00.001000002Z` as ms and what lies behind them: its slot. */
export function parseTime(time: unknown): { ms: number; slot: number } {
  const [, seconds, fraction = ""] = /^([^.Z]+)(?:\.(\d{1,9}))?Z$/.exec(String(time)) ?? [];
  const nanoseconds = fraction.padEnd(9, "0");
  const ms = Date.parse(`${seconds ?? ""}.${nanoseconds.slice(0, 3)}Z`);
  if (Number.isNaN(ms)) throw new InfluxError(`/query answered the time ${String(time)}`, {});
  return { ms, slot: Number(nanoseconds.slice(3)) };
}

/** A number of a row, or `null`: absent fields are `null` in InfluxDB's answers. */
export function numberAt(row: readonly unknown[], column: number): number | null {
  const value = row[column];
  return typeof value === "number" ? value : null;
}
