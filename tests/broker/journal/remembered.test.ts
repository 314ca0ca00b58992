import { mkdir } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { openJournalCopy } from "../../../broker/journal/copy.ts";
import { type FileJournal, openFileJournal } from "../../../broker/journal/file-journal.ts";
import {
  append,
  createManualTime,
  everything,
  openJournal,
  readAll,
  reading,
  settled,
  smallJournal,
  temporaryFolder,
  textOf,
} from "./harness.ts";
import { lateError, ModelDisk, systemError } from "./model-disk.ts";

// What the files have to remember, found by random lives on a less kind disk.

const directory = "/data/journal";

function open(disk: ModelDisk, segmentBytesMax = 600): Promise<FileJournal> {
  const { clock, timers } = createManualTime();
  const settings = { ...smallJournal, segmentBytesMax, tailBytesMax: 0 };
  return openFileJournal({ ...settings, directory, disk: disk.attach(), clock, timers });
}

async function fill(journal: FileJournal, from: number, to: number): Promise<void> {
  for (let at = from; at <= to; at++) await append(journal, reading(`entry-${at}`));
}

function segmentsOf(disk: ModelDisk): string[] {
  return [...disk.files.keys()].filter((name) => name.endsWith(".seg")).toSorted();
}

/** Changes a file's bytes, durably. */
function change(disk: ModelDisk, name: string, how: (bytes: Buffer) => void): void {
  const bytes = Buffer.from(disk.files.get(name)?.visible ?? "");
  how(bytes);
  disk.replace(name, bytes);
}

async function textsOf(journal: FileJournal): Promise<string[]> {
  return (await readAll(journal, journal.firstOffset)).map(textOf);
}

test("offsets of a file in quarantine stay given, also when that start ended at once", async () => {
  const disk = new ModelDisk();
  await fill(await open(disk, 4_096), 1, 6);
  disk.kill();
  change(disk, segmentsOf(disk)[0] ?? "", (bytes) => bytes.fill(0, 0, 128));
  expect((await open(disk)).stats()).toMatchObject({ segmentsQuarantined: 1 });
  disk.kill();
  expect(await append(await open(disk), reading("after"))).toBeGreaterThan(6);
});

test("what a fence made void stays void when the next, empty file fails too", async () => {
  const disk = new ModelDisk();
  const journal = await open(disk);
  await fill(journal, 1, 2);
  const first = segmentsOf(disk)[0] ?? "";
  let isFenced = false;
  disk.fault = ({ name, path: place }) => {
    // Killed with the second file on disk and nothing in it; the first one's tail is not cut.
    if (place !== first && name === "write" && disk.files.get(place)?.visible.byteLength === 128) {
      disk.kill();
    }
    if (name === "truncate") return systemError("EIO");
    if (isFenced || name !== "dataSync") return null;
    isFenced = true;
    return systemError("EIO");
  };
  journal.append(reading("never answered"), () => {});
  await settled();
  expect(segmentsOf(disk)).toHaveLength(2);
  disk.fault = () => null;
  const second = await open(disk);
  expect(await textsOf(second)).toEqual(["entry-1", "entry-2"]);
  disk.fault = ({ name, path: place }) =>
    name === "dataSync" && place !== first ? systemError("EIO") : null;
  second.append(reading("never answered either"), () => {});
  await settled();
  disk.kill();
  disk.fault = () => null;
  const third = await textsOf(await open(disk));
  expect(third.slice(0, 2)).toEqual(["entry-1", "entry-2"]);
  expect(third).not.toContain("never answered");
});

test("a footer whose sync failed is made durable by the start that finds it", async () => {
  const disk = new ModelDisk();
  const journal = await open(disk);
  await fill(journal, 1, 3);
  disk.fault = ({ name }) => (name === "dataSync" ? systemError("EIO") : null);
  journal.append(reading("never answered"), () => {});
  await settled();
  disk.kill();
  disk.fault = () => null;
  await append(await open(disk), reading("entry-4"));
  disk.cutPower(() => 0);
  const last = await open(disk);
  expect(await textsOf(last)).toEqual(["entry-1", "entry-2", "entry-3", "entry-4"]);
  expect(last.stats()).toMatchObject({ damagedFooters: 0, damagedRecords: 0 });
});

test("half a header is a file whose making failed, and no damage", async () => {
  const disk = new ModelDisk();
  const journal = await open(disk);
  disk.fault = ({ name }) => {
    if (name === "write") return lateError();
    return name === "unlink" ? systemError("EIO") : null;
  };
  journal.append(reading("never answered"), () => {});
  await settled();
  disk.kill();
  disk.fault = () => null;
  expect(disk.files.get(segmentsOf(disk)[0] ?? "")?.visible.byteLength).toBe(64);
  const next = await open(disk);
  expect(next.stats()).toMatchObject({ damagedHeaders: 0 });
  await fill(next, 1, 1);
  for (const name of segmentsOf(disk)) {
    expect(disk.files.get(name)?.visible.subarray(64, 72).toString()).toBe("NADIJRNL");
  }
});

