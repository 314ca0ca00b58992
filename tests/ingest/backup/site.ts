import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "vitest";
import { type FileJournal, journalDirectory, openFileJournal } from "../../../broker/index.ts";
import { registryMigrationsModule, telemetryTopic } from "../../../devices/index.ts";
import { loadMigrations, migrate } from "../../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../../devices/records/records.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import { backUp, type BackupOptions } from "../../../ingest/backup/backup.ts";
import type { Manifest } from "../../../ingest/backup/manifest.ts";
import { restore } from "../../../ingest/backup/restore.ts";
import { flagBits, type JournaledReading } from "../../../ingest/decode/decoded.ts";
import { ingestMigrationsModule, readingsDirectory } from "../../../ingest/index.ts";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";

export const sppgId = "sppg-jakarta-001";
export const nowMs = Date.UTC(2026, 10, 22, 3);

type Hooks = Pick<TestContext, "onTestFinished">;

/** A data folder, and what is shown on it. */
export interface Folder {
  dataDir: string;
  backUp(to: string, options?: Partial<BackupOptions>): Promise<Manifest>;
  restore(from: string, dataDir: string): Promise<Manifest>;
}

export interface Site extends Folder {
  /** The one in which the data folder lies. */
  folder: string;
  journal: FileJournal;
  /** Appends so many readings; resolves to the last one's offset. */
  publish(count: number): Promise<number>;
}

export const migrationModules = [registryMigrationsModule, ingestMigrationsModule];

export async function createTempFolder(t: Hooks): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "nadi-backup-"));
  t.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function siteOf(dataDir: string): Folder {
  return {
    dataDir,
    backUp: (to, options = {}) =>
      backUp({
        dataDir,
        to,
        readings: "included",
        freeBytesMin: 0,
        nowMs: () => nowMs,
        signal: new AbortController().signal,
        ...options,
      }),
    restore: (from, target) =>
      restore({ from, dataDir: target, signal: new AbortController().signal }),
  };
}

/** A data folder with records, a journal that stays open, and readings of two days. */
export async function createSite(t: Hooks): Promise<Site> {
  const folder = await createTempFolder(t);
  const dataDir = path.join(folder, "data");
  await createRecords(dataDir);
  await writeReadings(dataDir);
  const journal = await openFileJournal({
    directory: journalDirectory(dataDir),
    segmentBytesMax: 4_096,
    freeBytesMin: 0,
    reserveBytes: 0,
  });
  t.onTestFinished(() => journal.close());
  return { ...siteOf(dataDir), folder, journal, publish: (count) => publish(journal, count) };
}

async function createRecords(dataDir: string): Promise<void> {
  const records = await openRecords({ path: recordsPath(dataDir) });
  try {
    await migrate(records, await loadMigrations(migrationModules));
    const registry = createRegistry(records, { nowMs: () => nowMs });
    await registry.addKitchen({ sppgId, name: "Dapur", timeZone: "Asia/Jakarta" }, "test");
  } finally {
    await records.close();
  }
}

async function writeReadings(dataDir: string): Promise<void> {
  const store = openSqliteStore({ directory: readingsDirectory(dataDir) });
  await store.write([readingAt(nowMs, 1), readingAt(nowMs - 86_400_000, 2), suspect(3)]);
  await store.maintain(nowMs);
  await store.close();
}

function readingAt(timeMs: number, offset: number): JournaledReading {
  return {
    sppgId,
    deviceId: "probe",
    channel: "0",
    reading: "temperature",
    seriesKey: `${sppgId}/probe/0/temperature`,
    eventTimeMs: timeMs,
    originalTimeMs: timeMs,
    seq: null,
    receivedTimeMs: nowMs,
    offset,
    index: 0,
    fields: { celsius: 3.5 },
    flags: 0,
    batteryPct: null,
  };
}

function suspect(offset: number): JournaledReading {
  return { ...readingAt(nowMs, offset), originalTimeMs: 0, flags: flagBits.clockSuspect };
}

async function publish(journal: FileJournal, count: number): Promise<number> {
  let last = 0;
  for (let number = 0; number < count; number += 1) {
    last = await new Promise<number>((resolve, reject) => {
      const entry = {
        kind: "publish",
        principal: `${sppgId}.probe`,
        topicName: telemetryTopic({ sppgId, deviceId: "probe" }, "temperature"),
        payload: Buffer.from(`{"celsius":${number}}`),
        qos: 1,
      } as const;
      journal.append(entry, (error, offset) => (error ? reject(error) : resolve(offset)));
    });
  }
  return last;
}
