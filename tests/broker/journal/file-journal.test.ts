import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type FileJournal, openFileJournal } from "../../../broker/journal/file-journal.ts";
import { type FileSystem, nodeFileSystem } from "../../../broker/journal/file-system.ts";
import {
  append,
  createManualTime,
  openJournal,
  readAll,
  reading,
  settled,
  smallJournal,
  temporaryFolder,
  textOf,
} from "./harness.ts";
import { testJournalContract } from "./journal.contract.ts";
import { ModelDisk, seededRandom, systemError } from "./model-disk.ts";

describe("segment files", () => {
  testJournalContract(async (t) => {
    const directory = await temporaryFolder(t);
    const journal = await openJournal(t, { directory });
    return {
      journal,
      async reopen() {
        await journal.close();
        return openJournal(t, { directory });
      },
    };
  });
});

describe("segment files read from the disk alone", () => {
  testJournalContract(async (t) => {
    const directory = await temporaryFolder(t);
    const options = { directory, tailBytesMax: 0, segmentBytesMax: 500 };
    const journal = await openJournal(t, options);
    return {
      journal,
      async reopen() {
        await journal.close();
        return openJournal(t, options);
      },
    };
  });
});

const directory = "/data/journal";

function modelJournal(disk: ModelDisk, options: object = {}) {
  const time = createManualTime();
  const { clock, timers } = time;
  const opened = openFileJournal({
    ...smallJournal,
    directory,
    disk: disk.attach(),
    clock,
    timers,
    ...options,
  });
  return { time, opened };
}

function segmentNames(disk: ModelDisk): string[] {
  const names = [...disk.files.keys()].filter((name) => name.endsWith(".seg"));
  return names.map((name) => name.slice(directory.length + 1)).toSorted();
}

test("a file that failed to sync is never written again, nor read behind its end", async () => {
  const disk = new ModelDisk();
  const { opened } = modelJournal(disk);
  const journal = await opened;
  await append(journal, reading("entry-1"));
  let isFailed = false;
  const written: string[] = [];
  disk.fault = ({ name, path }) => {
    if (name === "write" && path.endsWith(".seg")) written.push(path.slice(-8));
    if (name !== "dataSync" || isFailed) return null;
    isFailed = true;
    return systemError("EIO");
  };
  // The failed group had offset 2, which is not given again.
  expect(await append(journal, reading("entry-2"))).toBe(3);
  expect(await append(journal, reading("entry-3"))).toBe(4);
  expect(written).toEqual(["0001.seg", "0003.seg", "0003.seg", "0003.seg"]);
  expect(journal.stats()).toMatchObject({ fences: 1, withheld: 0 });
  disk.cutPower(seededRandom(1));
  const again = await modelJournal(disk).opened;
  expect((await readAll(again)).map(textOf)).toEqual(["entry-1", "entry-2", "entry-3"]);
});

test("while every file fails nothing is acknowledged, and it recovers by itself", async () => {
  const disk = new ModelDisk();
  const { opened, time } = modelJournal(disk);
  const journal = await opened;
  const conditions: unknown[] = [];
  journal.onCondition((condition) => conditions.push(condition));
  disk.fault = ({ name }) => (name === "dataSync" ? systemError("EIO") : null);
  let offset = 0;
  const stored = append(journal, reading("entry")).then((value) => (offset = value));
  for (let round = 0; round < 4; round++) {
    await settled();
    time.fire();
  }
  expect(offset).toBe(0);
  expect(journal.condition).toEqual({ kind: "withheld", reason: "sync-error" });
  disk.fault = () => null;
  await settled();
  time.fire();
  expect(await stored).toBeGreaterThan(0);
  expect(conditions).toEqual([{ kind: "withheld", reason: "sync-error" }, { kind: "open" }]);
  expect((await readAll(journal)).map(textOf)).toEqual(["entry"]);
});

test("a journal that closes while the disk fails says so to everybody who waits", async () => {
  const disk = new ModelDisk();
  const journal = await modelJournal(disk).opened;
  disk.fault = ({ name }) => (name === "write" ? systemError("EIO") : null);
  const answer = new Promise((resolve) => journal.append(reading("entry"), resolve));
  await settled();
  await journal.close();
  expect(await answer).toMatchObject({ code: "JOURNAL_CLOSED" });
});

