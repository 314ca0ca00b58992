import type { DatabaseSync } from "node:sqlite";
import type { JournaledReading } from "../decode/decoded.ts";
import { daySchema, inTransaction, numberRows, openDatabase, sumsToRow } from "./database.ts";
import { createDayStatements, type DayStatements } from "./day-statements.ts";
import { isConstraint } from "./errors.ts";
import { dayMs, minuteMs, minutesOfDay } from "./files.ts";
import { createSeriesIds, type SeriesIds } from "./series-ids.ts";
import { MinuteSums } from "./minute-sums.ts";
import { addSums, emptySums, type Point, type Sums } from "./sums.ts";

/** A reading and the place that its rows take in their series. */
export interface PlacedReading {
  reading: JournaledReading;
  timeMs: number;
  seq: number;
  index: number;
}

/** How a reading's rows were met. */
export interface Met {
  newRows: number;
  oldRows: number;
  differs: boolean;
}

interface Row extends Point {
  series: number;
  met: Met;
}

/** Rows in one INSERT: fewer calls; 16 and 50 gained nothing over 8. */
const rowsOfInsert = 8;

/**
 * Writes one day. Every row goes to `raw`. The sums of minutes from `rolledMinute` on are in
 * memory and are written when their minute is over, all series in a row: an update of each sum for
 * each reading would cost more than the reading where series are many. Rows of earlier minutes
 * change their sums in their own transaction. Readers take minutes from `rolledMinute` on from raw.
 */
export class DayWriter {
  readonly path: string;
  readonly #startMs: number;
  readonly #database: DatabaseSync;
  readonly #statements: DayStatements;
  readonly #ids: SeriesIds;
  /** By minute of the day. */
  readonly #open = new Map<number, MinuteSums>();
  #openSums = 0;
  /** One array for all inserts: an array each costs a tenth of the insert. */
  readonly #groupValues: number[] = [];
  #rolledMinute: number;
  /** Where `recover` goes on; `null`: memory holds what `raw` holds. */
  #recoverAfter: readonly number[] | null;
  /** The minute that is being written, and what is left of it. */
  #rolling: { minute: number; series: Uint32Array; next: number } | null = null;

  constructor(path: string, day: number) {
    this.path = path;
    this.#startMs = day * dayMs;
    this.#database = openDatabase(path, daySchema);
    try {
      this.#statements = createDayStatements(this.#database, rowsOfInsert);
      this.#ids = createSeriesIds(this.#database);
      this.#rolledMinute = this.#statements.rolledMinute();
    } catch (error) {
      // Left to the collector, it would one day delete the log of the file that took its place.
      this.#database.close();
      throw error;
    }
    this.#recoverAfter = [this.#rolledMinute * 60, -1, 0, 0, 0];
  }

  /** Minutes times series whose sums are held in memory. */
  get openSums(): number {
    return this.#openSums;
  }

  /** The minute behind the newest, or the oldest, whose sums are in memory; 0 if there is none. */
  get openEnd(): number {
    return this.#open.size === 0 ? 0 : Math.max(...this.#open.keys()) + 1;
  }

  get oldestOpenEnd(): number {
    return this.#open.size === 0 ? 0 : Math.min(...this.#open.keys()) + 1;
  }

