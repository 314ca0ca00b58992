import { readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { emptyAnnouncement } from "../../../broker/journal/announcement.ts";
import { blockingReads, type FileSystem } from "../../../broker/journal/file-system.ts";
import { type JournalDamage, openJournalFollower } from "../../../broker/journal/follower.ts";
import { segmentName } from "../../../broker/journal/segment-format.ts";
import { FollowedLife, followAll } from "./follower-life.ts";
import type { FollowerReport } from "./follower-worker.ts";
import {
  append,
  everything,
  openJournal,
  readAll,
  reading,
  settled,
  temporaryFolder,
  textOf,
} from "./harness.ts";
import { systemError } from "./model-disk.ts";

type Hooks = Parameters<typeof temporaryFolder>[0];

/** On the real disk: a journal without memory, so that both read files, and a follower. */
async function followed(t: Hooks, options: { segmentBytesMax?: number; disk?: FileSystem } = {}) {
  const directory = await temporaryFolder(t);
  const { segmentBytesMax = 4_096, disk = blockingReads } = options;
  const journal = await openJournal(t, { directory, segmentBytesMax, tailBytesMax: 0 });
  const damage: JournalDamage[] = [];
  const follower = openJournalFollower({ directory, disk, onDamage: (it) => damage.push(it) });
  t.onTestFinished(() => follower.close());
  const fill = async (count: number): Promise<void> => {
    const next = journal.syncedOffset + 1;
    // One by one: what is appended together goes out as one group, into one segment.
    for (let index = 0; index < count; index++) {
      await append(journal, reading(`entry-${next + index}`));
    }
  };
  return { directory, journal, follower, damage, fill };
}

const segmentNames = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".seg"))
    .toSorted();

const segmentPath = (firstOffset: number): string => `/data/journal/${segmentName(firstOffset)}`;

/** Counts what a follower asks of the disk. */
function countingDisk() {
  const counts = { opened: 0, listed: 0, bytes: 0 };
  const disk: FileSystem = {
    ...blockingReads,
    async open(path, mode) {
      counts.opened++;
      const file = await blockingReads.open(path, mode);
      const read = async (target: Uint8Array, position: number): Promise<number> => {
        const bytes = await file.read(target, position);
        counts.bytes += bytes;
        return bytes;
      };
      return { ...file, read };
    },
    list(path) {
      counts.listed++;
      return blockingReads.list(path);
    },
  };
  return { counts, disk };
}

test("before the first entry there is nothing to read, and no file is touched", async () => {
  const { disk, counts } = countingDisk();
  const follower = openJournalFollower({ directory: "/nowhere", disk });
  const batch = await follower.read(1, emptyAnnouncement, everything);
  expect(batch).toEqual({ entries: [], nextOffset: 1 });
  expect(counts).toEqual({ opened: 0, listed: 0, bytes: 0 });
  await follower.close();
});

test("every kind of entry comes as the journal itself gives it", async (t) => {
  const { journal, follower } = await followed(t);
  await append(journal, reading("", { payload: Buffer.from([0, 255, 10]), qos: 2 }));
  await append(journal, { kind: "change", changeSeq: 2 ** 40 });
  await append(journal, { kind: "tick" });
  await append(journal, reading("", { topicName: "sppg/sppg-é/telemetry/a/suhu-℃", qos: 0 }));
  expect(await followAll(follower, journal)).toEqual(await readAll(journal));
});

test("two readers at different places neither open nor fetch again what they have", async (t) => {
  const { disk, counts } = countingDisk();
  const { journal, follower, fill } = await followed(t, { segmentBytesMax: 1_000_000, disk });
  await fill(2_000);
  const { announcement } = journal;
  const limits = { entriesMax: 100, bytesMax: 1_000_000 };
  const places = [1, 1_001];
  for (let turn = 0; turn < 10; turn++) {
    for (const [index, from] of places.entries()) {
      const batch = await follower.read(from, announcement, limits);
      expect(batch.entries.at(-1)?.offset).toBe(from + 99);
      places[index] = batch.nextOffset;
    }
  }
  expect(counts).toMatchObject({ opened: 1, listed: 1 });
  // One search for the second place, and windows that overlap a little.
  expect(counts.bytes).toBeLessThan(3 * announcement.activeEndBytes);
  // Nothing new is announced: nothing is fetched.
  const before = { ...counts };
  const none = await follower.read(announcement.syncedOffset + 1, announcement, everything);
  expect(none).toEqual({ entries: [], nextOffset: announcement.syncedOffset + 1 });
  expect(counts).toEqual(before);
});

