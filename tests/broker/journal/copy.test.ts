import { cp, mkdir, readdir, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { expect, test, type TestContext } from "vitest";
import { openJournalCopy } from "../../../broker/journal/copy.ts";
import type { FileJournal } from "../../../broker/journal/file-journal.ts";
import { append, openJournal, readAll, reading, temporaryFolder } from "./harness.ts";

interface Site {
  journal: FileJournal;
  from: string;
  to: string;
}

async function createSite(t: TestContext): Promise<Site> {
  const folder = await temporaryFolder(t);
  const [from, to] = [path.join(folder, "journal"), path.join(folder, "copy")];
  await mkdir(to);
  return { journal: await openJournal(t, { directory: from }), from, to };
}

/** About twenty of them fill a segment. */
async function appendMany(journal: FileJournal, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    await append(journal, reading(`{"celsius":${number}}`));
  }
}

async function commitBoth(journal: FileJournal, nextOffset: number): Promise<void> {
  for (const name of ["recorder", "monitor"]) await journal.commitCursor(name, nextOffset);
}

test("the copy is the journal up to the stated offset, and goes on behind it", async (t) => {
  const { journal, from, to } = await createSite(t);
  await appendMany(journal, 100);
  await commitBoth(journal, 60);
  const copy = await openJournalCopy({ from, to });
  await appendMany(journal, 30);
  await copy.mark();
  await appendMany(journal, 5);
  const copied = await copy.finish(0);
  await copy.close();
  const original = await readAll(journal, copied.firstOffset);
  await appendMany(journal, 10);

  const restored = await openJournal(t, { directory: to });
  expect(copied.lastOffset).toBe(original.at(-1)?.offset);
  expect(copied.firstOffset).toBe(restored.firstOffset);
  expect(await readAll(restored)).toEqual(original);
  expect([restored.cursor("recorder"), restored.cursor("monitor")]).toEqual([60, 60]);
  expect(restored.stats()).toMatchObject({ damagedRecords: 0, tailsCut: 0, cursorsBeyondEnd: 0 });
  expect(await append(restored, reading("{}"))).toBe(copied.lastOffset + 1);
});

test("what is trimmed meanwhile is in the copy all the same", async (t) => {
  const { journal, from, to } = await createSite(t);
  await appendMany(journal, 100);
  await commitBoth(journal, 1);
  const before = await readAll(journal);
  const copy = await openJournalCopy({ from, to });
  await commitBoth(journal, 100);
  await expect.poll(() => journal.firstOffset).toBeGreaterThan(60);
  // New files come before the last known one goes: nothing was missed.
  await appendMany(journal, 50);
  await copy.follow();
  await commitBoth(journal, 150);
  await copy.mark();
  await copy.finish(0);
  await copy.close();

  const restored = await openJournal(t, { directory: to });
  expect((await readAll(restored)).slice(0, 100)).toEqual(before);
  expect((await readAll(restored)).length).toBe(150);
  expect(restored.cursor("recorder")).toBe(1);
});

test("a file that came and went unseen is told, never left out", async (t) => {
  const { journal, from, to } = await createSite(t);
  await appendMany(journal, 10);
  await commitBoth(journal, 1);
  const copy = await openJournalCopy({ from, to });
  await appendMany(journal, 200);
  await commitBoth(journal, 200);
  await expect.poll(() => journal.firstOffset).toBeGreaterThan(60);

  await expect(copy.follow()).rejects.toMatchObject({
    code: "JOURNAL_COPY_OVERTAKEN",
    retryable: true,
  });
  await copy.close();
});

test("the copy ends before a change that the records do not hold", async (t) => {
  const { journal, from, to } = await createSite(t);
  await appendMany(journal, 30);
  await append(journal, { kind: "change", changeSeq: 7 });
  const copy = await openJournalCopy({ from, to });
  await copy.mark();
  await appendMany(journal, 3);
  const cutAt = await append(journal, { kind: "change", changeSeq: 8 });
  await appendMany(journal, 60);
  const { lastOffset } = await copy.finish(7);
  await copy.close();

  const restored = await openJournal(t, { directory: to });
  expect(lastOffset).toBe(cutAt - 1);
  expect((await readAll(restored)).at(-1)?.offset).toBe(cutAt - 1);
  expect(restored.stats().damagedRecords).toBe(0);
});

test("half a record at the end is left out", async (t) => {
  const { journal, from, to } = await createSite(t);
  await appendMany(journal, 10);
  await journal.close();
  const torn = `${from}-torn`;
  await cp(from, torn, { recursive: true });
  const name = (await readdir(torn)).find((file) => file.endsWith(".seg")) ?? "";
  const { size } = await stat(path.join(torn, name));
  await truncate(path.join(torn, name), size - 7);
  const copy = await openJournalCopy({ from: torn, to });
  expect((await copy.finish(0)).lastOffset).toBe(9);
  await copy.close();

  const restored = await openJournal(t, { directory: to });
  expect(restored.stats().tailsCut).toBe(0);
  expect(restored.syncedOffset).toBe(9);
});

test("a folder without a journal is an empty one", async (t) => {
  const { to, from } = await createSite(t);
  const copy = await openJournalCopy({ from: `${from}-missing`, to });
  await copy.mark();
  expect(await copy.finish(0)).toEqual({ firstOffset: 0, lastOffset: 0 });
  await copy.close();
  expect(await readdir(to)).toEqual([]);
});
