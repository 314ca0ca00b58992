import { flagBits, type JournaledReading } from "../../decode/decoded.ts";
import { AnswerTooLong } from "./influx-errors.ts";
import type { InfluxHttp } from "./influx-http.ts";
import {
  byName,
  byTags,
  integer,
  type Rows,
  runQueries,
  whereSeries,
  whereTime,
} from "./influx-query.ts";
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

/** One question about one series: what lies between the first wish and the last is answered. */
interface Question<Wish> {
  prefix: string;
  series: Series;
  wishes: readonly Wish[];
}

interface Asking<Wish> {
  http: InfluxHttp;
  statementOf(question: Question<Wish>): string;
  hear(question: Question<Wish>, points: StoredPoint[]): void;
}

/**
 * An answer that is too long is asked for in halves, down to single wishes: what is stored of one
 * sensor, however much, must not end the writing of all the others.
 */
async function ask<Wish>(
  questions: readonly Question<Wish>[],
  asking: Asking<Wish>,
): Promise<void> {
  const statements = questions.map((question) => asking.statementOf(question));
  let answers: Rows[][];
  try {
    answers = await runQueries(asking.http, statements, { level: "raw" });
  } catch (error) {
    const halves = error instanceof AnswerTooLong ? halve(questions) : null;
    if (halves === null) throw error;
    for (const half of halves) await ask(half, asking);
    return;
  }
  for (const [at, question] of questions.entries()) {
    asking.hear(question, toPoints(answers[at] ?? []));
  }
}

function halve<Wish>(questions: readonly Question<Wish>[]): Question<Wish>[][] | null {
  const middle = Math.ceil(questions.length / 2);
  if (questions.length > 1) return [questions.slice(0, middle), questions.slice(middle)];
  const [question] = questions;
  if (question === undefined || question.wishes.length < 2) return null;
  const { wishes } = question;
  const half = Math.ceil(wishes.length / 2);
  return [
    [{ ...question, wishes: wishes.slice(0, half) }],
    [{ ...question, wishes: wishes.slice(half) }],
  ];
}

type Original = NonNullable<Placed["original"]>;

/** Gives readings with a wrong clock the place of their first arrival, in the batch or before. */
export async function settleSuspects(
  placed: readonly Placed[],
  { http, watermarks }: PlacingOptions,
): Promise<void> {
  const suspects = placed.filter(({ original }) => original !== null);
  if (suspects.length === 0) return;
  const bySeries = new Map<string, { series: Series; wishes: Original[] }>();
  for (const { prefix, original, reading } of suspects) {
    if (original === null || original.ms > watermarks.of(prefix).newestOriginalMs) continue;
    const one = bySeries.get(prefix) ?? { series: reading, wishes: [] };
    one.wishes.push(original);
    bySeries.set(prefix, one);
  }
  const questions = [...bySeries].flatMap(([prefix, { series, wishes }]) => {
    const inOrder = wishes.toSorted((a, b) => a.ms - b.ms || a.seq - b.seq);
    return clusters(inOrder, ({ ms }) => ms).map((some) => ({ prefix, series, wishes: some }));
  });
  const first = new Map<string, Pick<Placed, "ms" | "seq" | "index">>();
  const asking: Asking<Original> = {
    http,
    statementOf: originalsStatement,
    hear({ prefix }, points) {
      for (const point of points) {
        const key = `${prefix} ${point.originalMs} ${point.originalSeq}`;
        if (!first.has(key)) first.set(key, point);
      }
    },
  };
  // Each alone, since no index helps: a series is read as a whole, which takes its time.
  for (const question of questions) await ask([question], asking);
  for (const one of suspects) {
    const key = `${one.prefix} ${one.original?.ms} ${one.original?.seq}`;
    const { ms, seq, index } = first.get(key) ?? one;
    Object.assign(one, { ms, seq, index });
    if (!first.has(key)) first.set(key, { ms, seq, index });
  }
}

function originalsStatement({ series, wishes }: Question<Original>): string {
  const between = (key: string, values: readonly number[]): string => {
    const [from, to] = [
      values.reduce((a, b) => Math.min(a, b)),
      values.reduce((a, b) => Math.max(a, b)),
    ];
    return `"${key}" >= ${integer(from)} AND "${key}" <= ${integer(to)}`;
  };
  const range = [
    whereSeries(series),
    between(
      "originalMs",
      wishes.map(({ ms }) => ms),
    ),
    between(
      "originalSeq",
      wishes.map(({ seq }) => seq),
    ),
  ].join(" AND ");
  // Only these fields: of all others of the series nothing is read.
  const fields = `"originalMs", "originalSeq", "seq", "index"`;
  const from = byName(encodeName(series.reading));
  return `SELECT ${fields} FROM ${from} WHERE ${range} GROUP BY ${byTags}`;
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
    const bySeries = new Map<string, { series: Series; times: Set<number> }>();
    for (const { prefix, ms, reading } of placed) {
      if (ms > watermarks.of(prefix).newestMs) continue;
      const one = bySeries.get(prefix) ?? { series: reading, times: new Set() };
      one.times.add(ms);
      bySeries.set(prefix, one);
    }
    const questions = [...bySeries].flatMap(([prefix, { series, times }]) => {
      const inOrder = [...times].toSorted((a, b) => a - b);
      return clusters(inOrder, (ms) => ms).map((wishes) => ({ prefix, series, wishes }));
    });
    await ask(questions, {
      http,
      statementOf: pointsStatement,
      hear: ({ prefix }, points) => {
        for (const point of points) this.at(prefix, point.ms).push(point);
      },
    });
  }
}

function pointsStatement({ series, wishes }: Question<number>): string {
  const [fromMs = 0, endMs = 0] = [wishes[0], wishes.at(-1)];
  const where = `${whereSeries(series)} AND ${whereTime(fromMs, endMs + 1)}`;
  return `SELECT * FROM ${byName(encodeName(series.reading))} WHERE ${where} GROUP BY ${byTags}`;
}

function clusters<Wish>(inOrder: readonly Wish[], msOf: (wish: Wish) => number): Wish[][] {
  const found: Wish[][] = [];
  for (const wish of inOrder) {
    const last = found.at(-1);
    const before = last?.at(-1);
    const isNear = before !== undefined && msOf(wish) - msOf(before) <= gapMsMax;
    if (last !== undefined && isNear) last.push(wish);
    else found.push([wish]);
  }
  return found;
}
