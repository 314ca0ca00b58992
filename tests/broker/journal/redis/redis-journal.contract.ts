import { expect, test } from "vitest";
import { append, everything, readAll, reading, textOf } from "../harness.ts";
import { testJournalContract } from "../journal.contract.ts";
import {
  appendTo,
  load,
  moreAcknowledged,
  openOn,
  partitionUnderTest,
  readPartition,
  type StartRedis,
  untilSynced,
  sharedRedis,
} from "./harness.ts";

/** What the journal promises on Redis Streams, on each server that can hold it. */
export function testRedisJournal(start: StartRedis): void {
  const shared = sharedRedis(start);

  async function emptyRedis() {
    const redis = await shared();
    await redis.cli("flushall");
    return redis;
  }

  testJournalContract(async (t) => {
    const redis = await emptyRedis();
    let journal = await openOn(t, redis);
    return {
      journal: await journal.partition(3),
      async reopen() {
        await journal.close();
        journal = await openOn(t, redis);
        return journal.partition(3);
      },
    };
  });

  test("a broker's entry stands in its kitchen's partition, and only there", async (t) => {
    const redis = await emptyRedis();
    const journal = await openOn(t, redis);
    const kitchens = ["sppg-a-1", "sppg-b-2", "sppg-c-3", "sppg-d-4", "sppg-e-5"];
    for (const sppgId of kitchens) {
      await appendTo(journal.appender, reading(sppgId, { principal: `${sppgId}.probe-1` }));
    }
    const found: string[] = [];
    for (let partition = 0; partition < journal.partitions; partition++) {
      const entries = await readAll(await journal.partition(partition));
      for (const text of entries.map(textOf)) {
        expect(journal.partitionOf(text)).toBe(partition);
        found.push(text);
      }
    }
    expect(found.toSorted()).toEqual(kitchens);
  });

  test("ticks and changes are not a broker's to append", async (t) => {
    const { appender } = await openOn(t, await emptyRedis());
    const refused = { code: "JOURNAL_ENTRY_REFUSED" };
    await expect(appendTo(appender, { kind: "tick" })).rejects.toMatchObject(refused);
    const change = { kind: "change", changeSeq: 1 } as const;
    await expect(appendTo(appender, change)).rejects.toMatchObject(refused);
  });

  test("two brokers at once: offsets unique and growing, and the owner hears of both", async (t) => {
    const redis = await emptyRedis();
    const owner = await partitionUnderTest(await openOn(t, redis));
    const heard: number[] = [];
    owner.onSynced((offset) => heard.push(offset));
    const loads = ["one", "two"].map(async (name) => {
      const running = load((await openOn(t, redis)).appender, name, 200);
      await moreAcknowledged(running, 3_000);
      await running.stop();
      return running.offsets;
    });
    const offsets = await Promise.all(loads);
    const all = offsets.flatMap((map) => [...map.values()]);
    expect(new Set(all).size).toBe(all.length);
    for (const map of offsets) {
      const own = [...map.values()];
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
    const last = Math.max(...all);
    await untilSynced(owner, last);
    expect(owner.syncedOffset).toBe(last);
    expect(heard).toEqual([...new Set(heard)].toSorted((a, b) => a - b));
    const stored = new Map(
      (await readPartition(owner)).map((entry) => [textOf(entry), entry.offset]),
    );
    expect(stored).toEqual(new Map(offsets.flatMap((map) => [...map])));
  });

  test("a change stands before the first reading that knows it, also when read again", async (t) => {
    const redis = await emptyRedis();
    let changeSeq = 7;
    const broker = await openOn(t, redis, { changeSeq: () => changeSeq });
    const slow = await openOn(t, redis, { changeSeq: () => 7 });
    await appendTo(broker.appender, reading("first"));
    await appendTo(slow.appender, reading("second"));
    const third = appendTo(broker.appender, reading("third"));
    changeSeq = 9;
    await Promise.all([third, appendTo(broker.appender, reading("fourth"))]);
    // A broker that has not heard of 9 yet brings nothing back.
    await appendTo(slow.appender, reading("fifth"));
    const owner = await partitionUnderTest(await openOn(t, redis));
    // The owner's own word is the change itself: nothing stands before it.
    await append(owner, { kind: "change", changeSeq: 12 });
    changeSeq = 12;
    await untilSynced(owner, await appendTo(broker.appender, reading("sixth")));
    const entries = await readPartition(owner);
    expect(
      entries.map((entry) => (entry.kind === "change" ? entry.changeSeq : textOf(entry))),
    ).toEqual([7, "first", "second", "third", 9, "fourth", "fifth", 12, "sixth"]);
    expect(entries.map(({ offset }) => offset - owner.firstOffset)).toEqual([...entries.keys()]);
    for (const [at, { offset }] of entries.entries()) {
      const again = await owner.read(offset, everything);
      expect(again.entries).toEqual(entries.slice(at));
      const one = await owner.read(offset, { entriesMax: 1, bytesMax: 1 });
      expect(one).toEqual({ entries: [entries[at]], nextOffset: offset + 1 });
    }
  });

  test("what lies below every cursor is trimmed, and what the lower one needs is kept", async (t) => {
    const redis = await emptyRedis();
    const view = await (await openOn(t, redis)).partition(0);
    await view.commitCursor("recorder", view.firstOffset);
    await view.commitCursor("monitor", view.firstOffset);
    const offsets: number[] = [];
    for (const text of ["a", "b", "c", "d"]) offsets.push(await append(view, reading(text)));
    const [, b = 0, c = 0, d = 0] = offsets;
    await view.commitCursor("monitor", d);
    expect(await redis.cli("xlen", "nadi:journal:0")).toBe("4\n");
    await view.commitCursor("recorder", c);
    expect(await redis.cli("xlen", "nadi:journal:0")).toBe("2\n");
    expect(view.firstOffset).toBe(c);
    expect((await readPartition(view, b)).map(textOf)).toEqual(["c", "d"]);
  });

  test("what can't be trimmed is told, and trimmed when it can be", async (t) => {
    const redis = await emptyRedis();
    const rights = ["on", ">secret", "~nadi:journal*", "&nadi:journal*", "+@all", "-xtrim"];
    await redis.cli("acl", "setuser", "narrow", ...rights);
    t.onTestFinished(() => redis.cli("acl", "deluser", "narrow").then(() => undefined));
    const narrow = { url: redis.url.replace("//", "//narrow:secret@") };
    const view = await (await openOn(t, narrow)).partition(0);
    await view.commitCursor("recorder", view.firstOffset);
    const first = await append(view, reading("a"));
    const second = await append(view, reading("b"));
    const refused = { code: "JOURNAL_CURSOR_FAILED", retryable: true };
    await expect(view.commitCursor("recorder", second)).rejects.toMatchObject(refused);
    await expect(view.commitCursor("recorder", second)).rejects.toMatchObject(refused);
    expect((await readPartition(view, first)).map(textOf)).toEqual(["a", "b"]);
    await redis.cli("acl", "setuser", "narrow", "+xtrim");
    await view.commitCursor("recorder", second);
    expect(await redis.cli("xlen", "nadi:journal:0")).toBe("1\n");
  });

  test("a cursor that another owner has moved on can't be taken back", async (t) => {
    const redis = await emptyRedis();
    const stale = await (await openOn(t, redis)).partition(1);
    const first = await append(stale, reading("entry"));
    const owner = await (await openOn(t, redis)).partition(1);
    await owner.commitCursor("recorder", first + 1);
    const refused = { code: "JOURNAL_CURSOR_REFUSED" };
    await expect(stale.commitCursor("recorder", first)).rejects.toMatchObject(refused);
    expect((await (await openOn(t, redis)).partition(1)).cursor("recorder")).toBe(first + 1);
  });

  test("a batch that has been damaged is stepped over, counted and told", async (t) => {
    const redis = await emptyRedis();
    const lines: string[] = [];
    const add = (_fields: object, message: string): void => void lines.push(message);
    const journal = await openOn(t, redis, { log: { info: add, warn: add, error: add } });
    const view = await journal.partition(2);
    const before = await append(view, reading("before"));
    const words = ["t", "1", "k", "0", "c", "0", "b", "not a batch at all"];
    await redis.cli("xadd", "nadi:journal:2", `${before + 5}-0`, ...words);
    await redis.cli("hset", "nadi:journal:2:state", "next", String(before + 6));
    await append(view, reading("after"));
    expect((await readPartition(view)).map(textOf)).toEqual(["before", "after"]);
    expect(journal.stats().damagedBatches).toBe(1);
    expect(lines).toContain("a batch of the journal can't be read");
  });
}