  /** In one transaction: all of them, or none. */
  insert(readings: readonly PlacedReading[]): Met[] {
    // After a roll that failed half-way, its minute starts again: these rows belong to it.
    this.#rolling = null;
    const met = readings.map(() => ({ newRows: 0, oldRows: 0, differs: false }));
    const rolledMs = this.#startMs + this.#rolledMinute * minuteMs;
    try {
      const added = inTransaction(this.#database, () => {
        const rows = this.#insertRows(this.#toRows(readings, met));
        this.#correct(rows.filter((row) => row.timeMs < rolledMs));
        return rows;
      });
      // Only what is committed counts.
      for (const row of added) if (row.timeMs >= rolledMs) this.#hold(row.series, row);
    } catch (error) {
      this.#ids.forget();
      throw error;
    }
    return met;
  }

  /** Reads back, `rowsMax` at a time, what a crash took out of memory; `false`: all is read. */
  recover(rowsMax: number): boolean {
    if (this.#recoverAfter === null) return false;
    const rows = numberRows(this.#statements.rowsAfter, [...this.#recoverAfter, rowsMax]);
    for (const [second = 0, series = 0, ms = 0, seq = 0, index = 0, value = 0, flags = 0] of rows) {
      this.#hold(series, { timeMs: this.#startMs + second * 1000 + ms, seq, index, value, flags });
    }
    this.#recoverAfter = rows.length < rowsMax ? null : (rows.at(-1)?.slice(0, 5) ?? null);
    return this.#recoverAfter !== null;
  }

  /** Writes the sums of minutes below `endMinute`, so many at a time; `false`: all are written. */
  roll(endMinute: number, sumsMax: number): boolean {
    const end = Math.min(endMinute, minutesOfDay);
    if (end <= this.#rolledMinute) return false;
    this.#rolling ??= this.#nextMinute(end);
    const { minute, series, next } = this.#rolling;
    const open = this.#open.get(minute);
    const part = series.subarray(next, next + sumsMax);
    const isWhole = next + part.length === series.length;
    inTransaction(this.#database, () => {
      for (const id of part) this.#put(minute, id, open?.get(id) ?? emptySums());
      if (isWhole) this.#statements.setRolledMinute(minute + 1);
    });
    this.#rolling.next += part.length;
    if (!isWhole) return true;
    this.#openSums -= open?.size ?? 0;
    this.#open.delete(minute);
    this.#rolling = null;
    this.#rolledMinute = minute + 1;
    return this.#rolledMinute < end;
  }

  close(): void {
    this.#database.close();
  }

  /** The oldest minute in memory; if none is below `end`, the last one, so that all are skipped. */
  #nextMinute(end: number): { minute: number; series: Uint32Array; next: number } {
    const minute = Math.min(...this.#open.keys(), end - 1);
    // In the order of the table.
    const series = this.#open.get(minute)?.series() ?? new Uint32Array();
    return { minute, series, next: 0 };
  }

  #hold(series: number, point: Point): void {
    const minute = this.#minuteOf(point.timeMs);
    let sums = this.#open.get(minute);
    if (sums === undefined) this.#open.set(minute, (sums = new MinuteSums()));
    const before = sums.size;
    sums.add(series, point);
    this.#openSums += sums.size - before;
  }

  #correct(rows: readonly Row[]): void {
    const changes = new Map<number, MinuteSums>();
    for (const row of rows) {
      const minute = this.#minuteOf(row.timeMs);
      let sums = changes.get(minute);
      if (sums === undefined) changes.set(minute, (sums = new MinuteSums()));
      sums.add(row.series, row);
    }
    for (const [minute, more] of changes) {
      for (const series of more.series()) {
        const startMs = this.#startMs + minute * minuteMs;
        const sums = this.#statements.minute(minute, series, startMs) ?? emptySums();
        addSums(sums, more.get(series));
        this.#put(minute, series, sums);
      }
    }
  }

  #put(minute: number, series: number, sums: Sums): void {
    const startMs = this.#startMs + minute * minuteMs;
    this.#statements.putMinute(minute, series, sumsToRow(sums, startMs));
  }

  #insertRows(rows: readonly Row[]): Row[] {
    const added: Row[] = [];
    const add = (row: Row): void => {
      row.met.newRows += 1;
      added.push(row);
    };
    let next = 0;
    let isFresh = true;
    while (isFresh && next + rowsOfInsert <= rows.length) {
      const group = rows.slice(next, next + rowsOfInsert);
      isFresh = this.#insertGroup(group);
      const count = isFresh ? group.length : this.#statements.changes();
      group.slice(0, count).forEach(add);
      next += count;
    }
    for (const row of rows.slice(next)) {
      if (this.#statements.insertOne(this.#valuesOf(row))) add(row);
      else this.#meet(row);
    }
    return added;
  }

  /** `false`: one of them is there already; those before it are inserted (`INSERT OR FAIL`). */
  #insertGroup(rows: readonly Row[]): boolean {
    let at = 0;
    for (const row of rows) {
      const ms = row.timeMs - this.#startMs;
      const second = Math.floor(ms / 1000);
      const values = this.#groupValues;
      values[at] = second;
      values[at + 1] = row.series;
      values[at + 2] = ms - second * 1000;
      values[at + 3] = row.seq;
      values[at + 4] = row.index;
      values[at + 5] = row.value;
      values[at + 6] = row.flags;
      at += 7;
    }
    try {
      this.#statements.insertMany(this.#groupValues);
      return true;
    } catch (error) {
      if (isConstraint(error)) return false;
      throw error;
    }
  }

  #meet(row: Row): void {
    row.met.oldRows += 1;
    const stored = this.#statements.storedValue(this.#valuesOf(row).slice(0, 5));
    if (stored !== row.value) row.met.differs = true;
  }

  #toRows(readings: readonly PlacedReading[], met: readonly Met[]): Row[] {
    const rows: Row[] = [];
    for (const [place, { reading, timeMs, seq, index }] of readings.entries()) {
      const its = met[place];
      if (its === undefined) continue;
      const { fields, flags } = reading;
      for (const field in fields) {
        const series = this.#ids.idOf(reading, field);
        rows.push({ timeMs, seq, index, value: fields[field] ?? 0, flags, series, met: its });
      }
    }
    return rows;
  }

  #minuteOf(timeMs: number): number {
    return Math.floor((timeMs - this.#startMs) / minuteMs);
  }

  #valuesOf(row: Row): number[] {
    const ms = row.timeMs - this.#startMs;
    const second = Math.floor(ms / 1000);
    return [second, row.series, ms - second * 1000, row.seq, row.index, row.value, row.flags];
  }
}
