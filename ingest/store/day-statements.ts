import type { DatabaseSync, StatementSync } from "node:sqlite";
import { sumsColumns, sumsFromRow } from "./database.ts";
import type { Sums } from "./sums.ts";

export interface DayStatements {
  /** `INSERT OR FAIL`: throws at the first row that is there, and keeps those before it. */
  insertMany(values: readonly number[]): void;
  /** `false`: it is there already. */
  insertOne(values: readonly number[]): boolean;
  /** How many rows the last INSERT has added. */
  changes(): number;
  storedValue(place: readonly number[]): number | null;
  /** Raw rows behind a place, in the order of the table. */
  rowsAfter: StatementSync;
  minute(minute: number, series: number, startMs: number): Sums | null;
  putMinute(minute: number, series: number, row: readonly (number | null)[]): void;
  rolledMinute(): number;
  setRolledMinute(minute: number): void;
}

export function createDayStatements(database: DatabaseSync, rowsOfInsert: number): DayStatements {
  const oneRow = "(?, ?, ?, ?, ?, ?, ?)";
  const manyRows = Array.from({ length: rowsOfInsert }, () => oneRow).join(", ");
  const insertMany = database.prepare(`INSERT OR FAIL INTO raw VALUES ${manyRows}`);
  const insertOne = database.prepare(`INSERT OR IGNORE INTO raw VALUES ${oneRow}`);
  const changes = database.prepare("SELECT changes() AS count");
  const stored = database.prepare(
    "SELECT value FROM raw WHERE second = ? AND series = ? AND ms = ? AND seq = ? AND idx = ?",
  );
  const rowsAfter = database.prepare(`
    SELECT second, series, ms, seq, idx, value, flags FROM raw
    WHERE (second, series, ms, seq, idx) > (?, ?, ?, ?, ?)
    ORDER BY second, series, ms, seq, idx LIMIT ?`);
  rowsAfter.setReturnArrays(true);
  const minute = database.prepare(
    `SELECT ${sumsColumns} FROM minutes WHERE minute = ? AND series = ?`,
  );
  minute.setReturnArrays(true);
  const putMinute = database.prepare(
    "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const rolled = database.prepare("SELECT minute FROM rolled WHERE id = 1");
  const setRolled = database.prepare("UPDATE rolled SET minute = ? WHERE id = 1");
  return {
    insertMany: (values) => void insertMany.run(...values),
    insertOne: (values) => insertOne.run(...values).changes === 1,
    changes: () => Number(changes.get()?.["count"]),
    storedValue: (place) => Number(stored.get(...place)?.["value"]),
    rowsAfter,
    minute(number, series, startMs) {
      // An array of numbers, by setReturnArrays above.
      const row = minute.get(number, series) as unknown as number[] | undefined;
      return row === undefined ? null : sumsFromRow(row, 0, startMs);
    },
    putMinute: (number, series, row) => void putMinute.run(number, series, ...row),
    rolledMinute: () => Number(rolled.get()?.["minute"]),
    setRolledMinute: (number) => void setRolled.run(number),
  };
}
