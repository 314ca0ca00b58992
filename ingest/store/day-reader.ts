import type { DatabaseSync, StatementSync } from "node:sqlite";
import { numberRows, sumsColumns, sumsFromRow } from "./database.ts";
import { dayMs, minuteMs } from "./files.ts";
import { prepareFind } from "./series-ids.ts";
import type { RawPlace, SeriesQuery } from "./store.ts";
import type { Point, Sums } from "./sums.ts";

export interface Range {
  fromMs: number;
  toMs: number;
}

export interface KitchenSeries extends SeriesQuery {
  id: number;
}

const everyNumber = (name: string): string =>
  `${name}(number) AS (SELECT ? UNION ALL SELECT number + 1 FROM ${name} WHERE number < ?)`;

/**
 * Reads a day file. Rows of one second lie together, not those of one series: a series is found
 * by a look at each second, or at each second of the minutes that have it where they are rolled.
 * CROSS JOIN keeps SQLite from turning the loops around, and with them the order of the rows.
 */
export class DayReader {
  readonly find: (series: SeriesQuery) => number | null;
  readonly #rolled: StatementSync;
  readonly #minutes: StatementSync;
  readonly #rolledRaw: StatementSync;
  readonly #openRaw: StatementSync;
  readonly #value: StatementSync;
  readonly #lastSecond: StatementSync;
  readonly #newest: StatementSync;
  readonly #newestMinute: StatementSync;
  readonly #kitchen: StatementSync;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.find = prepareFind(database);
    this.#rolled = prepare("SELECT minute FROM rolled WHERE id = 1");
    this.#minutes = prepare(`
      WITH RECURSIVE ${everyNumber("every")}
      SELECT m.minute, ${sumsColumns} FROM every CROSS JOIN minutes m
      WHERE m.minute = every.number AND m.series = ?`);
    this.#rolledRaw = prepare(`
      WITH RECURSIVE ${everyNumber("every")},
      step(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM step WHERE number < 59)
      SELECT r.second, r.ms, r.seq, r.idx, r.value, r.flags
      FROM every CROSS JOIN minutes m CROSS JOIN step CROSS JOIN raw r
      WHERE m.minute = every.number AND m.series = ?
      AND r.second = m.minute * 60 + step.number AND r.series = m.series`);
    this.#openRaw = prepare(`
      WITH RECURSIVE ${everyNumber("every")}
      SELECT r.second, r.ms, r.seq, r.idx, r.value, r.flags FROM every CROSS JOIN raw r
      WHERE r.second = every.number AND r.series = ?`);
    this.#value = prepare(
      "SELECT value FROM raw WHERE second = ? AND series = ? AND ms = ? AND seq = ? AND idx = ?",
    );
    this.#lastSecond = prepare("SELECT coalesce(max(second), -1) FROM raw");
    this.#newest = prepare(`
      WITH RECURSIVE down(number) AS (
        SELECT ? UNION ALL SELECT number - 1 FROM down WHERE number > ?)
      SELECT r.second, r.ms, r.seq, r.idx, r.value FROM down CROSS JOIN raw r
      WHERE r.second = down.number AND r.series = ? AND r.flags = 0`);
    this.#newestMinute = prepare(`
      WITH RECURSIVE down(number) AS (
        SELECT ? UNION ALL SELECT number - 1 FROM down WHERE number > 0)
      SELECT m.minute, ${sumsColumns} FROM down CROSS JOIN minutes m
      WHERE m.minute = down.number AND m.series = ? AND m.count > 0 LIMIT 1`);
    this.#kitchen = database.prepare("SELECT * FROM series WHERE sppgId = ?");
  }

  /** From this minute on sums are not to be had, only raw rows. */
  rolledMinute(): number {
    return numberRows(this.#rolled, [])[0]?.[0] ?? 0;
  }

  /** `from` ≤ minute < `end`, of the day. */
  *minutes(
    series: number,
    [from, end]: readonly [number, number],
    day: number,
  ): Generator<[number, Sums]> {
    if (from >= end) return;
    for (const row of numberRows(this.#minutes, [from, end - 1, series])) {
      const startMs = day * dayMs + (row[0] ?? 0) * minuteMs;
      yield [startMs, sumsFromRow(row, 1, startMs)];
    }
  }

  /** In the order of (time, seq, index). */
  *raw(series: number, range: Range, day: number): Generator<Point> {
    const startMs = day * dayMs;
    const fromMs = Math.max(range.fromMs - startMs, 0);
    const toMs = Math.min(range.toMs - startMs, dayMs);
    if (fromMs >= toMs) return;
    const rolledMs = this.rolledMinute() * minuteMs;
    const points = (statement: StatementSync, parameters: number[]): Generator<Point> =>
      toPoints(statement, parameters, { startMs, fromMs, toMs });
    if (fromMs < rolledMs) {
      const first = Math.floor(fromMs / minuteMs);
      const last = Math.floor((Math.min(toMs, rolledMs) - 1) / minuteMs);
      yield* points(this.#rolledRaw, [first, last, series]);
    }
    if (toMs <= rolledMs) return;
    // A clock may run ahead, but nothing lies behind the last second.
    const end = Math.min(Math.floor((toMs - 1) / 1000), this.#endSecond());
    const first = Math.floor(Math.max(fromMs, rolledMs) / 1000);
    if (first <= end) yield* points(this.#openRaw, [first, end, series]);
  }

  valueAt(series: number | null, place: RawPlace): number | null {
    if (series === null) return null;
    const inDay = place.t % dayMs;
    const second = Math.floor(inDay / 1000);
    const parameters = [second, series, inDay - second * 1000, place.seq, place.index];
    return numberRows(this.#value, parameters)[0]?.[0] ?? null;
  }

  kitchen(sppgId: string): KitchenSeries[] {
    // Its columns are those of the interface, by the schema.
    return this.#kitchen.all(sppgId) as unknown as KitchenSeries[];
  }

  /** The newest row without a flag. */
  newest(series: number, day: number): Point | null {
    const startMs = day * dayMs;
    let newest: Point | null = null;
    const rolledMinute = this.rolledMinute();
    const from = rolledMinute * 60;
    const end = this.#endSecond();
    const rows = from <= end ? this.#newest.iterate(end, from, series) : [];
    for (const row of rows) {
      // An array of numbers, by setReturnArrays.
      const [second = 0, ms = 0, seq = 0, index = 0, value = 0] = row as unknown as number[];
      const timeMs = startMs + second * 1000 + ms;
      if (newest !== null && timeMs < Math.floor(newest.timeMs / 1000) * 1000) break;
      newest = { timeMs, seq, index, value, flags: 0 };
    }
    if (newest !== null) return newest;
    const [row] = numberRows(this.#newestMinute, [rolledMinute - 1, series]);
    if (row === undefined) return null;
    const sums = sumsFromRow(row, 1, startMs + (row[0] ?? 0) * minuteMs);
    const { lastTimeMs: timeMs, lastSeq: seq, lastIndex: index, last: value } = sums;
    return { timeMs, seq, index, value, flags: 0 };
  }

  #endSecond(): number {
    return numberRows(this.#lastSecond, [])[0]?.[0] ?? -1;
  }
}

function* toPoints(
  statement: StatementSync,
  parameters: readonly number[],
  { startMs, fromMs, toMs }: Range & { startMs: number },
): Generator<Point> {
  for (const row of statement.iterate(...parameters)) {
    // An array of numbers, by setReturnArrays.
    const [second = 0, ms = 0, seq = 0, index = 0, value = 0, flags = 0] =
      row as unknown as number[];
    const inDay = second * 1000 + ms;
    if (inDay < fromMs) continue;
    if (inDay >= toMs) return;
    yield { timeMs: startMs + inDay, seq, index, value, flags };
  }
}
