import type { DatabaseSync } from "node:sqlite";
import {
  inTransaction,
  monthSchema,
  numberRows,
  openDatabase,
  openForReading,
  sumsColumns,
  sumsFromRow,
  sumsToRow,
  yearSchema,
} from "./database.ts";
import { dayMs, hourMs, minuteMs, minutesOfDay } from "./files.ts";
import { createSeriesIds } from "./series-ids.ts";
import { addSums, emptySums, type Sums } from "./sums.ts";

/** Moves to newer only. */
const putLatestSql = `
  INSERT INTO latest VALUES (?, ?, ?, ?, ?) ON CONFLICT (series) DO UPDATE
  SET ms = excluded.ms, seq = excluded.seq, idx = excluded.idx, value = excluded.value
  WHERE (excluded.ms, excluded.seq, excluded.idx) > (ms, seq, idx)`;

/** Series copied in one step: as many as take about this long, so that others get their turn. */
const stepMs = 4;

export interface DayCopy {
  /** Copies some series; `false`: all are copied and the day may be marked. */
  step(): boolean;
  /** From now on readers may take the day's rollups from the month and the year. */
  mark(): void;
  close(): void;
}

export interface DayCopyPaths {
  dayPath: string;
  monthPath: string;
  yearPath: string;
}

interface Minute {
  series: number;
  minute: number;
  sums: Sums;
}

/** Copies the rollups of a day that is rolled to its end. Twice is the same as once. */
export function openDayCopy(day: number, paths: DayCopyPaths): DayCopy {
  const opened: DatabaseSync[] = [];
  const keep = (database: DatabaseSync): DatabaseSync => {
    opened.push(database);
    return database;
  };
  const close = (): void => opened.splice(0).forEach((database) => database.close());
  try {
    const source = keep(openForReading(paths.dayPath));
    const month = keep(openDatabase(paths.monthPath, monthSchema));
    const year = keep(openDatabase(paths.yearPath, yearSchema));
    return { ...copyBetween(day, { source, month, year }), close };
  } catch (error) {
    close();
    throw error;
  }
}

interface CopyDatabases {
  source: DatabaseSync;
  month: DatabaseSync;
  year: DatabaseSync;
}

function copyBetween(day: number, databases: CopyDatabases): Omit<DayCopy, "close"> {
  const { source, month, year } = databases;
  const toMonth = createMonthCopy(month);
  const toYear = createYearCopy(year);
  const series = source.prepare("SELECT * FROM series ORDER BY id").all();
  const minutes = source.prepare(`
    WITH RECURSIVE every(minute) AS (
      SELECT 0 UNION ALL SELECT minute + 1 FROM every WHERE minute < ${minutesOfDay - 1})
    SELECT m.minute, ${sumsColumns} FROM every CROSS JOIN minutes m
    WHERE m.minute = every.minute AND m.series = ?`);
  minutes.setReturnArrays(true);
  let next = 0;
  const copyOne = (row: Record<string, unknown>): void => {
    const named = nameOf(row);
    const id = Number(row["id"]);
    const found = numberRows(minutes, [id]).map((values) => {
      const minute = (day * dayMs) / minuteMs + (values[0] ?? 0);
      return { minute, sums: sumsFromRow(values, 1, minute * minuteMs) };
    });
    toMonth.put(named, found);
    toYear.put(named, found);
  };
  return {
    step() {
      const startMs = performance.now();
      inTransaction(month, () =>
        inTransaction(year, () => {
          while (next < series.length && performance.now() - startMs < stepMs) {
            copyOne(series[next] ?? {});
            next += 1;
          }
        }),
      );
      return next < series.length;
    },
    mark() {
      // Readers trust the day where both say so.
      for (const database of [year, month]) {
        database.prepare("INSERT OR IGNORE INTO days VALUES (?)").run(day);
      }
    },
  };
}

type Named = Parameters<ReturnType<typeof createSeriesIds>["idOf"]>[0] & { field: string };

function nameOf(row: Record<string, unknown>): Named {
  const text = (name: string): string => String(row[name]);
  const [sppgId, deviceId, channel] = [text("sppgId"), text("deviceId"), text("channel")];
  const [reading, field] = [text("reading"), text("field")];
  const seriesKey = `${sppgId}/${deviceId}/${channel}/${reading}`;
  return { sppgId, deviceId, channel, reading, field, seriesKey };
}

function createMonthCopy(database: DatabaseSync) {
  const ids = createSeriesIds(database);
  const put = prepareSums(database, "minutes");
  return {
    put(named: Named, minutes: readonly Omit<Minute, "series">[]): void {
      const id = ids.idOf(named, named.field);
      for (const { minute, sums } of minutes) {
        put.run(id, minute, ...sumsToRow(sums, minute * minuteMs));
      }
    },
  };
}

function createYearCopy(database: DatabaseSync) {
  const ids = createSeriesIds(database);
  const put = prepareSums(database, "hours");
  const putLatest = database.prepare(putLatestSql);
  return {
    put(named: Named, minutes: readonly Omit<Minute, "series">[]): void {
      const id = ids.idOf(named, named.field);
      const hours = new Map<number, Sums>();
      for (const { minute, sums } of minutes) {
        const hour = Math.floor((minute * minuteMs) / hourMs);
        const whole = hours.get(hour) ?? emptySums();
        addSums(whole, sums);
        hours.set(hour, whole);
      }
      for (const [hour, sums] of hours) {
        put.run(id, hour, ...sumsToRow(sums, hour * hourMs));
        const { count, lastTimeMs, lastSeq, lastIndex, last } = sums;
        if (count > 0) putLatest.run(id, lastTimeMs, lastSeq, lastIndex, last);
      }
    },
  };
}

function prepareSums(database: DatabaseSync, table: "minutes" | "hours") {
  return database.prepare(
    `INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
}

/** Whether the file holds the day's rollups whole. */
export function holdsDay(path: string, day: number): boolean {
  const database = openForReading(path);
  try {
    return database.prepare("SELECT 1 FROM days WHERE day = ?").get(day) !== undefined;
  } finally {
    database.close();
  }
}

/** Something late has come: readers take the day from its own file until it is copied again. */
export function unmarkDay(path: string, schema: string, day: number): void {
  const database = openDatabase(path, schema);
  try {
    database.prepare("DELETE FROM days WHERE day = ?").run(day);
  } finally {
    database.close();
  }
}
