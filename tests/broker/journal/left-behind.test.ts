import { expect, test } from "vitest";
import { type FileJournal, openFileJournal } from "../../../broker/journal/file-journal.ts";
import {
  append,
  createManualTime,
  readAll,
  reading,
  settled,
  smallJournal,
  textOf,
} from "./harness.ts";
import { type DiskCall, ModelDisk, seededRandom, systemError } from "./model-disk.ts";

// What the simulation found with seed 88: `node tests/simulation/main.ts`.

function open(disk: ModelDisk, { clock, timers } = createManualTime()): Promise<FileJournal> {
  return openFileJournal({
    ...smallJournal,
    segmentBytesMax: 500,
    directory: "/data/journal",
    disk: disk.attach(),
    clock,
    timers,
  });
}

/** From entry `from` on, each synced by itself. */
async function fill(journal: FileJournal, from: number): Promise<void> {
  for (let index = from; index < from + 9; index++) {
    await append(journal, reading(`entry-${index}`));
  }
}

const asItWas = { last: "entry-18", entriesTwice: 0, damagedRecords: 0 };

/** What a start finds on the disk. */
async function start(disk: ModelDisk, time = createManualTime()): Promise<typeof asItWas> {
  const journal = await open(disk, time);
  const texts = (await readAll(journal, journal.firstOffset)).map((entry) => textOf(entry));
  return {
    last: texts.at(-1) ?? "nothing",
    entriesTwice: texts.length - new Set(texts).size,
    damagedRecords: journal.stats().damagedRecords,
  };
}

/** A new file fails in one way, and so does its removal; all is trimmed later, and started anew. */
async function leaveBehind(fails: (call: DiskCall, isBorn: boolean) => boolean) {
  const disk = new ModelDisk();
  const time = createManualTime();
  const journal = await open(disk, time);
  await journal.commitCursor("monitor", 1);
  await fill(journal, 1);
  const known = new Set(disk.files.keys());
  disk.fault = (call) => {
    const isNew = call.path.endsWith(".seg") && !known.has(call.path);
    // The first sync of a file is that of its header.
    const isBorn = isNew && (disk.files.get(call.path)?.durable.byteLength ?? 0) > 0;
    const isHit = fails(call, isBorn) || (isNew && call.name === "unlink");
    return isHit ? systemError("EIO") : null;
  };
  const held = fill(journal, 10);
  while (journal.stats().unlinkFailures === 0) await settled();
  disk.fault = () => null;
  for (let round = 0; round < 5; round++) {
    time.fire();
    await settled();
  }
  await held;
  await journal.commitCursor("monitor", journal.syncedOffset - 1);
  await settled();
  disk.kill();
  return start(disk, time);
}

test("an empty file that could not be removed is no damage to a start after trimming", async () => {
  const found = await leaveBehind(({ name }, isBorn) => name === "dataSync" && isBorn);
  expect(found).toEqual(asItWas);
});

test("a file whose making failed and that could not be removed is no damage either", async () => {
  const isHit = ({ name, path }: DiskCall): boolean =>
    name === "syncDirectory" && path === "/data/journal";
  expect(await leaveBehind(isHit)).toEqual(asItWas);
});

test("a removal that was not synced is synced before the next file goes", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new ModelDisk();
    const journal = await open(disk);
    await journal.commitCursor("monitor", 1);
    await fill(journal, 1);
    await fill(journal, 10);
    let isUnlinked = false;
    disk.fault = ({ name }) => {
      if (name === "unlink") isUnlinked = true;
      return name === "syncDirectory" && isUnlinked ? systemError("EIO") : null;
    };
    await journal.commitCursor("monitor", journal.syncedOffset - 1);
    await settled();
    let unlinks = 0;
    disk.fault = ({ name }) => {
      if (name === "unlink") unlinks++;
      // The power goes before the second file's removal is synced.
      if (name === "syncDirectory" && unlinks > 1) disk.cutPower(seededRandom(seed));
      return null;
    };
    await journal.commitCursor("monitor", journal.syncedOffset);
    await settled();
    expect(unlinks).toBeGreaterThan(1);
    disk.fault = () => null;
    expect(await start(disk)).toEqual(asItWas);
  }
});

test("a file that a start goes on in is made durable first, header and name", async () => {
  for (const failing of ["dataSync", "syncDirectory"]) {
    const disk = new ModelDisk();
    const time = createManualTime();
    const journal = await open(disk, time);
    // The first file can't be made durable nor be removed, and the process ends.
    disk.fault = ({ name, path }) => {
      const isHit = name === failing && path.startsWith("/data/journal");
      return isHit || name === "unlink" ? systemError("EIO") : null;
    };
    journal.append(reading("never answered"), () => {});
    while (journal.stats().unlinkFailures === 0) await settled();
    disk.kill();
    disk.fault = () => null;
    const next = await open(disk, time);
    const left = [...disk.files.keys()].findLast((path) => path.endsWith(".seg")) ?? "";
    expect(disk.files.get(left)?.visible.byteLength).toBe(128);
    // One alone: a later file would make the names durable, and a footer stands in for a header.
    await append(next, reading("entry-1"));
    expect(disk.files.get(left)?.visible.byteLength).toBeGreaterThan(128);
    disk.cutPower(() => 0);
    const found = await start(disk, time);
    expect(found).toEqual({ ...asItWas, last: "entry-1" });
  }
});