test("a flipped bit at the end of what a read may see costs none of what comes next", async () => {
  const disk = new ModelDisk();
  const journal = await open(disk, 100_000);
  await fill(journal, 1, 3);
  const name = segmentsOf(disk)[0] ?? "";
  const { visible } = disk.files.get(name) ?? { visible: Buffer.alloc(0) };
  const third = 128 + ((visible.byteLength - 128) / 3) * 2;
  visible.writeUInt8((visible[third + 9] ?? 0) ^ 1, third + 9);
  const { promise: gate, resolve: goOn } = Promise.withResolvers<void>();
  disk.turn = (call) => (call.name === "open" ? gate : Promise.resolve());
  const batch = journal.read(1, everything);
  await settled();
  await fill(journal, 4, 6);
  goOn();
  const { entries, nextOffset } = await batch;
  expect([entries.map((entry) => entry.offset), nextOffset]).toEqual([[1, 2], 4]);
  const next = await readAll(journal, nextOffset);
  expect(next.map((entry) => entry.offset)).toEqual([4, 5, 6]);
  expect(journal.stats().damagedRecords).toBe(1);
});

test("what is lost with a file behind a fence is counted by the start that misses it", async () => {
  const disk = new ModelDisk();
  const journal = await open(disk);
  await fill(journal, 1, 2);
  let isFenced = false;
  disk.fault = ({ name }) => {
    if (isFenced || name !== "dataSync") return null;
    isFenced = true;
    return systemError("EIO");
  };
  await fill(journal, 3, 9);
  await journal.close();
  const [, second = ""] = segmentsOf(disk);
  change(disk, second, (bytes) => bytes.fill(0, 0, 128).fill(0, bytes.byteLength - 64));
  // Three entries of that file; a fourth offset was never anything but void.
  expect((await open(disk)).stats()).toMatchObject({ segmentsQuarantined: 1, damagedRecords: 3 });
});

test("of two files under wrong names none takes the other's place", async () => {
  const disk = new ModelDisk();
  const journal = await open(disk);
  await fill(journal, 1, 3);
  await journal.close();
  const name = segmentsOf(disk)[0] ?? "";
  const whole = Buffer.from(disk.files.get(name)?.visible ?? "");
  disk.files.delete(name);
  disk.replace(`${directory}/0000000000000077.seg`, whole);
  disk.replace(`${directory}/0000000000000078.seg`, whole.subarray(0, 200));
  const next = await open(disk);
  expect(await textsOf(next)).toEqual(["entry-1", "entry-2", "entry-3"]);
  expect(next.stats().segmentsQuarantined).toBe(1);
});

test("a copy that began before the first file tells when files came and went", async (t) => {
  const folder = await temporaryFolder(t);
  const [from, to] = [path.join(folder, "journal"), path.join(folder, "copy")];
  await mkdir(to);
  const journal = await openJournal(t, { directory: from });
  await journal.commitCursor("recorder", 1);
  const copy = await openJournalCopy({ from, to });
  await fill(journal, 1, 60);
  await journal.commitCursor("recorder", 61);
  await expect.poll(() => journal.firstOffset).toBeGreaterThan(20);
  await expect(copy.follow()).rejects.toMatchObject({ code: "JOURNAL_COPY_OVERTAKEN" });
  await copy.close();
});

test("a close that gives one group back gives back all behind it, as a clock entry is", async () => {
  const disk = new ModelDisk();
  const { now, clock, timers } = createManualTime();
  const settings = { ...smallJournal, groupBytesMax: 100, directory, clock, timers };
  const journal = await openFileJournal({ ...settings, disk: disk.attach() });
  await fill(journal, 1, 1);
  now.wallMs -= 3_600_000;
  now.monotonicMs += 2_000;
  disk.fault = ({ name }) =>
    name === "dataSync" && journal.stats().withheld === 0 ? systemError("EIO") : null;
  // A group of its own, behind that of the clock entry.
  const answer = append(journal, reading("entry-2")).catch((error: unknown) => error);
  await journal.close();
  expect(await answer).toMatchObject({ code: "JOURNAL_CLOSED" });
  disk.fault = () => null;
  const entries = await readAll(await openFileJournal({ ...settings, disk: disk.attach() }));
  for (const [index, { kind, receivedTimeMs }] of entries.entries()) {
    const before = entries[index - 1]?.receivedTimeMs ?? 0;
    expect(kind === "clock" || receivedTimeMs >= before).toBe(true);
  }
});