test("a full disk gives up the reserve, commits cursors, and gains room by trimming", async () => {
  const disk = new ModelDisk();
  disk.capacityBytes = 40_000;
  const { opened, time } = modelJournal(disk, { reserveBytes: 8_000, segmentBytesMax: 2_000 });
  const journal = await opened;
  let last = await append(journal, reading("entry"));
  await journal.commitCursor("monitor", 1);
  let isFilling = true;
  const fill = (): void =>
    journal.append(reading("entry"), (error, offset) => {
      if (error !== null) return;
      last = offset;
      if (isFilling) fill();
    });
  fill();
  for (let round = 0; round < 200 && journal.condition.kind === "open"; round++) await settled();
  expect(journal.condition).toEqual({ kind: "withheld", reason: "no-space" });
  expect(disk.files.has(`${directory}/reserve`)).toBe(false);
  isFilling = false;
  const stuckAt = last;
  await settled();
  time.fire();
  await settled();
  expect(last).toBe(stuckAt);
  // Reading and committing go on; the commit lets the journal trim.
  expect(await readAll(journal)).toHaveLength(last);
  await journal.commitCursor("monitor", last + 1);
  for (let round = 0; round < 50 && journal.condition.kind === "withheld"; round++) {
    time.fire();
    await settled();
  }
  expect(last).toBeGreaterThan(stuckAt);
  expect(disk.files.get(`${directory}/reserve`)?.visible.byteLength).toBe(8_000);
  disk.kill();
});

test("acknowledgements are withheld below the free-space floor and resume above it", async () => {
  const disk = new ModelDisk();
  disk.capacityBytes = 1_000_000;
  const { opened, time } = modelJournal(disk, { freeBytesMin: 600_000 });
  const journal = await opened;
  await append(journal, reading("entry-1"));
  disk.replace("/data/somebody-else", Buffer.alloc(500_000));
  time.now.monotonicMs += 1_000;
  time.now.wallMs += 1_000;
  const stored = append(journal, reading("entry-2"));
  await settled();
  expect(journal.condition).toEqual({ kind: "withheld", reason: "free-space-floor" });
  disk.files.delete("/data/somebody-else");
  time.fire();
  expect(await stored).toBe(2);
  expect(journal.condition).toEqual({ kind: "open" });
});

test("at the quota acknowledgements wait until the slowest cursor has moved", async () => {
  const disk = new ModelDisk();
  const { opened } = modelJournal(disk, { journalBytesMax: 3_000, segmentBytesMax: 1_000 });
  const journal = await opened;
  const fill = (): void => journal.append(reading("entry"), (error) => error ?? fill());
  fill();
  for (let round = 0; round < 50 && journal.condition.kind === "open"; round++) await settled();
  expect(journal.condition).toEqual({ kind: "withheld", reason: "quota" });
  const stuckAt = journal.syncedOffset;
  await journal.commitCursor("recorder", stuckAt + 1);
  await settled();
  expect(journal.syncedOffset).toBeGreaterThan(stuckAt);
  expect(journal.firstOffset).toBeGreaterThan(1);
  expect(journal.stats().bytesOnDisk).toBeLessThanOrEqual(3_000);
  disk.kill();
});

test("segments go only when every cursor has passed them, and none without a cursor", async () => {
  const disk = new ModelDisk();
  const journal = await modelJournal(disk, { segmentBytesMax: 500 }).opened;
  for (let index = 0; index < 12; index++) await append(journal, reading(`entry-${index}`));
  const all = segmentNames(disk);
  expect(all.length).toBeGreaterThan(3);
  await journal.commitCursor("monitor", 4);
  await journal.commitCursor("recorder", 13);
  await settled();
  expect(segmentNames(disk)).toEqual(all.slice(1));
  expect(journal.firstOffset).toBe(4);
  await journal.commitCursor("monitor", 13);
  await settled();
  expect(segmentNames(disk)).toEqual(all.slice(-1));
});

test("a cursor beyond the end is counted, and offsets go on behind it", async () => {
  const disk = new ModelDisk();
  const journal = await modelJournal(disk).opened;
  for (let index = 0; index < 3; index++) await append(journal, reading("entry"));
  await journal.commitCursor("monitor", 4);
  await journal.close();
  for (const name of segmentNames(disk)) disk.files.delete(`${directory}/${name}`);
  const again = await modelJournal(disk).opened;
  expect(again.stats()).toMatchObject({ cursorsBeyondEnd: 1 });
  expect(again.cursor("monitor")).toBe(4);
  expect(await append(again, reading("after"))).toBe(4);
});

test("no offset is given below what others remember, also after the folder was lost", async (t) => {
  const directory = await temporaryFolder(t);
  const journal = await openJournal(t, { directory, nextOffsetMin: 403 });
  expect(journal.syncedOffset).toBe(402);
  expect(await append(journal, reading("first"))).toBe(403);
  await journal.close();
  const again = await openJournal(t, { directory, nextOffsetMin: 7 });
  expect(await append(again, reading("second"))).toBe(404);
  expect((await readAll(again)).map(({ offset }) => offset)).toEqual([403, 404]);
});

