import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { CodedError, recordsError, type RecordsErrorCode } from "./errors.ts";

/** SQLite's primary result codes that a caller can act on. */
const codesByResult = new Map<number, RecordsErrorCode>([
  [5, "RECORDS_LOCKED"],
  [6, "RECORDS_LOCKED"],
  [8, "RECORDS_UNAVAILABLE"],
  [10, "RECORDS_UNAVAILABLE"],
  [11, "RECORDS_UNAVAILABLE"],
  [13, "RECORDS_DISK_FULL"],
  [14, "RECORDS_UNAVAILABLE"],
  [26, "RECORDS_UNAVAILABLE"],
]);

const advice: Partial<Record<RecordsErrorCode, string>> = {
  RECORDS_LOCKED: "another process is writing to it; try again",
  RECORDS_DISK_FULL: "free some disk space; nothing was changed",
  RECORDS_UNAVAILABLE: "check the data folder, its rights and its disk",
};

/** The one place that reads node:sqlite's own error fields. */
export function sqliteResultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  // Extended codes carry the primary one in their low byte.
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

/** `error` as a `CodedError` where its result code says something; else `error` itself. */
export function toRecordsError(error: unknown, path: string): unknown {
  if (error instanceof CodedError) return error;
  const code = codesByResult.get(sqliteResultCode(error) ?? -1);
  if (code === undefined || !(error instanceof Error)) return error;
  return recordsError(code, {
    message: `The records database ${path} failed (${error.message}): ${advice[code] ?? ""}.`,
    facts: { path },
    cause: error,
  });
}

/**
 * The few methods of better-sqlite3 that kysely's SQLite dialect calls, over node:sqlite.
 *
 * Every transaction begins IMMEDIATE: one that reads first and then writes can't be refused for a
 * stale snapshot, and the order of commits is the order of begins.
 */
export function bridgeToKysely(database: DatabaseSync, path: string): SqliteDatabase {
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toRecordsError(error, path);
    }
  };
  return {
    close: () => guard(() => database.close()),
    prepare(sql) {
      // A full disk makes SQLite roll back by itself; a second rollback would then throw and hide
      // why.
      if (sql === "rollback" && !database.isTransaction) return nothing;
      const text = sql === "begin" ? "begin immediate" : sql;
      return guard(() => bridgeStatement(database.prepare(text), guard));
    },
  };
}

function bridgeStatement(
  statement: StatementSync,
  guard: <T>(work: () => T) => T,
): SqliteStatement {
  // kysely compiles only values that SQLite knows; anything else makes node:sqlite throw.
  const values = (parameters: readonly unknown[]): SQLInputValue[] => [
    ...(parameters as readonly SQLInputValue[]),
  ];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guard(() => statement.all(...values(parameters))),
    run: (parameters) => guard(() => statement.run(...values(parameters))),
    iterate: (parameters) => guard(() => statement.iterate(...values(parameters))),
  };
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};
