import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { journalDirectory, openFileJournal } from "../../../broker/index.ts";
import { peopleMigrationsModule } from "../../../dashboard/server/index.ts";
import { loadMigrations, migrate } from "../../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../../devices/records/records.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import { createTempFolder, migrationModules, nowMs, siteOf, sppgId } from "./site.ts";

// What an older version has written stays readable, also out of its backup [reliability.md R35].

test("a backup of records of every earlier schema becomes today's", async (t) => {
  const all = (await loadMigrations([...migrationModules, peopleMigrationsModule])).toSorted(
    (a, b) => (a.id < b.id ? -1 : 1),
  );
  for (const [index, newest] of all.entries()) {
    const folder = await createTempFolder(t);
    const site = siteOf(path.join(folder, "data"));
    const old = await openRecords({ path: recordsPath(site.dataDir) });
    await migrate(old, all.slice(0, index + 1));
    await old.close();
    addKitchen(recordsPath(site.dataDir));
    const [from, target] = [path.join(folder, "backup"), path.join(folder, "restored")];
    await site.backUp(from);
    await site.restore(from, target);

    const records = await openRecords({ path: recordsPath(target) });
    const applied = await migrate(records, all);
    const registry = createRegistry(records, { nowMs: () => nowMs });
    const kitchens = await registry.listKitchens();
    await records.close();
    expect(applied, newest.id).toEqual(all.slice(index + 1).map(({ id }) => id));
    expect(kitchens, newest.id).toMatchObject([{ sppgId, name: "Dapur" }]);
  }
});

/** With the columns of the first version. */
function addKitchen(file: string): void {
  const database = new DatabaseSync(file);
  const values = [sppgId, "Dapur", "Asia/Jakarta", nowMs];
  const columns = "sppg_id, name, time_zone, created_at_ms";
  database.prepare(`INSERT INTO kitchen (${columns}) VALUES (?, ?, ?, ?)`).run(...values);
  database.close();
}

const principal = `${sppgId}.probe`;
const topicName = `sppg/${sppgId}/telemetry/probe/temperature`;
const seeds = { header: 0x1234_5678, body: 0x9abc_def0 };

/** The first version's segment, byte by byte as its README says, by none of today's code. */
function segmentOfVersion1(payload: string): Buffer {
  const header = Buffer.alloc(64);
  header.write("NADIJRNL", 0, "latin1");
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(seeds.header, 16);
  header.writeUInt32LE(seeds.body, 20);
  header.writeBigUInt64LE(41n, 24);
  header.writeBigUInt64LE(40n, 32);
  header.writeDoubleLE(nowMs - 1_000, 40);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  const body = Buffer.from(`${principal}${topicName}${payload}`);
  const record = Buffer.alloc(40);
  record.writeUInt32LE(crc32(body, seeds.body), 4);
  record.writeUInt32LE(body.byteLength, 8);
  record.writeUInt8(1, 12);
  record.writeUInt8(1, 13);
  record.writeUInt16LE(principal.length, 14);
  record.writeUInt16LE(topicName.length, 16);
  record.writeBigUInt64LE(41n, 24);
  record.writeDoubleLE(nowMs, 32);
  record.writeUInt32LE(crc32(record.subarray(4), seeds.header), 0);
  return Buffer.concat([header, header, record, body]);
}

function cursorOfVersion1(nextOffset: bigint): Buffer {
  const slot = Buffer.alloc(4_096);
  slot.write("NADICURS", 0, "latin1");
  slot.writeBigUInt64LE(5n, 8);
  slot.writeBigUInt64LE(nextOffset, 16);
  slot.writeUInt32LE(crc32(slot.subarray(0, 28)), 28);
  return Buffer.concat([Buffer.alloc(4_096), slot]);
}

test("a backup of a journal of the first version is read by today's", async (t) => {
  const folder = await createTempFolder(t);
  const site = siteOf(path.join(folder, "data"));
  await (await openRecords({ path: recordsPath(site.dataDir) })).close();
  const journalFolder = journalDirectory(site.dataDir);
  await mkdir(journalFolder);
  const name = "0000000000000041.seg";
  await writeFile(path.join(journalFolder, name), segmentOfVersion1('{"celsius":3.5}'));
  await writeFile(path.join(journalFolder, "recorder.cursor"), cursorOfVersion1(41n));
  const [from, target] = [path.join(folder, "backup"), path.join(folder, "restored")];
  expect(await site.backUp(from)).toMatchObject({
    firstOffset: 41,
    offset: 41,
    recorderOffset: 40,
  });
  await site.restore(from, target);

  const journal = await openFileJournal({ directory: journalDirectory(target), freeBytesMin: 0 });
  t.onTestFinished(() => journal.close());
  const { entries } = await journal.read(1, { entriesMax: 10, bytesMax: 10_000 });
  expect(entries).toMatchObject([
    { kind: "publish", offset: 41, receivedTimeMs: nowMs, principal, topicName, qos: 1 },
  ]);
  expect(journal.cursor("recorder")).toBe(41);
  expect(journal.stats().damagedRecords).toBe(0);
});
