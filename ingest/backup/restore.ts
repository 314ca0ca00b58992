import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { acquireDataLock, unfinishedRestoreName } from "../../devices/index.ts";
import { backupError, isMissing } from "./errors.ts";
import {
  copyFile,
  digestFile,
  type FileDigest,
  listFolder,
  privateFolder,
  syncPath,
} from "./files.ts";
import { type Manifest, readManifest } from "./manifest.ts";

export interface RestoreOptions {
  from: string;
  /** Empty, or not there, or left behind by a restore of the same backup that was killed. */
  dataDir: string;
  signal: AbortSignal;
}

type ManifestFile = Manifest["files"][number];

/** Beside what is restored: the owner's lock, which holds nothing. */
const lockFile = /^lock\.sqlite(?:-.*)?$/;
/** Moved last: without it there is no data folder. */
const lastEntry = "records.sqlite";

/**
 * Writes a backup into an empty data folder. Everything is verified before anything is written,
 * and again as it is written. All of it stands in a folder of its own until it is on disk, and
 * moves to its place then; as long as that folder is there, no `serve` and no command goes on with
 * what lies beside it, and the same restore may be run again.
 */
export async function restore(options: RestoreOptions): Promise<Manifest> {
  const { from, dataDir } = options;
  const manifest = await readManifest(from);
  for (const file of manifest.files) {
    refuseStop(options);
    await verify(path.join(from, file.path), file);
  }
  await refuseOthers(dataDir, manifest);
  const lock = acquireDataLock(dataDir);
  try {
    await refuseOthers(dataDir, manifest);
    await write(options, manifest);
  } finally {
    lock.release();
  }
  return manifest;
}

async function write(options: RestoreOptions, manifest: Manifest): Promise<void> {
  const { dataDir } = options;
  const staging = path.join(dataDir, unfinishedRestoreName);
  const entries = entriesOf(manifest);
  const moved = entries.filter((entry) => existsSync(path.join(dataDir, entry)));
  await mkdir(staging, { recursive: true, mode: privateFolder });
  // Of a run that was killed, or of another backup: whatever has not moved is written anew.
  for (const name of await listFolder(staging)) {
    await rm(path.join(staging, name), { recursive: true });
  }
  await syncPath(dataDir);
  await syncPath(path.dirname(path.resolve(dataDir)));
  for (const file of manifest.files) {
    refuseStop(options);
    if (moved.includes(entryOf(file))) await verifyMoved(dataDir, file);
    else await writeFile(options.from, staging, file);
  }
  for (const folder of foldersOf(manifest)) {
    if (!moved.includes(folder)) await syncPath(path.join(staging, folder));
  }
  await syncPath(staging);
  for (const entry of entries) {
    if (!moved.includes(entry)) await rename(path.join(staging, entry), path.join(dataDir, entry));
  }
  await syncPath(dataDir);
  await rm(staging, { recursive: true });
  await syncPath(dataDir);
}

async function writeFile(from: string, staging: string, file: ManifestFile): Promise<void> {
  const target = path.join(staging, file.path);
  await mkdir(path.dirname(target), { recursive: true, mode: privateFolder });
  compare(path.join(from, file.path), file, await copyFile(path.join(from, file.path), target));
}

/** An earlier run had come so far with it. */
async function verifyMoved(dataDir: string, file: ManifestFile): Promise<void> {
  try {
    await verify(path.join(dataDir, file.path), file);
  } catch (error) {
    const message = `${dataDir} holds a part of something else: empty it and restore again.`;
    throw backupError("BACKUP_RESTORE_REFUSED", message, { cause: error });
  }
}

async function verify(place: string, file: ManifestFile): Promise<void> {
  try {
    compare(place, file, await digestFile(place));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw backupError("BACKUP_DAMAGED", `${place} is missing: take another backup.`, {
      cause: error,
    });
  }
}

function compare(place: string, wanted: ManifestFile, found: FileDigest): void {
  if (found.bytes === wanted.bytes && found.sha256 === wanted.sha256) return;
  const message = `${place} is not what was backed up (its SHA-256 differs): take another backup.`;
  throw backupError("BACKUP_DAMAGED", message, { facts: { file: wanted.path } });
}

/** What a killed run has left may stay; anything else is somebody's. */
async function refuseOthers(dataDir: string, manifest: Manifest): Promise<void> {
  const names = (await listFolder(dataDir)).filter((name) => !lockFile.test(name));
  const own = names.includes(unfinishedRestoreName)
    ? [unfinishedRestoreName, ...entriesOf(manifest)]
    : [];
  const other = names.find((name) => !own.includes(name));
  if (other === undefined) return;
  const message =
    `${dataDir} is not empty (${other}): a restore writes into an empty folder only. ` +
    "Set NADI_DATA_DIR to another one, or move what is there away.";
  throw backupError("BACKUP_RESTORE_REFUSED", message);
}

function refuseStop({ signal }: RestoreOptions): void {
  if (!signal.aborted) return;
  throw backupError("BACKUP_STOPPED", "The restore was stopped: run it again.");
}

/** What is moved as one: files of the folder itself, and the folders in it. */
function entriesOf(manifest: Manifest): string[] {
  const entries = new Set(manifest.files.map(entryOf));
  entries.delete(lastEntry);
  return [...entries, lastEntry];
}

function entryOf(file: ManifestFile): string {
  return file.path.split("/")[0] ?? file.path;
}

function foldersOf(manifest: Manifest): string[] {
  const nested = manifest.files.filter((file) => file.path.includes("/"));
  return [...new Set(nested.map(entryOf))];
}