test("what is new is fetched alone, and only a new segment makes it look at the folder", async (t) => {
  const { disk, counts } = countingDisk();
  const { directory, journal, follower, fill } = await followed(t, { disk });
  await fill(10);
  await followAll(follower, journal);
  let fetched = counts.bytes;
  await fill(1);
  const { entries } = await follower.read(11, journal.announcement, everything);
  expect(entries.map(textOf)).toEqual(["entry-11"]);
  expect(counts.bytes - fetched).toBeLessThan(200);
  expect(counts).toMatchObject({ opened: 1, listed: 1 });
  fetched = counts.bytes;
  await fill(100);
  await follower.read(12, journal.announcement, everything);
  expect(segmentNames(directory).length).toBeGreaterThan(2);
  expect(counts.listed).toBe(2);
});

test("files that are trimmed are passed over, and let go when the folder is looked at", async (t) => {
  const { directory, journal, follower, fill } = await followed(t);
  await fill(200);
  const limits = { entriesMax: 10, bytesMax: 100_000 };
  await follower.read(190, journal.announcement, limits);
  const trim = async (nextOffset: number): Promise<void> => {
    const names = segmentNames(directory);
    const kept = names.findLast((name) => Number(name.slice(0, 16)) <= nextOffset);
    await journal.commitCursor("recorder", nextOffset);
    while (journal.firstOffset !== Number(kept?.slice(0, 16))) await settled();
  };
  await trim(80);
  expect(journal.firstOffset).toBeGreaterThan(1);
  expect(await follower.read(1, journal.announcement, limits)).toEqual(
    await journal.read(1, limits),
  );
  // These were open when they were trimmed.
  await trim(180);
  await fill(100);
  await follower.read(290, journal.announcement, limits);
  expect(await follower.read(1, journal.announcement, limits)).toEqual(
    await journal.read(1, limits),
  );
});

test("a start that jumped over a torn tail is no damage to a follower", async () => {
  const life = new FollowedLife();
  await life.open();
  life.append(5);
  await life.settle();
  const path = segmentPath(1);
  const whole = life.disk.files.get(path)?.visible ?? Buffer.alloc(0);
  life.disk.replace(path, Buffer.concat([whole, Buffer.alloc(500, 0xaa)]));
  life.disk.kill();
  await life.open();
  const { announcement } = life.journal;
  expect(announcement.syncedOffset).toBeGreaterThan(announcement.activeLastOffset);
  const both = await life.readBoth(1, everything);
  expect(both.follower).toEqual(both.journal);
  expect(both.follower.entries).toHaveLength(5);
  expect(life.damage).toEqual([]);
});

test("what was void before a fence stays unseen, although the file holds it", async () => {
  const life = new FollowedLife();
  await life.open();
  life.append(2);
  await life.settle();
  life.failOnce("dataSync");
  life.append(2);
  await life.settle();
  // As if the cut of the void tail had failed: its records are whole.
  const { journal, follower } = await life.drainBoth();
  expect(follower.map((entry) => entry.offset)).toEqual([1, 2, 5, 6]);
  expect(follower).toEqual(journal);
});

test("files whose making failed and that could not be removed don't hide where one ends", async () => {
  const life = new FollowedLife();
  await life.open();
  life.append(2);
  await life.settle();
  const fenced = segmentPath(1);
  const { byteLength } = life.disk.files.get(fenced)?.visible ?? Buffer.alloc(0);
  // The group's sync, then the headers of two new files, which stay there without one.
  const failing = [`dataSync ${fenced}`, ...[6, 7].map((at) => `write ${segmentPath(at)}`)];
  life.disk.fault = ({ name, path }) => {
    const isHit = failing.includes(`${name} ${path}`) || (name === "unlink" && path !== fenced);
    return isHit ? systemError("EIO") : null;
  };
  life.append(3);
  await life.settle();
  life.disk.fault = () => null;
  const { journal, follower } = await life.drainBoth();
  // Void are 3 to 5, which the failed group had been given and which stood in the file, and a name
  // for each new one.
  expect(follower.map((entry) => entry.offset)).toEqual([1, 2, 8, 9, 10]);
  expect(follower).toEqual(journal);
  expect(life.damage).toEqual([]);
  expect(life.disk.files.get(fenced)?.visible.byteLength).toBe(byteLength);
  expect([6, 7].map((at) => life.disk.files.get(segmentPath(at))?.visible.byteLength)).toEqual([
    0, 0,
  ]);
});

test("damage is stepped over and told, so that the journal keeps and counts it", async (t) => {
  const { directory, journal, follower, damage, fill } = await followed(t);
  await fill(100);
  const name = segmentNames(directory)[1] ?? "";
  const firstOffset = Number(name.slice(0, 16));
  const bytes = readFileSync(`${directory}/${name}`);
  const first = bytes.indexOf("entry-");
  const recordBytes = bytes.indexOf("entry-", first + 1) - first;
  // From inside the second record to inside the fourth.
  bytes.fill(0xaa, 128 + recordBytes + 20, 128 + 3 * recordBytes + 20);
  writeFileSync(`${directory}/${name}`, bytes);
  const entries = await followAll(follower, journal);
  expect(damage).toEqual([{ firstOffset: firstOffset + 1, records: 3 }]);
  expect(entries).toHaveLength(97);
  expect(journal.stats().damagedRecords).toBe(0);
  await journal.read(firstOffset + 1, { entriesMax: 1, bytesMax: 1 });
  expect(journal.stats().damagedRecords).toBe(3);
  expect(readdirSync(`${directory}/quarantine`)).toHaveLength(1);
  expect(entries).toEqual(await readAll(journal));
});

