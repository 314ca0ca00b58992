import { existsSync } from "node:fs";
import { mkdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type JournalCopy, journalDirectory, openJournalCopy } from "../../broker/index.ts";
import { recordsPath, refuseUnfinishedRestore } from "../../devices/index.ts";
import { readingsDirectory } from "../readings-directory.ts";
import { copyDatabase, copyReadings, readRecordsFacts } from "./databases.ts";
import { backupError } from "./errors.ts";
import { copyFile, digestFile, listFolder, privateFile, privateFolder, syncPath } from "./files.ts";
import {
  draftName,
  type Manifest,
  type ManifestFacts,
  manifestName,
  writeManifest,
} from "./manifest.ts";

export interface BackupOptions {
  dataDir: string;
  /** A folder that is empty or not there. */
  to: string;
  readings: Manifest["readings"];
  /** Stays free on the target's disk: below it a `serve` on the same disk acknowledges nothing. */
  freeBytesMin: number;
  nowMs: () => number;
  signal: AbortSignal;
}

/** A file of the journal would have to come and go in this time to be missed. */
const followIntervalMs = 200;
/** Whoever is overtaken so often, as after being stopped, has to be told. */
const attemptsMax = 3;
const folders = { journal: "journal", readings: "readings" } as const;
/** Small files of the data folder that are replaced as a whole, such as the demo's. */
const plainFile = /^[a-z0-9-]{1,60}\.json$/;

/**
 * Copies a data folder beside its running `serve`, or without one. The order makes it one state:
 * the journal is got hold of first and copied last, and between them the readings and then the
 * records. So the journal's copy holds all that the others do not have yet, and nothing of what
 * they hold is missing in it. A restored `serve` goes on as after a crash at the stated offset.
 */
export async function backUp(options: BackupOptions): Promise<Manifest> {
  const { to } = options;
  await checkSource(options);
  const isOurs = await claimTarget(options);
  try {
    await checkSpace(options);
    const facts = await copyAll(options);
    return await writeManifest(to, facts);
  } catch (error) {
    // Nobody should take what is left for a backup; a kill leaves it without a manifest.
    await clear(to);
    await rm(path.join(to, draftName), { force: true });
    if (isOurs) await rm(to, { recursive: true, force: true });
    throw error;
  }
}

async function checkSource({ dataDir, to }: BackupOptions): Promise<void> {
  if (!existsSync(recordsPath(dataDir))) {
    const message = `There is nothing to back up in ${dataDir}: set NADI_DATA_DIR.`;
    throw backupError("BACKUP_NOTHING_THERE", message);
  }
  refuseUnfinishedRestore(dataDir);
  const inside = path.relative(path.resolve(dataDir), path.resolve(to));
  if (!inside.startsWith("..") && !path.isAbsolute(inside)) {
    const message = `${to} lies in the data folder, which it should outlive: name another one.`;
    throw backupError("BACKUP_TARGET_REFUSED", message);
  }
}

/** @returns whether this call has made the folder */
async function claimTarget({ to }: BackupOptions): Promise<boolean> {
  const isNew = !existsSync(to);
  await mkdir(to, { recursive: true, mode: privateFolder });
  const names = await listFolder(to);
  if (names.length > 0) {
    const what = names.includes(draftName)
      ? "holds a backup that is being made or did not come to its end"
      : names.includes(manifestName)
        ? "holds a backup already"
        : "is not empty";
    const message = `${to} ${what}: name another folder, or delete that one.`;
    throw backupError("BACKUP_TARGET_REFUSED", message);
  }
  // Exclusive: of two backups into one folder the second fails.
  await writeFile(path.join(to, draftName), "", { flag: "wx", mode: privateFile });
  return isNew;
}

async function checkSpace({ dataDir, to, freeBytesMin, readings }: BackupOptions): Promise<void> {
  const sources = [recordsPath(dataDir), `${recordsPath(dataDir)}-wal`];
  const copied = [journalDirectory(dataDir)];
  if (readings === "included") copied.push(readingsDirectory(dataDir));
  for (const folder of copied) {
    for (const name of await listFolder(folder)) sources.push(path.join(folder, name));
  }
  let bytes = 0;
  for (const file of sources) bytes += (await stat(file).catch(() => null))?.size ?? 0;
  const { bavail, bsize } = await statfs(to);
  const free = bavail * bsize;
  if (free >= bytes + freeBytesMin) return;
  const message =
    `${to} has ${free} bytes free; the backup takes about ${bytes}, and ${freeBytesMin} stay ` +
    "free (NADI_MIN_FREE_BYTES), so that a serve on that disk goes on: name another disk.";
  throw backupError("BACKUP_NO_SPACE", message);
}

