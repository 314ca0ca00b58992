import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { FileJournal } from "../../../broker/journal/file-journal.ts";
import { openFileJournal } from "../../../broker/journal/file-journal.ts";
import { inspectJournal } from "../../../broker/journal/inspect.ts";
import { nodeFileSystem } from "../../../broker/journal/file-system.ts";
import {
  append,
  createManualTime,
  openJournal,
  readAll,
  reading,
  smallJournal,
  temporaryFolder,
  textOf,
} from "./harness.ts";
import { ModelDisk } from "./model-disk.ts";

const DIRECTORY = "/data/journal";
const ENTRIES = 12;

function open(disk: ModelDisk, segmentBytesMax = 700): Promise<FileJournal> {
  const { clock, timers } = createManualTime();
  return openFileJournal({
    ...smallJournal,
    segmentBytesMax,
    tailBytesMax: 0,
    directory: DIRECTORY,
    disk: disk.attach(),
    clock,
    timers,
  });
}

/** Twelve entries in three segments, each synced by itself, and a cursor. */
async function smallDisk(): Promise<Map<string, Buffer>> {
  const disk = new ModelDisk();
  const journal = await open(disk);
  for (let index = 1; index <= ENTRIES; index++) await append(journal, reading(`entry-${index}`));
  await journal.commitCursor("monitor", 1);
  await journal.close();
  return new Map([...disk.files].map(([name, file]) => [name, Buffer.from(file.visible)]));
}

function diskWith(files: Map<string, Buffer>, changed: { path: string; bytes: Buffer }): ModelDisk {
  const disk = new ModelDisk();
  for (const [name, bytes] of files) disk.replace(name, bytes);
  disk.replace(changed.path, changed.bytes);
  return disk;
}

interface Outcome {
  lost: number[];
  counted: number;
  wrong: string[];
  reused: boolean;
}

/** Opens what was damaged, reads all of it, appends one more. */
async function recover(disk: ModelDisk): Promise<Outcome> {
  const journal = await open(disk);
  const entries = await readAll(journal);
  const found = new Map(entries.map((entry) => [entry.offset, textOf(entry)]));
  const offset = await append(journal, reading("after"));
  const readAgain = await readAll(journal, offset);
  const stats = journal.stats();
  await journal.close();
  const offsets = Array.from({ length: ENTRIES }, (_, index) => index + 1);
  const wrong = [...found].filter(([at, text]) => text !== `entry-${at}`).map(String);
  if (textOf(readAgain.at(-1)) !== "after") wrong.push("the new entry can't be read");
  const highest = Math.max(0, ...found.keys());
  return {
    lost: offsets.filter((at) => !found.has(at)),
    counted:
      stats.damagedRecords +
      stats.damagedHeaders +
      stats.damagedFooters +
      stats.tailsCut +
      stats.segmentsUnborn +
      stats.cursorSlotsDamaged,
    wrong,
    reused: offset <= highest,
  };
}

test("a segment that is cut at any byte opens, and loses only what was cut off", async () => {
  const files = await smallDisk();
  const segments = [...files.keys()].filter((name) => name.endsWith(".seg")).toSorted();
  expect(segments).toHaveLength(3);
  const last = segments.at(-1) ?? "";
  const whole = files.get(last) ?? Buffer.alloc(0);
  let lostBefore = 0;
  let unnoticed = 0;
  for (let length = whole.byteLength; length >= 0; length--) {
    const disk = diskWith(files, { path: last, bytes: whole.subarray(0, length) });
    const { lost, counted, wrong, reused } = await recover(disk);
    expect({ length, wrong, reused }).toEqual({ length, wrong: [], reused: false });
    // A shorter file never gives back what a longer one has lost, and only the tail is lost.
    expect(lost.length).toBeGreaterThanOrEqual(lostBefore);
    expect(lost).toEqual(lost.map((_, index) => ENTRIES - lost.length + 1 + index));
    lostBefore = lost.length;
    if (counted === 0) unnoticed++;
  }
  // A cut on the edge of a record leaves a shorter journal that nothing tells from a whole one.
  expect(unnoticed).toBe(5);
  expect(lostBefore).toBe(4);
}, 60_000);

test("one flipped bit anywhere costs at most one entry, is counted, never served", async () => {
  const files = await smallDisk();
  for (const [path, whole] of files) {
    for (let at = 0; at < whole.byteLength; at++) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (at % 8)), at);
      const { lost, counted, wrong, reused } = await recover(diskWith(files, { path, bytes }));
      expect({ path, at, wrong, reused }).toEqual({ path, at, wrong: [], reused: false });
      expect({ path, at, lost: lost.length <= 1 }).toEqual({ path, at, lost: true });
      // A cursor's unused bytes and its older slot carry nothing that could be lost.
      const countedOnce = counted === 1 || path.endsWith(".cursor");
      expect({ path, at, countedOnce }).toEqual({ path, at, countedOnce: true });
    }
  }
}, 120_000);

test("a flipped bit in the last record is cut off, and its offset is not given again", async () => {
  const files = await smallDisk();
  const last =
    [...files.keys()]
      .filter((name) => name.endsWith(".seg"))
      .toSorted()
      .at(-1) ?? "";
  const bytes = Buffer.from(files.get(last) ?? "");
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.byteLength - 1);
  const disk = diskWith(files, { path: last, bytes });
  const journal = await open(disk);
  expect(journal.stats()).toMatchObject({ tailsCut: 1 });
  expect(await append(journal, reading("after"))).toBeGreaterThan(ENTRIES);
  await journal.close();
  expect((await open(disk)).stats()).toMatchObject({ tailsCut: 0, damagedRecords: 0 });
});