test("offsets work up to 2^53", async () => {
  const disk = new ModelDisk();
  const high = 2 ** 53 - 20;
  const first = await modelJournal(disk).opened;
  await append(first, reading("entry"));
  await first.commitCursor("monitor", 2);
  await first.close();
  const path = `${directory}/monitor.cursor`;
  const slots = Buffer.from(disk.files.get(path)?.visible ?? "");
  const { crc32 } = await import("node:zlib");
  for (const at of [0, 4_096]) {
    slots.writeBigUInt64LE(9n, at + 8);
    slots.writeBigUInt64LE(BigInt(high), at + 16);
    slots.writeUInt32LE(crc32(slots.subarray(at, at + 28)), at + 28);
  }
  disk.replace(path, slots);
  const journal = await modelJournal(disk).opened;
  expect(await append(journal, reading("far"))).toBe(high);
  await journal.close();
  const again = await modelJournal(disk).opened;
  expect(await append(again, reading("further"))).toBe(high + 1);
  expect((await readAll(again, high)).map((entry) => entry.offset)).toEqual([high, high + 1]);
});

/** Seven hours back, as when a machine first hears of the right time zone. */
const STEP_MS = -7 * 3_600_000;

test("a stepped wall clock is written down, and times run on from there", async () => {
  const disk = new ModelDisk();
  const { opened, time } = modelJournal(disk);
  const journal = await opened;
  await append(journal, reading("before"));
  time.now.wallMs += 400;
  await append(journal, reading("a drift is no step"));
  time.now.wallMs += STEP_MS;
  time.now.monotonicMs += 1_000;
  time.now.wallMs += 1_000;
  await append(journal, reading("after"));
  const entries = await readAll(journal);
  expect(entries.map(textOf)).toEqual(["before", "a drift is no step", "(clock)", "after"]);
  const [before, drift, clock, after] = entries;
  expect(clock).toMatchObject({ stepMs: STEP_MS + 400 });
  expect(drift?.receivedTimeMs).toBe(before?.receivedTimeMs);
  expect(after?.receivedTimeMs).toBe(time.now.wallMs);
  time.now.wallMs += 60_000;
  journal.checkClock();
  await settled();
  expect((await readAll(journal)).at(-1)).toMatchObject({ kind: "clock", stepMs: 60_000 });
});

test("a start before the last record's time begins with a clock entry", async () => {
  const disk = new ModelDisk();
  const first = modelJournal(disk);
  first.time.now.wallMs += 86_400_000;
  const journal = await first.opened;
  await append(journal, reading("tomorrow"));
  await journal.close();
  const again = await modelJournal(disk).opened;
  await append(again, reading("today"));
  const entries = await readAll(again);
  expect(entries.map(textOf)).toEqual(["tomorrow", "(clock)", "today"]);
  expect(entries[1]).toMatchObject({ stepMs: -86_400_000 });
});

test("a newer version's segment stops the start instead of counting as damage", async () => {
  const disk = new ModelDisk();
  const journal = await modelJournal(disk).opened;
  await append(journal, reading("entry"));
  await journal.close();
  const path = `${directory}/${segmentNames(disk)[0]}`;
  const bytes = Buffer.from(disk.files.get(path)?.visible ?? "");
  const { crc32 } = await import("node:zlib");
  for (const at of [0, 64]) {
    bytes.writeUInt32LE(2, at + 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 60)), at + 60);
  }
  disk.replace(path, bytes);
  await expect(modelJournal(disk).opened).rejects.toMatchObject({ code: "JOURNAL_OPEN_FAILED" });
});

test("a callback that throws is reported, and the others are still answered", async (t) => {
  const folder = await temporaryFolder(t);
  const fatal: unknown[] = [];
  const journal = await openJournal(t, { directory: folder, onFatal: (e) => fatal.push(e) });
  journal.append(reading("bad"), () => {
    throw new Error("a bug");
  });
  expect(await append(journal, reading("good"))).toBe(2);
  expect(fatal).toHaveLength(1);
});

test("a disk that takes a write in pieces ends with the same bytes", async (t) => {
  const folder = await temporaryFolder(t);
  const crumbs: FileSystem = {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      const part = (source: Uint8Array): Uint8Array => source.subarray(0, 7);
      return { ...file, write: (source, at) => file.write(part(source), at) };
    },
  };
  const journal = await openJournal(t, { directory: folder, disk: crumbs });
  await append(journal, reading("entry"));
  await journal.close();
  const again: FileJournal = await openJournal(t, { directory: folder, tailBytesMax: 0 });
  expect((await readAll(again)).map(textOf)).toEqual(["entry"]);
  expect(readdirSync(folder)).toEqual(["0000000000000001.seg"]);
  expect(existsSync(`${folder}/quarantine`)).toBe(false);
});
