import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { Kysely, SqliteDialect, sql, type Transaction } from "kysely";
import { CodedError } from "./errors.ts";
import type { PostgresOptions } from "./postgres.ts";
import { bridgeToKysely, sqliteResultCode, toRecordsError } from "./sqlite-bridge.ts";
import { refuseUnfinishedRestore } from "./unfinished-restore.ts";
import { createWriteTurns, type WriteTurns } from "./write-turns.ts";

export type RecordsDialect = "sqlite" | "postgres";

/** An open records database. Each folder sees its own tables in it: `tablesOf<MyTables>(…)`. */
export interface Records {
  db: Kysely<unknown>;
  dialect: RecordsDialect;
  close(): Promise<void>;
}

/** A file of our own, or a database on PostgreSQL by its URL. */
export type RecordsOptions = SqliteOptions | PostgresOptions;

export interface SqliteOptions {
  /** A file, made if missing with its folder, or `:memory:`. */
  path: string;
  /** How long a statement waits for another process's write lock. Default 5 s. */
  busyTimeoutMs?: number;
}

/**
 * A command holds the write lock for milliseconds, a migration for less than this. The worker's
 * thread stands still while it waits, so longer would only hide a fault.
 */
export const recordsBusyTimeoutMs = 5_000;

/** Switching to WAL fails at once where another process is opening: try again, up to 5 s. */
const openAttemptsMax = 100;
const openRetryMs = 50;

export function recordsPath(dataDir: string): string {
  return join(dataDir, "records.sqlite");
}

/** Where a deployment keeps its records: `NADI_DATABASE_URL`, or a file in its data folder. */
export function recordsOf(place: {
  dataDir: string;
  databaseUrl?: string | undefined;
  busyTimeoutMs?: number;
}): RecordsOptions {
  const { dataDir, databaseUrl, busyTimeoutMs = recordsBusyTimeoutMs } = place;
  if (databaseUrl !== undefined) return { url: databaseUrl };
  return { path: recordsPath(dataDir), busyTimeoutMs };
}

/** Opens the records; rejects with a coded error when they can't be reached. */
export async function openRecords(options: RecordsOptions): Promise<Records> {
  if (!("url" in options)) return openSqlite(options);
  // Loaded only where it is needed: a kitchen's own machine starts without it.
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres(options);
}

/**
 * Opens the database with WAL, `synchronous=FULL` (a commit is on disk), foreign keys and a busy
 * timeout. Synchronous underneath: never call it on the main thread of `serve`.
 */
async function openSqlite(options: SqliteOptions): Promise<Records> {
  const { path } = options;
  if (path !== ":memory:") {
    refuseUnfinishedRestore(dirname(path));
    createPrivateFile(path);
  }
  const database = await openWithRetry(path, options.busyTimeoutMs ?? recordsBusyTimeoutMs);
  const dialect = new SqliteDialect({ database: bridgeToKysely(database, path) });
  const db = new Kysely<unknown>({ dialect });
  const close = async (): Promise<void> => {
    await db.destroy();
    // kysely leaves a database alone that it never ran a query on.
    if (database.isOpen) database.close();
  };
  let closing: Promise<void> | null = null;
  return { db, dialect: "sqlite", close: () => (closing ??= close()) };
}

/** The handle, typed with one folder's tables; what it does not name stays invisible to it. */
export function tablesOf<Tables>(records: Records): Kysely<Tables> {
  // The migrations decide what tables exist; kysely's types are a claim in any case.
  return records.db as unknown as Kysely<Tables>;
}

/** After a lost connection or a deadlock: one that was restarted takes its time, callers too. */
const writeAttemptsMax = 3;
const writeRetryMs = 100;

/** Of each database that is open on PostgreSQL. */
const turnsOf = new WeakMap<Kysely<unknown>, WriteTurns>();

/**
 * A transaction that writes. On SQLite it begins IMMEDIATE; on PostgreSQL it takes one advisory
 * lock first, so that in both the order of `change_log.seq` is the order of commits and a reader
 * that has seen seq n never finds a smaller one later.
 *
 * On PostgreSQL `work` may run again, when the transaction has certainly been rolled back: a
 * connection that broke before the commit was sent, a deadlock. It must do nothing but query.
 */
export async function writeTransaction<Tables, Result>(
  records: Records,
  work: (tx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    let isCommitting = false;
    const turns = await takeTurn(records);
    try {
      return await tablesOf<Tables>(records)
        .transaction()
        .execute(async (tx) => {
          await serializeWriters(tx, records.dialect);
          const result = await work(tx);
          isCommitting = true;
          return result;
        });
    } catch (error) {
      // What became of a commit that was under way is not known: the caller has to look.
      const mayRetry = records.dialect === "postgres" && !isCommitting && isPassing(error);
      if (!mayRetry || attempt >= writeAttemptsMax) throw error;
    } finally {
      turns?.give();
    }
    await delay(writeRetryMs * attempt);
  }
}

/** `null` on SQLite, whose one connection is one writer anyway. */
async function takeTurn({ db, dialect }: Records): Promise<WriteTurns | null> {
  if (dialect === "sqlite") return null;
  const turns = turnsOf.get(db) ?? createWriteTurns();
  turnsOf.set(db, turns);
  await turns.take(recordsBusyTimeoutMs);
  return turns;
}

/** A lock that was waited for in vain is not passing: its wait has been long enough. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof CodedError)) return false;
  if (error.code === "RECORDS_UNAVAILABLE") return true;
  const { cause } = error;
  if (!(cause instanceof Error && "code" in cause)) return false;
  return cause.code === "40001" || cause.code === "40P01";
}

/** "nadi" in ASCII: any constant does, if every writer of this database takes the same. */
const advisoryLockKey = 0x6e616469;

async function serializeWriters<Tables>(
  tx: Transaction<Tables>,
  dialect: RecordsDialect,
): Promise<void> {
  if (dialect === "sqlite") return;
  await sql`select pg_advisory_xact_lock(${sql.lit(advisoryLockKey)})`.execute(tx);
}

/** The database holds password hashes: only its owner reads it. WAL and SHM files take its mode. */
function createPrivateFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    if (isNodeError(error, "EEXIST")) return;
    // What else stands in the way is told better by opening it.
    if (!isNodeError(error)) throw error;
  }
}

function isNodeError(error: unknown, code?: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return code === undefined || error.code === code;
}

async function openWithRetry(path: string, busyTimeoutMs: number): Promise<DatabaseSync> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return openOnce(path, busyTimeoutMs);
    } catch (error) {
      const isBusy = sqliteResultCode(error) === 5;
      if (!isBusy || attempt >= openAttemptsMax) throw toRecordsError(error, path);
      await delay(openRetryMs);
    }
  }
}

function openOnce(path: string, busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: true,
  });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
