import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { recordsError } from "./errors.ts";
import { sqliteResultCode, toRecordsError } from "./sqlite-bridge.ts";

export interface DataLock {
  /** Idempotent. */
  release(): void;
}

/**
 * node:sqlite closes a database that is collected as garbage, and with it goes the lock: an owner
 * that forgets its `DataLock` must stay the owner.
 */
const heldLocks = new Set<DatabaseSync>();

/**
 * Makes this process the one owner of a data folder, or throws `RECORDS_DATA_DIR_IN_USE`.
 *
 * The owner is whoever holds SQLite's exclusive lock on `lock.sqlite`: the kernel gives it back
 * when the process ends, however it ends, and no stale pid file can lie. Nobody may open that file
 * in the owner's process by other means: closing any descriptor of a file gives up the process's
 * POSIX locks on it.
 */
export function acquireDataLock(dataDir: string): DataLock {
  const path = join(dataDir, "lock.sqlite");
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    createFile(path);
    database = new DatabaseSync(path, { timeout: 0 });
    // Held open until release; nothing is ever written, so no journal is left behind.
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (sqliteResultCode(error) !== 5) throw toRecordsError(error, path);
    throw recordsError("RECORDS_DATA_DIR_IN_USE", {
      message:
        `Another nadi serve owns the data folder ${dataDir}: stop it first, ` +
        "or set NADI_DATA_DIR to a folder of its own.",
      facts: { dataDir },
      cause: error,
    });
  }
  const held = database;
  heldLocks.add(held);
  return {
    release() {
      heldLocks.delete(held);
      if (held.isOpen) held.close();
    },
  };
}

/** For its owner only. One that is there is not opened: closing it would give up its lock. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    // What else stands in the way is told better by opening it.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
