import { expect, test } from "vitest";
import { createBatches, createMemoryJournal } from "./support.ts";

test("two consumers at the same place share one decode", async () => {
  const journal = createMemoryJournal();
  const batches = await createBatches(journal);
  journal.addReadings(3);
  const [first, second] = await Promise.all([batches.read(1), batches.read(1)]);
  expect(second).toBe(first);
  expect(await batches.read(1)).toBe(first);
  expect(journal.reads).toBe(1);
  expect(first).toMatchObject({ fromOffset: 1, nextOffset: 4 });
});

test("nothing is given beyond what has been announced", async () => {
  const journal = createMemoryJournal();
  const batches = await createBatches(journal);
  expect(batches.read(1)).toBeNull();
  journal.addReadings(1);
  expect((await batches.read(1))?.entries).toHaveLength(1);
  expect(batches.read(2)).toBeNull();
});

test("a batch ends behind its changes, which the directory follows before the next one", async () => {
  const journal = createMemoryJournal();
  const followed: number[] = [];
  const batches = await createBatches(journal, async (changeSeq) => void followed.push(changeSeq));
  journal.addReadings(2);
  journal.addChange(7);
  journal.addChange(8);
  journal.addReadings(1);
  const first = await batches.read(1);
  expect(first?.entries.map(({ kind }) => kind)).toEqual([
    "publish",
    "publish",
    "change",
    "change",
  ]);
  expect(followed).toEqual([8]);
  const second = await batches.read(first?.nextOffset ?? 0);
  expect(second).toMatchObject({ fromOffset: 5, nextOffset: 6 });
  // The rest of the first read was kept.
  expect(journal.reads).toBe(1);
});

test("a change that can't be followed is read again, and then given", async () => {
  const journal = createMemoryJournal();
  let failures = 1;
  const batches = await createBatches(journal, async () => {
    if (failures-- > 0) throw new Error("away");
  });
  journal.addChange(1);
  await expect(batches.read(1)).rejects.toThrow("away");
  expect(await batches.read(1)).toMatchObject({ nextOffset: 2 });
});

test("what is kept is bounded, and what was let go is read again", async () => {
  const journal = createMemoryJournal();
  const batches = await createBatches(journal);
  journal.addReadings(100_000);
  for (let next = 1; next <= 100_000; ) next = (await batches.read(next))?.nextOffset ?? next;
  expect(batches.has(1)).toBe(false);
  expect(batches.has(99_001)).toBe(true);
  expect(batches.has(30_001)).toBe(false);
  expect((await batches.read(1))?.entries).toHaveLength(1_000);
});

test("arrays count with all their readings: what is kept is bounded by what it holds", async () => {
  const journal = createMemoryJournal();
  const batches = await createBatches(journal);
  const items = 200;
  journal.addArrays(1_000, items);
  // Each batch of 1,000 entries holds 200,000 readings, three times the bound.
  await batches.read(1);
  journal.addArrays(1_000, items);
  await batches.read(1_001);
  expect(batches.has(1)).toBe(false);
  expect(batches.has(1_001)).toBe(true);
});

test("many small live batches are kept in a bounded number", async () => {
  const journal = createMemoryJournal();
  const batches = await createBatches(journal);
  for (let at = 1; at <= 1_000; at++) {
    journal.addReadings(1);
    await batches.read(at);
  }
  expect(batches.has(1_000)).toBe(true);
  expect(batches.has(700)).toBe(false);
});

test("what both consumers have passed is let go, what one may still want is not", async () => {
  const journal = createMemoryJournal();
  const batches = await createBatches(journal);
  journal.addReadings(3_000);
  for (const at of [1, 1_001, 2_001]) await batches.read(at);
  batches.passed("monitor", 3_001);
  expect(batches.has(1)).toBe(true);
  batches.passed("recorder", 1_001);
  expect(batches.has(1)).toBe(false);
  expect(batches.has(1_001)).toBe(true);
  batches.passed("recorder", 3_001);
  expect(batches.has(2_001)).toBe(false);
  // Whoever comes back all the same is served.
  expect((await batches.read(1))?.entries).toHaveLength(1_000);
});
