import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { CrashPoint } from "../../broker/journal/crash-points.ts";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { createRandom } from "../../simulators/load/random.ts";
import { tempFolder } from "../support/nadi-process.ts";
import { consumerJournal } from "./consumer-journal.ts";

const seed = 4_711;
const roundsEach = 4;
/** In a process of our own, which passes them hundreds of times; `kill.ts` has them in serve. */
const points: readonly CrashPoint[] = ["before-checkpoint", "after-checkpoint", "segment-unlinked"];

/** Runs the consumer until its crash point; answers the last offsets that it told. */
async function runToCrash(directory: string, crashPoint: string) {
  const program = path.join(import.meta.dirname, "journal-consumer.ts");
  const child = spawn(process.execPath, [program, directory, crashPoint], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  expect(child.signalCode, "ended by its crash point").toBe("SIGKILL");
  const told = (what: string): number[] =>
    [...output.matchAll(new RegExp(`^${what} (\\d+)$`, "gm"))].map((match) => Number(match[1]));
  return { acked: told("acked"), committed: told("committed") };
}

test("a kill around a checkpoint or a trim loses nothing that is still to be consumed", async (t) => {
  const directory = path.join(tempFolder(t), "journal");
  const random = createRandom(seed);
  let committedMax = 1;
  let ackedMax = 0;
  for (let round = 0; round < points.length * roundsEach; round += 1) {
    const crashPoint = `${points[round % points.length]}:${1 + Math.floor(random() * 10)}`;
    const { acked, committed } = await runToCrash(directory, crashPoint);
    const where = `seed ${seed}, round ${round}, ${crashPoint}`;
    expect(Math.min(Infinity, ...acked), where).toBeGreaterThan(ackedMax);
    ackedMax = Math.max(ackedMax, ...acked);
    committedMax = Math.max(committedMax, ...committed);

    const journal = await openFileJournal({ ...consumerJournal, directory });
    const cursor = journal.cursor("consumer") ?? journal.firstOffset;
    expect(cursor, where).toBeGreaterThanOrEqual(committedMax);
    expect(cursor, where).toBeLessThanOrEqual(journal.syncedOffset + 1);
    expect(journal.syncedOffset, where).toBeGreaterThanOrEqual(ackedMax);
    let nextOffset = cursor;
    while (nextOffset <= journal.syncedOffset) {
      const batch = await journal.read(nextOffset, { entriesMax: 1_000, bytesMax: 1_000_000 });
      for (const { offset } of batch.entries) expect(offset, where).toBe(nextOffset++);
      expect(batch.nextOffset, where).toBe(nextOffset);
    }
    expect(journal.stats()).toMatchObject({ damagedRecords: 0, cursorsReset: 0 });
    await journal.close();
  }
});