/** On the real disk, because the damage is put there by hand. */
async function damaged(
  t: Parameters<typeof temporaryFolder>[0],
  change: (path: string, bytes: Buffer) => void,
): Promise<FileJournal> {
  const directory = await temporaryFolder(t);
  const journal = await openJournal(t, { directory });
  for (let index = 1; index <= ENTRIES; index++) await append(journal, reading(`entry-${index}`));
  await journal.close();
  const path = `${directory}/${readdirSync(directory).find((name) => name.endsWith(".seg"))}`;
  change(path, readFileSync(path));
  return openJournal(t, { directory, tailBytesMax: 0 });
}

test("a tail of zeros is cut off", async (t) => {
  const journal = await damaged(t, (path, bytes) =>
    writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(9_000)])),
  );
  expect(journal.stats()).toMatchObject({ tailsCut: 1, tailBytesCut: 9_000, damagedRecords: 0 });
  expect(await readAll(journal)).toHaveLength(ENTRIES);
});

test("a file of no length is removed, and the journal starts", async (t) => {
  const journal = await damaged(t, (path) => writeFileSync(path, ""));
  expect(journal.stats()).toMatchObject({ segmentsUnborn: 1 });
  expect(await append(journal, reading("after"))).toBe(1);
});

test("a record whose length points beyond the file is a torn tail", async (t) => {
  const journal = await damaged(t, (path, bytes) => writeFileSync(path, bytes.subarray(0, -3)));
  expect(await readAll(journal)).toHaveLength(ENTRIES - 1);
  expect(journal.stats()).toMatchObject({ tailsCut: 1 });
});

test("a segment under another's name gets its own back", async (t) => {
  const directory = await temporaryFolder(t);
  const journal = await openJournal(t, { directory });
  await append(journal, reading("entry-1"));
  await journal.close();
  await nodeFileSystem.rename(
    `${directory}/0000000000000001.seg`,
    `${directory}/0000000000000077.seg`,
  );
  const again = await openJournal(t, { directory });
  expect((await readAll(again)).map(textOf)).toEqual(["entry-1"]);
  expect(await append(again, reading("entry-2"))).toBe(2);
});

test("a segment without a whole header is set aside, and offsets go on behind it", async (t) => {
  const journal = await damaged(t, (path, bytes) => writeFileSync(path, bytes.fill(0xff, 0, 128)));
  expect(journal.stats()).toMatchObject({ segmentsQuarantined: 1, damagedRecords: 1 });
  expect(await append(journal, reading("after"))).toBeGreaterThan(ENTRIES);
});

test("damage in the middle is stepped over, kept as evidence and reported", async (t) => {
  const directory = await temporaryFolder(t);
  const journal = await openJournal(t, { directory });
  for (let index = 1; index <= ENTRIES; index++) await append(journal, reading(`entry-${index}`));
  await journal.close();
  const path = `${directory}/0000000000000001.seg`;
  const bytes = readFileSync(path);
  // From inside the second record to inside the fourth.
  writeFileSync(path, bytes.fill(0xaa, 128 + 160, 128 + 160 + 300));
  const again = await openJournal(t, { directory, tailBytesMax: 0 });
  const offsets = (await readAll(again)).map((entry) => entry.offset);
  expect(offsets).toEqual([1, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(again.stats()).toMatchObject({ damagedRecords: 3, tailsCut: 0 });
  expect(readdirSync(`${directory}/quarantine`)).toHaveLength(1);
  const report = await inspectJournal({ disk: nodeFileSystem, directory });
  expect(report).toMatchObject({ damagedRecords: 3, entries: 9, firstOffset: 1, lastOffset: 12 });
});

test("a payload that holds a copied record is never taken for one", async (t) => {
  const directory = await temporaryFolder(t);
  const journal = await openJournal(t, { directory });
  await append(journal, reading("entry-1"));
  await append(journal, reading("entry-2"));
  const path = `${directory}/0000000000000001.seg`;
  // A record as it stands in another segment, with other seeds: what an attacker could prepare.
  const other = await temporaryFolder(t);
  const foreign = await openJournal(t, { directory: other });
  for (const text of ["a", "b", "c", "forged"]) await append(foreign, reading(text));
  await foreign.close();
  const forged = readFileSync(`${other}/0000000000000001.seg`).subarray(128);
  await append(journal, reading("", { payload: forged }));
  await append(journal, reading("entry-4"));
  await journal.close();
  const bytes = readFileSync(path);
  // The header of the record that carries the forgery is hit, so that its payload is searched.
  const record = bytes.indexOf(forged) - 77 - 40;
  bytes.writeUInt8((bytes[record + 8] ?? 0) ^ 0x40, record + 8);
  writeFileSync(path, bytes);
  const again = await openJournal(t, { directory, tailBytesMax: 0 });
  expect((await readAll(again)).map(textOf)).toEqual(["entry-1", "entry-2", "entry-4"]);
  expect(again.stats().damagedRecords).toBe(1);
});
