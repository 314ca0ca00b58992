import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { digestFile } from "../../../ingest/backup/files.ts";
import { type Manifest, readManifest } from "../../../ingest/backup/manifest.ts";
import { createSite, nowMs } from "./site.ts";

test("the manifest states the offset, and each file with its size and SHA-256", async (t) => {
  const site = await createSite(t);
  const last = await site.publish(50);
  await site.journal.commitCursor("recorder", 11);
  const to = path.join(site.folder, "backup");
  const manifest = await site.backUp(to);

  expect(await readManifest(to)).toEqual(manifest);
  expect(manifest).toMatchObject({
    offset: last,
    firstOffset: 1,
    recorderOffset: 10,
    monitorOffset: null,
    createdAt: new Date(nowMs).toISOString(),
    readings: "included",
  });
  expect(manifest.changeSeq).toBeGreaterThan(0);
  expect(manifest.files.map((file) => file.path).filter((name) => !name.endsWith(".seg"))).toEqual([
    "records.sqlite",
    "journal/recorder.cursor",
    "readings/day-2026-11-21.sqlite",
    "readings/day-2026-11-22.sqlite",
    "readings/suspects.sqlite",
    "readings/upkeep-day",
  ]);
  for (const { path: name, ...digest } of manifest.files) {
    expect(await digestFile(path.join(to, name))).toEqual(digest);
    expect((await stat(path.join(to, name))).mode & 0o077).toBe(0);
  }
  // Nothing else: no log of a database, no draft.
  const there = await readdir(to, { recursive: true, withFileTypes: true });
  expect(there.filter((entry) => entry.isFile()).length).toBe(manifest.files.length + 1);
});

test("what a database has only in its log is in the copy", async (t) => {
  const site = await createSite(t);
  const open = new DatabaseSync(path.join(site.dataDir, "records.sqlite"));
  t.onTestFinished(() => open.close());
  open.exec("PRAGMA wal_autocheckpoint = 0; UPDATE kitchen SET name = 'Baru'");
  const to = path.join(site.folder, "backup");
  await site.backUp(to);

  const copy = new DatabaseSync(path.join(to, "records.sqlite"));
  t.onTestFinished(() => copy.close());
  expect(copy.prepare("SELECT name FROM kitchen").get()).toEqual({ name: "Baru" });
});

test("whatever goes on meanwhile, the journal's copy holds all that the records know of it", async (t) => {
  const site = await createSite(t);
  const open = new DatabaseSync(path.join(site.dataDir, "records.sqlite"));
  open.exec("INSERT INTO monitor_meta VALUES (1, 0, '{}')");
  const advance = open.prepare("UPDATE monitor_meta SET entry_offset = ?");
  const over = new AbortController();
  const goesOn = async (): Promise<void> => {
    while (!over.signal.aborted) advance.run(await site.publish(1));
  };
  const going = goesOn();
  const manifests: Manifest[] = [];
  for (let round = 0; round < 5; round += 1) {
    manifests.push(await site.backUp(path.join(site.folder, `backup-${round}`)));
  }
  over.abort();
  await going;
  open.close();

  const known = manifests.map(({ monitorOffset }) => monitorOffset ?? 0);
  const beyond = manifests.filter(({ monitorOffset, offset }) => (monitorOffset ?? 0) > offset);
  expect(beyond).toEqual([]);
  // That it went on during each.
  expect(new Set(known).size).toBe(manifests.length);
  expect(known[0]).toBeGreaterThan(0);
});

test("records that stand in for a lost journal are told, and leave no backup", async (t) => {
  const site = await createSite(t);
  const open = new DatabaseSync(path.join(site.dataDir, "records.sqlite"));
  open.exec("INSERT INTO monitor_meta VALUES (1, 999, '{}')");
  open.close();
  const to = path.join(site.folder, "backup");

  await expect(site.backUp(to)).rejects.toMatchObject({ code: "BACKUP_INCONSISTENT" });
  await expect(stat(to)).rejects.toMatchObject({ code: "ENOENT" });
});

test("only an empty folder outside the data folder is taken", async (t) => {
  const site = await createSite(t);
  const to = path.join(site.folder, "backup");
  const refused = { code: "BACKUP_TARGET_REFUSED" };
  await expect(site.backUp(path.join(site.dataDir, "backup"))).rejects.toMatchObject(refused);
  await site.backUp(to);
  await expect(site.backUp(to)).rejects.toMatchObject(refused);

  const other = path.join(site.folder, "other");
  await mkdir(other);
  await writeFile(path.join(other, "notes.txt"), "mine");
  await expect(site.backUp(other)).rejects.toMatchObject(refused);
  expect(await readFile(path.join(other, "notes.txt"), "utf8")).toBe("mine");
});

test("a disk that would become too full for a serve is refused before anything is copied", async (t) => {
  const site = await createSite(t);
  const to = path.join(site.folder, "backup");
  await expect(site.backUp(to, { freeBytesMin: 2 ** 60 })).rejects.toMatchObject({
    code: "BACKUP_NO_SPACE",
  });
  await expect(stat(to)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a backup that is stopped takes away what it has written", async (t) => {
  const site = await createSite(t);
  const to = path.join(site.folder, "backup");
  await mkdir(to);
  const stopped = AbortSignal.abort();
  await expect(site.backUp(to, { signal: stopped })).rejects.toMatchObject({
    code: "BACKUP_STOPPED",
  });
  expect(await readdir(to)).toEqual([]);
});

test("a damaged database is named, and no backup is left", async (t) => {
  const site = await createSite(t);
  await writeFile(path.join(site.dataDir, "readings", "month-2026-10.sqlite"), "no database");
  const to = path.join(site.folder, "backup");
  await expect(site.backUp(to)).rejects.toMatchObject({
    code: "BACKUP_SOURCE_UNREADABLE",
    message: expect.stringContaining("month-2026-10.sqlite"),
  });
  await expect(stat(to)).rejects.toMatchObject({ code: "ENOENT" });
});

test("readings that lie in InfluxDB are left to it", async (t) => {
  const site = await createSite(t);
  const manifest = await site.backUp(path.join(site.folder, "backup"), { readings: "influxdb" });
  expect(manifest.readings).toBe("influxdb");
  expect(manifest.files.some((file) => file.path.startsWith("readings/"))).toBe(false);
});
