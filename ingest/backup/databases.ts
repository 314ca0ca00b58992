import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { listFiles, suspectsPath } from "../store/files.ts";
import { createPrivateFile } from "../store/private-files.ts";
import { backupError } from "./errors.ts";
import { copyFile, privateFolder } from "./files.ts";

/**
 * All pages in one step, as of one commit. In several steps the copy would begin anew with each
 * commit of the running service, and never end.
 */
const pagesOfStep = 0x7fff_ffff;
const busyTimeoutMs = 5_000;
/** Another process recovers a log that a kill has left behind, or opens the file: soon over. */
const attemptsMax = 20;
const retryMs = 100;
const sqliteBusyCodes = [5, 6];

/**
 * Copies one SQLite database as of now, beside its writer, in a thread of the pool. The copy is a
 * single file with nothing beside it, not yet durable.
 * @returns `false`: it is not there
 */
export async function copyDatabase(from: string, to: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    if (!existsSync(from)) return false;
    try {
      await copyOnce(from, to);
      return true;
    } catch (error) {
      // Retention has deleted it, or damage was moved aside.
      if (!existsSync(from)) return false;
      const isBusy = sqliteBusyCodes.includes(resultCode(error));
      if (isBusy && attempt < attemptsMax) await delay(retryMs);
      else throw unreadable(from, error);
    }
  }
}

async function copyOnce(from: string, to: string): Promise<void> {
  createPrivateFile(to);
  const source = new DatabaseSync(from, { readOnly: true, timeout: busyTimeoutMs });
  try {
    await backup(source, to, { rate: pagesOfStep });
  } finally {
    source.close();
  }
}

/**
 * Copies the store's files. Days come first: a day is deleted only once its month and year hold it,
 * so that whichever has gone meanwhile is found in what is copied later.
 * @param onFile is awaited before each file; throws to give up
 */
export async function copyReadings(
  from: string,
  to: string,
  onFile: () => Promise<void>,
): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(to, { mode: privateFolder });
  const { days, months, years } = listFiles(from);
  const paths = [...days, ...months, ...years].map((file) => file.path);
  for (const file of [...paths, suspectsPath(from)]) {
    await onFile();
    await copyDatabase(file, path.join(to, path.basename(file)));
  }
  const upkeepDay = path.join(from, "upkeep-day");
  if (existsSync(upkeepDay)) await copyFile(upkeepDay, path.join(to, "upkeep-day"));
}

/** What the copied records say of the journal. */
export interface RecordsFacts {
  /** The last entry whose consequences they hold; `null`: none yet. */
  monitorOffset: number | null;
  changeSeq: number;
}

/** Reads a copy that nobody writes, without leaving anything beside it; checks it whole. */
export function readRecordsFacts(copy: string): RecordsFacts {
  const url = pathToFileURL(copy);
  url.searchParams.set("immutable", "1");
  const database = new DatabaseSync(url, { readOnly: true });
  try {
    const { quick_check: verdict } = database.prepare("PRAGMA quick_check(1)").get() ?? {};
    if (verdict !== "ok") throw new Error(String(verdict));
    const number = (table: string, expression: string): number | null => {
      // The records of an older version may lack it.
      const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
      if (isThere === undefined) return null;
      const value = database.prepare(`SELECT ${expression} AS value FROM ${table}`).get()?.[
        "value"
      ];
      return typeof value === "number" ? value : null;
    };
    return {
      monitorOffset: number("monitor_meta", "min(entry_offset)"),
      changeSeq: number("change_log", "max(seq)") ?? 0,
    };
  } catch (error) {
    throw unreadable(copy, error);
  } finally {
    database.close();
  }
}

function resultCode(error: unknown): number {
  // The low byte of SQLite's extended code.
  const isOurs = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return isOurs ? Number(error.errcode) & 0xff : 0;
}

function unreadable(file: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `${file} can't be copied (${reason}): a damaged file is set aside by the next start of ` +
    "nadi serve; then back up again.";
  return backupError("BACKUP_SOURCE_UNREADABLE", message, { cause });
}
