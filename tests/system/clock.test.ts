import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../../broker/journal/file-system.ts";
import { readJournal } from "../../broker/journal/inspect.ts";
import type { JournalEntry } from "../../broker/journal/journal.ts";
import { startLoad } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { startNadi, tempFolder } from "../support/nadi-process.ts";
import { JournalContents } from "./journal-contents.ts";
import { findFaketime } from "./needs.ts";

const hourMs = 3_600_000;
const faketime = findFaketime();
/** The wall clock may be off the journal's line by so much before that counts as a step. */
const driftMs = 2_000;

async function readEntries(dataDir: string): Promise<JournalEntry[]> {
  const folder = { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
  const entries: JournalEntry[] = [];
  for await (const entry of readJournal(folder, { fromOffset: 1, entriesMax: Infinity })) {
    entries.push(entry);
  }
  return entries;
}

async function readSteps(dataDir: string): Promise<number[]> {
  return (await readEntries(dataDir)).flatMap((entry) =>
    entry.kind === "clock" ? [entry.stepMs] : [],
  );
}

test("a step of the wall clock is one entry, and moves no timer and no connection", async (t) => {
  t.skip(faketime === null, "libfaketime is not installed (Debian: apt-get install libfaketime)");
  const dataDir = tempFolder(t);
  const folder = tempFolder(t);
  const offsetFile = path.join(folder, "offset");
  const setClock = (offset: string): void => {
    // In one step: a file that is read half written would set another time.
    writeFileSync(`${offsetFile}.new`, `${offset}\n`);
    renameSync(`${offsetFile}.new`, offsetFile);
  };
  setClock("+0");
  const devices = await provision(dataDir, 5);
  const nadi = await startNadi(t, {
    dataDir,
    env: {
      LD_PRELOAD: faketime ?? "",
      FAKETIME_TIMESTAMP_FILE: offsetFile,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  });
  const load = await startLoad({
    port: nadi.mqttPort,
    devices,
    pace: { kind: "rate", perSecond: 200 },
    keepAliveSeconds: 2,
    reconnect: null,
  });
  t.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });
  const steps = async (): Promise<number> => (await readSteps(dataDir)).length;
  setClock("-2h");
  await expect.poll(steps, { timeout: 10_000 }).toBe(1);
  setClock("+3d");
  await expect.poll(steps, { timeout: 10_000 }).toBe(2);
  const { acked: ackedAtStep } = load.stats();
  await expect
    .poll(() => load.stats().acked, { timeout: 10_000 })
    .toBeGreaterThan(ackedAtStep + 600);
  const stats = await load.stop();
  await nadi.stop();

  expect(stats.disconnects).toBe(0);
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
  const [back = 0, forth = 0] = await readSteps(dataDir);
  expect(Math.abs(back + 2 * hourMs)).toBeLessThan(driftMs);
  expect(Math.abs(forth - 74 * hourMs)).toBeLessThan(driftMs);
  const entries = await readEntries(dataDir);
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before === undefined) continue;
    const jumpMs = entry.receivedTimeMs - before.receivedTimeMs;
    const stepMs = entry.kind === "clock" ? entry.stepMs : 0;
    expect(jumpMs - stepMs, `offset ${entry.offset}`).toBeGreaterThanOrEqual(0);
    expect(jumpMs - stepMs, `offset ${entry.offset}`).toBeLessThan(driftMs);
  }

  // Started again by the true clock, three days before its last entry: one step back.
  const next = await startNadi(t, { dataDir });
  await expect.poll(steps, { timeout: 10_000 }).toBe(3);
  await next.stop();
  expect((await readSteps(dataDir))[2]).toBeLessThan(-71 * hourMs);
});
