import { appendFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test, type TestContext } from "vitest";
import { journalDirectory, openFileJournal } from "../../../broker/index.ts";
import { acquireDataLock } from "../../../devices/index.ts";
import { openRecords, recordsPath } from "../../../devices/records/records.ts";
import type { Manifest } from "../../../ingest/backup/manifest.ts";
import { createSite, type Site } from "./site.ts";

interface Backup extends Site {
  from: string;
  target: string;
  manifest: Manifest;
}

async function createBackup(t: TestContext): Promise<Backup> {
  const site = await createSite(t);
  await site.publish(50);
  const from = path.join(site.folder, "backup");
  const target = path.join(site.folder, "restored");
  return { ...site, from, target, manifest: await site.backUp(from) };
}

let backup: Backup;
beforeEach(async (t) => {
  backup = await createBackup(t);
});

/** All files but the owner's lock. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== "lock.sqlite")
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

test("a restored folder holds what was backed up, and its journal goes on behind it", async () => {
  const { from, target, manifest, restore } = backup;
  await mkdir(target);
  expect(await restore(from, target)).toEqual(manifest);

  const paths = manifest.files.map((file) => file.path);
  expect(await listFiles(target)).toEqual(paths.toSorted());
  for (const name of paths) {
    expect(await readFile(path.join(target, name))).toEqual(await readFile(path.join(from, name)));
  }
  const journal = await openFileJournal({ directory: journalDirectory(target), freeBytesMin: 0 });
  expect(journal.syncedOffset).toBe(manifest.offset);
  await journal.close();
  const day = new DatabaseSync(path.join(target, "readings", "day-2026-11-22.sqlite"));
  expect(day.prepare("SELECT count(*) AS rows FROM raw").get()).toEqual({ rows: 2 });
  day.close();
});

test("a folder with anything in it is left as it is", async () => {
  const { from, target, restore } = backup;
  await mkdir(target);
  await writeFile(path.join(target, "notes.txt"), "mine");
  await expect(restore(from, target)).rejects.toMatchObject({ code: "BACKUP_RESTORE_REFUSED" });
  expect(await readdir(target)).toEqual(["notes.txt"]);
});

test("the folder of a running serve is refused", async () => {
  const { from, target, restore } = backup;
  const lock = acquireDataLock(target);
  await expect(restore(from, target)).rejects.toMatchObject({ code: "RECORDS_DATA_DIR_IN_USE" });
  lock.release();
});

test("without its manifest a folder holds no backup", async () => {
  const { from, target, restore } = backup;
  await rename(path.join(from, "backup.json"), path.join(from, "backup.json.part"));
  await expect(restore(from, target)).rejects.toMatchObject({ code: "BACKUP_INCOMPLETE" });
});

test("a changed or missing file is found before anything is written", async () => {
  const { from, target, restore, manifest } = backup;
  const last = path.join(from, manifest.files.at(-1)?.path ?? "");
  await appendFile(last, "x");
  await expect(restore(from, target)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  await rm(last);
  await expect(restore(from, target)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  await expect(readdir(target)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a manifest that is damaged, newer, or leads out of the folder is refused", async () => {
  const { from, target, restore, manifest } = backup;
  const place = path.join(from, "backup.json");
  const text = await readFile(place, "utf8");
  const refusedAs = async (changed: string): Promise<void> => {
    await writeFile(place, changed);
    throw await restore(from, target).then(
      () => new Error("it was restored"),
      (error: unknown) => error,
    );
  };
  const damaged = { code: "BACKUP_DAMAGED" };
  const offset = `"offset": ${manifest.offset}`;
  await expect(refusedAs(text.replace(offset, '"offset": 1'))).rejects.toMatchObject(damaged);
  await expect(refusedAs(text.slice(0, -20))).rejects.toMatchObject(damaged);
  await expect(
    refusedAs(text.replace('"records.sqlite"', '"../records.sqlite"')),
  ).rejects.toMatchObject(damaged);
  await expect(refusedAs(text.replace('"format": 1', '"format": 2'))).rejects.toMatchObject({
    code: "BACKUP_NEWER_THAN_CODE",
  });
});

test("a restore that was killed while copying is not started from, and runs again", async () => {
  const { from, target, restore, manifest } = backup;
  const staging = path.join(target, "restoring");
  await mkdir(path.join(staging, "journal"), { recursive: true });
  await writeFile(path.join(staging, "records.sqlite"), "half");
  // Of another backup: it must not come along with this one's journal.
  await writeFile(path.join(staging, "journal", "0000000000000900.seg"), "");

  await expect(openRecords({ path: recordsPath(target) })).rejects.toMatchObject({
    code: "RECORDS_RESTORE_UNFINISHED",
  });
  await restore(from, target);
  expect(await listFiles(target)).toEqual(manifest.files.map((file) => file.path).toSorted());
  await (await openRecords({ path: recordsPath(target) })).close();
});

test("a restore that was killed while moving goes on with what is left", async () => {
  const { from, target, restore, manifest } = backup;
  const staging = path.join(target, "restoring");
  await cp(from, staging, { recursive: true });
  await rename(path.join(staging, "journal"), path.join(target, "journal"));
  await expect(openRecords({ path: recordsPath(target) })).rejects.toMatchObject({
    code: "RECORDS_RESTORE_UNFINISHED",
  });
  await restore(from, target);
  expect(await listFiles(target)).toEqual(manifest.files.map((file) => file.path).toSorted());
});

test("the rest of another restore is not taken for this one's", async () => {
  const { from, target, restore, publish, backUp, folder } = backup;
  await publish(10);
  const other = path.join(folder, "other");
  await backUp(other);
  await mkdir(path.join(target, "restoring"), { recursive: true });
  await cp(path.join(other, "journal"), path.join(target, "journal"), { recursive: true });
  await expect(restore(from, target)).rejects.toMatchObject({ code: "BACKUP_RESTORE_REFUSED" });
});