async function copyAll(options: BackupOptions): Promise<ManifestFacts> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await copyOnce(options);
    } catch (error) {
      const isOvertaken =
        error instanceof Error && "code" in error && error.code === "JOURNAL_COPY_OVERTAKEN";
      if (!isOvertaken || attempt >= attemptsMax) throw error;
      await clear(options.to);
    }
  }
}

async function copyOnce(options: BackupOptions): Promise<ManifestFacts> {
  const { dataDir, to, nowMs } = options;
  const journalCopy = path.join(to, folders.journal);
  await mkdir(journalCopy, { mode: privateFolder });
  const journal = await openJournalCopy({ from: journalDirectory(dataDir), to: journalCopy });
  try {
    const records = await whileFollowing(journal, () => copyDatabases(options, journal));
    const { firstOffset, lastOffset } = await journal.finish(records.changeSeq);
    refuseMisfit(lastOffset, records.monitorOffset);
    await copyPlainFiles(options);
    return {
      createdAt: new Date(nowMs()).toISOString(),
      offset: lastOffset,
      firstOffset,
      recorderOffset: (journal.cursors.get("recorder") ?? 1) - 1,
      ...records,
      readings: options.readings,
      files: await seal(to),
    };
  } finally {
    await journal.close();
  }
}

/** The recorder's cursor was read before: what lies below it is in the files. */
async function copyDatabases(options: BackupOptions, journal: JournalCopy) {
  const { dataDir, to, readings, signal } = options;
  const goOn = async (): Promise<void> => {
    if (signal.aborted)
      throw backupError("BACKUP_STOPPED", "The backup was stopped: run it again.");
    await journal.follow();
  };
  if (readings === "included") {
    await copyReadings(readingsDirectory(dataDir), path.join(to, folders.readings), goOn);
  }
  await goOn();
  await journal.mark();
  const copy = recordsPath(to);
  await copyDatabase(recordsPath(dataDir), copy);
  return readRecordsFacts(copy);
}

/** A large file takes minutes to copy, in which the journal may begin others and trim them. */
async function whileFollowing<Result>(
  journal: JournalCopy,
  work: () => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const follow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await journal.follow();
      // Aborted: the loop ends.
      await delay(followIntervalMs, null, { signal: over.signal }).catch(() => null);
    }
  };
  const following = follow();
  // Thrown below, when what is being copied has come to its end.
  const ended = following.catch(() => null);
  try {
    const result = await work();
    over.abort();
    await following;
    return result;
  } finally {
    over.abort();
    await ended;
  }
}

/** Only where a journal was lost: all that the records know was in it when they were copied. */
function refuseMisfit(lastOffset: number, monitorOffset: number | null): void {
  if (monitorOffset === null || monitorOffset <= lastOffset) return;
  const message =
    `The journal ends at ${lastOffset}, but the records know it up to ${monitorOffset}: a part ` +
    "is lost. Start nadi serve, which goes on behind it, and back up again.";
  throw backupError("BACKUP_INCONSISTENT", message);
}

async function copyPlainFiles({ dataDir, to }: BackupOptions): Promise<void> {
  for (const name of await listFolder(dataDir)) {
    if (!plainFile.test(name) || name === manifestName) continue;
    await copyFile(path.join(dataDir, name), path.join(to, name));
  }
}

/** Makes everything durable and says what it is. */
async function seal(to: string): Promise<ManifestFacts["files"]> {
  const files: ManifestFacts["files"] = [];
  for (const folder of ["", folders.journal, folders.readings]) {
    const place = path.join(to, folder);
    const names = await listFolder(place);
    for (const name of names) {
      if (folder === "" && (name === draftName || Object.hasOwn(folders, name))) continue;
      const file = path.posix.join(folder, name);
      await syncPath(path.join(to, file));
      files.push({ path: file, ...(await digestFile(path.join(to, file))) });
    }
    if (names.length > 0) await syncPath(place);
  }
  await syncPath(path.dirname(path.resolve(to)));
  return files;
}

/** All but the draft, which keeps the folder ours. */
async function clear(to: string): Promise<void> {
  for (const name of await listFolder(to)) {
    if (name !== draftName) await rm(path.join(to, name), { recursive: true, force: true });
  }
}
