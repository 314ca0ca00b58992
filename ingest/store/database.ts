import { DatabaseSync } from "node:sqlite";
import { createPrivateFile } from "./private-files.ts";
import type { Sums } from "./sums.ts";

/** Only an operator's tool can hold a lock; a thread must not stand still for it. */
const busyTimeoutMs = 250;
/** In KB, for each file that is written: holds the pages that a second of rows touches. */
const cacheKb = 8_192;
/**
 * For each that is read. A day of a series is read once through, so that more pages gain nothing
 * (a file of 7 MB: 2 of 10 ms). What was ever held stays with the process: some 60 files are open.
 */
const readCacheKb = 1_024;
/** This layout; a later one adds its own steps. */
const layout = 1;

const seriesTable = `
  CREATE TABLE IF NOT EXISTS series (
    sppgId TEXT NOT NULL, deviceId TEXT NOT NULL, channel TEXT NOT NULL,
    reading TEXT NOT NULL, field TEXT NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (sppgId, deviceId, channel, reading, field)
  ) WITHOUT ROWID;`;

/** `lastMs` counts from the start of the minute or hour. */
const sumsTypes = `
  count INTEGER NOT NULL, flagged INTEGER NOT NULL, sum REAL NOT NULL, min REAL, max REAL,
  last REAL, lastMs INTEGER NOT NULL, lastSeq INTEGER NOT NULL, lastIdx INTEGER NOT NULL`;
export const sumsColumns = "count, flagged, sum, min, max, last, lastMs, lastSeq, lastIdx";

/** Seconds, minutes and ms count from the start of the day. What is written now lies together. */
export const daySchema = `${seriesTable}
  CREATE TABLE IF NOT EXISTS raw (
    second INTEGER NOT NULL, series INTEGER NOT NULL, ms INTEGER NOT NULL, seq INTEGER NOT NULL,
    idx INTEGER NOT NULL, value REAL NOT NULL, flags INTEGER NOT NULL,
    PRIMARY KEY (second, series, ms, seq, idx)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS minutes (
    minute INTEGER NOT NULL, series INTEGER NOT NULL, ${sumsTypes}, PRIMARY KEY (minute, series)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS rolled (id INTEGER PRIMARY KEY, minute INTEGER NOT NULL);
  INSERT OR IGNORE INTO rolled VALUES (1, 0);`;

const daysTable = "CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY);";

/** Minutes count from 1970. Written once, a day at a time, and read along a series. */
export const monthSchema = `${seriesTable} ${daysTable}
  CREATE TABLE IF NOT EXISTS minutes (
    series INTEGER NOT NULL, minute INTEGER NOT NULL, ${sumsTypes}, PRIMARY KEY (series, minute)
  ) WITHOUT ROWID;`;

/** Hours count from 1970; `latest` in UTC ms. */
export const yearSchema = `${seriesTable} ${daysTable}
  CREATE TABLE IF NOT EXISTS hours (
    series INTEGER NOT NULL, hour INTEGER NOT NULL, ${sumsTypes}, PRIMARY KEY (series, hour)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS latest (
    series INTEGER PRIMARY KEY, ms INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
    value REAL NOT NULL
  );`;

/** Where a reading with a clock that nobody believes stands: under its original time. */
export const suspectsSchema = `
  CREATE TABLE IF NOT EXISTS suspects (
    sppgId TEXT NOT NULL, deviceId TEXT NOT NULL, channel TEXT NOT NULL, reading TEXT NOT NULL,
    originalMs INTEGER NOT NULL, originalSeq INTEGER NOT NULL,
    timeMs INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
    PRIMARY KEY (sppgId, deviceId, channel, reading, originalMs, originalSeq)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS suspectsByTime
    ON suspects (timeMs, sppgId, deviceId, channel, reading, seq, idx);`;

/**
 * Opens a file for writing. `synchronous=NORMAL`: a commit waits for no disk, a checkpoint does;
 * `TelemetryStore.sync` makes commits durable. Checkpoints are asked for by the store.
 */
export function openDatabase(path: string, schema: string): DatabaseSync {
  createPrivateFile(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec(`
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_mode = WAL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cache_size = -${cacheKb};`);
    const version = database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (version !== layout) database.exec(`BEGIN; ${schema} PRAGMA user_version=${layout}; COMMIT`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  try {
    database.exec(`PRAGMA cache_size = -${readCacheKb}; PRAGMA query_only = 1`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** All or nothing. */
export function inTransaction<Result>(database: DatabaseSync, body: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after a full disk or an I/O error.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** The values of `sumsColumns`; `startMs` is the start of the minute or hour. */
export function sumsToRow(sums: Sums, startMs: number): (number | null)[] {
  const { count, flagged, sum, min, max, last, lastTimeMs, lastSeq, lastIndex } = sums;
  if (count === 0) return [0, flagged, 0, null, null, null, 0, 0, 0];
  return [count, flagged, sum, min, max, last, lastTimeMs - startMs, lastSeq, lastIndex];
}

/** A row that `setReturnArrays` gave; `at` is the place of `count` in it. */
export function sumsFromRow(row: readonly number[], at: number, startMs: number): Sums {
  const number = (place: number): number => row[at + place] ?? 0;
  const count = number(0);
  return {
    count,
    flagged: number(1),
    sum: number(2),
    min: count === 0 ? Number.POSITIVE_INFINITY : number(3),
    max: count === 0 ? Number.NEGATIVE_INFINITY : number(4),
    last: number(5),
    lastTimeMs: startMs + number(6),
    lastSeq: number(7),
    lastIndex: number(8),
  };
}

/** Rows as arrays of numbers, for statements whose columns are all numeric. */
export function numberRows(
  statement: ReturnType<DatabaseSync["prepare"]>,
  parameters: readonly number[],
): number[][] {
  // setReturnArrays makes it an array of arrays, which the types of node:sqlite do not follow.
  return statement.all(...parameters) as unknown as number[][];
}
