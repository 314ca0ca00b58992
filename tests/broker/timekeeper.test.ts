import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { expect, test, type TestContext } from "vitest";
import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import type { JournalEntry } from "../../broker/journal/journal.ts";
import { Timekeeper } from "../../broker/timekeeper.ts";
import { TestLogins } from "../support/test-logins.ts";

const log = pino({ level: "silent" });

async function createTimekeeper(
  t: TestContext,
): Promise<{ journal: FileJournal; logins: TestLogins; timekeeper: Timekeeper }> {
  const directory = await mkdtemp(path.join(tmpdir(), "nadi-timekeeper-"));
  const journal = await openFileJournal({ directory: path.join(directory, "journal") });
  const logins = new TestLogins();
  logins.changeSeq = 41;
  const timekeeper = new Timekeeper({ journal, source: logins, log });
  t.onTestFinished(async () => {
    timekeeper.stop();
    await journal.close();
    await rm(directory, { recursive: true });
  });
  return { journal, logins, timekeeper };
}

/** The first entry from `fromOffset` on that is of this kind, once it is on disk. */
async function nextOfKind(
  journal: FileJournal,
  kind: JournalEntry["kind"],
  fromOffset = 1,
): Promise<JournalEntry> {
  for (;;) {
    const batch = await journal.read(fromOffset, { entriesMax: 100, bytesMax: 1_000_000 });
    const found = batch.entries.find((entry) => entry.kind === kind);
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => {
      const remove = journal.onSynced(() => {
        remove();
        resolve();
      });
    });
  }
}

test("the change that is in force at the start is the first entry", async (t) => {
  const { journal, timekeeper } = await createTimekeeper(t);
  timekeeper.start();
  expect(await nextOfKind(journal, "change")).toMatchObject({ offset: 1, changeSeq: 41 });
});

test("each later change becomes an entry with its own number", async (t) => {
  const { journal, logins, timekeeper } = await createTimekeeper(t);
  timekeeper.start();
  const first = await nextOfKind(journal, "change");
  const device = logins.add("sppg-one", "probe");
  logins.revoke(device);
  const second = await nextOfKind(journal, "change", first.offset + 1);
  expect(second).toMatchObject({ kind: "change", changeSeq: logins.changeSeq });
});

test("a second in which nothing arrives gets a tick", async (t) => {
  const { journal, timekeeper } = await createTimekeeper(t);
  timekeeper.start();
  const first = await nextOfKind(journal, "tick");
  const second = await nextOfKind(journal, "tick", first.offset + 1);
  // The first tick is no reading: the next second is idle too. Not two seconds apart.
  expect(second.receivedTimeMs - first.receivedTimeMs).toBeLessThan(1_800);
});

test("nothing is appended any more after stop", async (t) => {
  const { journal, logins, timekeeper } = await createTimekeeper(t);
  timekeeper.start();
  await nextOfKind(journal, "change");
  timekeeper.stop();
  logins.revoke(logins.add("sppg-one", "probe"));
  // An append of our own proves that whatever came before it is in the journal.
  const own = await new Promise<number>((resolve, reject) => {
    journal.append({ kind: "tick" }, (error, offset) => (error ? reject(error) : resolve(offset)));
  });
  expect(own).toBe(2);
});
