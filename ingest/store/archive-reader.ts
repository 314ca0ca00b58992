import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { KitchenSeries } from "./day-reader.ts";
import { numberRows, sumsColumns, sumsFromRow } from "./database.ts";
import { hourMs, minuteMs } from "./files.ts";
import { prepareFind } from "./series-ids.ts";
import type { SeriesQuery } from "./store.ts";
import type { Point, Sums } from "./sums.ts";

/** Reads a month's minutes or a year's hours. */
export class ArchiveReader {
  readonly find: (series: SeriesQuery) => number | null;
  readonly #kitchen: StatementSync;
  readonly #days: StatementSync;
  readonly #database: DatabaseSync;
  readonly #unitMs: number;
  readonly #sums: StatementSync;

  constructor(database: DatabaseSync, unit: "minute" | "hour") {
    this.#database = database;
    this.#unitMs = unit === "minute" ? minuteMs : hourMs;
    this.find = prepareFind(database);
    this.#kitchen = database.prepare("SELECT * FROM series WHERE sppgId = ?");
    this.#days = database.prepare("SELECT 1 FROM days WHERE day = ?");
    this.#sums = database.prepare(`
      SELECT ${unit}, ${sumsColumns} FROM ${unit}s WHERE series = ? AND ${unit} >= ? AND ${unit} < ?
      ORDER BY ${unit}`);
    this.#sums.setReturnArrays(true);
  }

  holds(day: number): boolean {
    return this.#days.get(day) !== undefined;
  }

  /** Whole units whose start lies in the range; the range starts with a unit. */
  *sums(series: number, fromMs: number, toMs: number): Generator<[number, Sums]> {
    const unitMs = this.#unitMs;
    const range = [Math.ceil(fromMs / unitMs), Math.ceil(toMs / unitMs)];
    for (const row of numberRows(this.#sums, [series, ...range])) {
      const startMs = (row[0] ?? 0) * unitMs;
      yield [startMs, sumsFromRow(row, 1, startMs)];
    }
  }

  kitchen(sppgId: string): KitchenSeries[] {
    // Its columns are those of the interface, by the schema.
    return this.#kitchen.all(sppgId) as unknown as KitchenSeries[];
  }

  /** Of a year: the newest row without a flag. */
  newest(series: number): Point | null {
    const row = this.#database.prepare("SELECT * FROM latest WHERE series = ?").get(series);
    if (row === undefined) return null;
    const number = (name: string): number => Number(row[name]);
    const [timeMs, seq, index] = [number("ms"), number("seq"), number("idx")];
    return { timeMs, seq, index, value: number("value"), flags: 0 };
  }
}
