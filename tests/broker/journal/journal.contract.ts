import { expect, type TestContext, test } from "vitest";
import type { Journal } from "../../../broker/journal/journal.ts";
import { append, everything, readAll, reading, textOf } from "./harness.ts";

/** What an adapter hands in to be tested: an empty journal, and the same one opened again. */
export interface JournalSubject {
  journal: Journal;
  reopen(): Promise<Journal>;
}

/** What every adapter of the journal's port must do. */
export function testJournalContract(create: (t: TestContext) => Promise<JournalSubject>): void {
  test("an entry comes back as it was given, with its offset and received time", async (t) => {
    const { journal } = await create(t);
    const payload = Buffer.from([0, 255, 10, 13, 34]);
    const entry = reading("", { payload, qos: 2, topicName: "sppg/sppg-é/telemetry/a/suhu-℃" });
    const offset = await append(journal, entry);
    await append(journal, { kind: "change", changeSeq: 2 ** 40 });
    await append(journal, { kind: "tick" });
    const [first, second, third] = await readAll(journal);
    expect(first).toMatchObject({ ...entry, payload: expect.anything(), offset });
    expect(first?.kind === "publish" && Buffer.compare(first.payload, payload)).toBe(0);
    expect(second).toMatchObject({ kind: "change", changeSeq: 2 ** 40 });
    expect(third).toMatchObject({ kind: "tick" });
    expect(third?.receivedTimeMs).toBeGreaterThanOrEqual(first?.receivedTimeMs ?? Infinity);
  });

  test("the bytes of an entry are copied before append returns", async (t) => {
    const { journal } = await create(t);
    const payload = Buffer.from("before");
    const stored = append(journal, reading("", { payload }));
    payload.write("after!");
    await stored;
    expect((await readAll(journal)).map(textOf)).toEqual(["before"]);
  });

  test("entries are answered once each, in offset order", async (t) => {
    const { journal } = await create(t);
    const answered: number[] = [];
    await new Promise<void>((resolve, reject) => {
      for (let index = 0; index < 500; index++) {
        journal.append(reading(`entry-${index}`), (error, offset) => {
          if (error) reject(error);
          if (answered.push(offset) === 500) resolve();
        });
      }
    });
    expect(answered).toEqual(answered.toSorted((a, b) => a - b));
    expect(new Set(answered).size).toBe(500);
    expect((await readAll(journal)).map((entry) => entry.offset)).toEqual(answered);
  });

  test("listeners hear of what is synced, after it can be read", async (t) => {
    const { journal } = await create(t);
    const heard = new Promise<number>((resolve) => {
      const stop = journal.onSynced((syncedOffset) => {
        stop();
        resolve(syncedOffset);
      });
    });
    const offset = await append(journal, reading("entry"));
    expect(await heard).toBe(offset);
    expect(journal.syncedOffset).toBe(offset);
  });

  test("a read keeps to its limits and says where the next goes on", async (t) => {
    const { journal } = await create(t);
    for (let index = 1; index <= 5; index++) await append(journal, reading(`entry-${index}`));
    const two = await journal.read(1, { entriesMax: 2, bytesMax: 1_000_000 });
    expect(two.entries.map(textOf)).toEqual(["entry-1", "entry-2"]);
    const one = await journal.read(two.nextOffset, { entriesMax: 9, bytesMax: 1 });
    expect(one.entries.map(textOf)).toEqual(["entry-3"]);
    const rest = await journal.read(one.nextOffset, everything);
    expect(rest.entries.map(textOf)).toEqual(["entry-4", "entry-5"]);
    const none = await journal.read(rest.nextOffset, everything);
    expect(none).toEqual({ entries: [], nextOffset: rest.nextOffset });
  });

  test("cursors are absent until committed, and survive a new start", async (t) => {
    const subject = await create(t);
    expect(subject.journal.cursor("monitor")).toBeNull();
    const offset = await append(subject.journal, reading("entry"));
    await subject.journal.commitCursor("monitor", offset);
    await subject.journal.commitCursor("recorder", offset + 1);
    const again = await subject.reopen();
    expect(again.cursor("monitor")).toBe(offset);
    expect(again.cursor("recorder")).toBe(offset + 1);
  });

  test("a cursor can't go back, nor beyond what is synced", async (t) => {
    const { journal } = await create(t);
    const offset = await append(journal, reading("entry"));
    await journal.commitCursor("monitor", offset + 1);
    const refused = { code: "JOURNAL_CURSOR_REFUSED" };
    await expect(journal.commitCursor("monitor", offset)).rejects.toMatchObject(refused);
    await expect(journal.commitCursor("monitor", offset + 2)).rejects.toMatchObject(refused);
    await expect(journal.commitCursor("../up", offset)).rejects.toMatchObject(refused);
  });

  test("offsets go on after a new start", async (t) => {
    const subject = await create(t);
    const before = await append(subject.journal, reading("before"));
    const again = await subject.reopen();
    expect(again.syncedOffset).toBe(before);
    expect(await append(again, reading("after"))).toBeGreaterThan(before);
    expect((await readAll(again)).map(textOf)).toEqual(["before", "after"]);
  });

  test("closing answers everything, refuses the rest, and can be asked twice", async (t) => {
    const { journal } = await create(t);
    const answers = Promise.all([1, 2, 3].map((index) => append(journal, reading(`e${index}`))));
    await Promise.all([journal.close(), journal.close()]);
    expect(await answers).toHaveLength(3);
    expect(journal.condition).toEqual({ kind: "closed" });
    const refused = { code: "JOURNAL_CLOSED" };
    await expect(append(journal, reading("late"))).rejects.toMatchObject(refused);
  });

  test("clock entries are the journal's own to write", async (t) => {
    const { journal } = await create(t);
    const refused = { code: "JOURNAL_ENTRY_REFUSED" };
    await expect(append(journal, { kind: "clock", stepMs: 1 })).rejects.toMatchObject(refused);
  });
}