test("a finished file without a whole header is read by its footer", async (t) => {
  const { directory, journal, follower, damage, fill } = await followed(t);
  await fill(100);
  const path = `${directory}/${segmentNames(directory)[1]}`;
  writeFileSync(path, readFileSync(path).fill(0xff, 0, 128));
  expect(await followAll(follower, journal)).toHaveLength(100);
  expect(damage).toEqual([]);
});

test("a file that nothing is known of is told as damage, and what follows is read", async (t) => {
  const { directory, journal, follower, damage, fill } = await followed(t);
  await fill(100);
  const [, second = "", third = ""] = segmentNames(directory);
  writeFileSync(`${directory}/${second}`, Buffer.alloc(4_000, 0xff));
  const [firstOffset, nextOffset] = [second, third].map((name) => Number(name.slice(0, 16)));
  const records = (nextOffset ?? 0) - (firstOffset ?? 0);
  expect(await followAll(follower, journal)).toHaveLength(100 - records);
  expect(damage).toEqual([{ firstOffset, records }]);
});

test("an error of the disk rejects one read, and the next goes on where it stood", async (t) => {
  let isFailing = false;
  const disk: FileSystem = {
    ...blockingReads,
    async open(path, mode) {
      const file = await blockingReads.open(path, mode);
      const read = async (target: Uint8Array, position: number): Promise<number> => {
        if (isFailing) throw systemError("EIO");
        return file.read(target, position);
      };
      return { ...file, read };
    },
  };
  const { journal, follower, fill } = await followed(t, { disk });
  await fill(10);
  await follower.read(1, journal.announcement, { entriesMax: 5, bytesMax: 100_000 });
  isFailing = true;
  const failed = { code: "JOURNAL_READ_FAILED", retryable: true };
  await expect(follower.read(6, journal.announcement, everything)).rejects.toMatchObject(failed);
  isFailing = false;
  const { entries } = await follower.read(6, journal.announcement, everything);
  expect(entries.map((entry) => entry.offset)).toEqual([6, 7, 8, 9, 10]);
});

test("a folder whose announced file is gone has nothing to read", async (t) => {
  const { directory, journal, follower, fill } = await followed(t);
  await fill(3);
  unlinkSync(`${directory}/${segmentNames(directory)[0]}`);
  const batch = await follower.read(1, journal.announcement, everything);
  expect(batch).toEqual({ entries: [], nextOffset: 4 });
});

test("closing waits for the read under way, refuses later ones, and can be asked twice", async (t) => {
  const { journal, follower, fill } = await followed(t);
  await fill(3);
  const under = follower.read(1, journal.announcement, everything);
  await Promise.all([follower.close(), follower.close()]);
  expect((await under).entries).toHaveLength(3);
  const refused = { code: "JOURNAL_CLOSED" };
  await expect(follower.read(1, journal.announcement, everything)).rejects.toMatchObject(refused);
});

test("another thread follows live, while entries are appended and files come and go", async (t) => {
  const { directory, journal } = await followed(t, { segmentBytesMax: 20_000 });
  await journal.commitCursor("recorder", 1);
  const worker = new Worker(new URL("./follower-worker.ts", import.meta.url), {
    workerData: { directory },
  });
  t.onTestFinished(() => worker.terminate().then(() => undefined));
  const sizes = Array.from({ length: 100 }, (_, index) => 1 + ((index * 37) % 99));
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const texts: string[] = [];
  const isAllRead = new Promise<void>((resolve, reject) => {
    worker.on("error", reject);
    worker.on("message", (report: FollowerReport) => {
      texts.push(...report.texts);
      expect(report.damage).toBe(0);
      journal.commitCursor("recorder", report.nextOffset).catch(reject);
      if (texts.length === count) resolve();
    });
  });
  journal.onSynced(() => worker.postMessage(journal.announcement, []));
  let sent = 0;
  for (const size of sizes) {
    const group = Array.from({ length: size }, () => reading(`entry-${++sent}`));
    await Promise.all(group.map((entry) => append(journal, entry)));
  }
  await isAllRead;
  expect(texts).toEqual(Array.from({ length: count }, (_, index) => `entry-${index + 1}`));
  expect(journal.stats().segmentsTrimmed).toBeGreaterThan(0);
});
