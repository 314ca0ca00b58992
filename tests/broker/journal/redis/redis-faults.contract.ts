import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { systemClock } from "../../../../broker/journal/clock.ts";
import { JournalError } from "../../../../broker/journal/errors.ts";
import type { PartitionedJournal } from "../../../../broker/journal/redis/partitioned-journal.ts";
import { eventually } from "../../../support/kitchen.ts";
import type { Scope } from "../../../support/nadi-process.ts";
import type { RedisServer } from "../../../support/redis.ts";
import { startRedisProxy } from "../../../support/redis-proxy.ts";
import { whyNoStrace } from "../../../system/needs.ts";
import { append, reading, textOf } from "../harness.ts";
import {
  type Acknowledged,
  appendTo,
  backWithinMs,
  load,
  moreAcknowledged,
  openOn,
  partitionUnderTest,
  readPartition,
  type StartRedis,
  untilSynced,
} from "./harness.ts";

/** For a test that waits for a server to come back, more than once. */
const slowMs = 60_000;

async function withheld(journal: PartitionedJournal, reason: string): Promise<void> {
  await eventually(
    () => Promise.resolve(journal.condition),
    (condition) => condition.kind === "withheld" && condition.reason === reason,
    backWithinMs,
  );
}

async function open(journal: PartitionedJournal): Promise<void> {
  await eventually(
    () => Promise.resolve(journal.condition.kind),
    (kind) => kind === "open",
    backWithinMs,
  );
}

function retryableOnly(error: unknown): null {
  if (error instanceof JournalError && error.retryable) return null;
  throw error;
}

/** Everything acknowledged can be read, once, under the offset that its sender was told. */
async function expectStored(journal: PartitionedJournal, running: Acknowledged): Promise<void> {
  const view = await partitionUnderTest(journal);
  const stored = new Map<string, number>();
  // Entries are read over a connection of its own, which may come back after the one that writes.
  const entries = await eventually(
    () => readPartition(view).catch(retryableOnly),
    (read) => read !== null,
    backWithinMs,
  );
  for (const entry of entries ?? []) {
    if (entry.kind !== "publish") continue;
    const told = running.offsets.get(textOf(entry));
    expect(stored.get(textOf(entry)), `also at ${entry.offset}, told ${told}`).toBeUndefined();
    stored.set(textOf(entry), entry.offset);
  }
  const lost = [...running.offsets].filter(([text, offset]) => stored.get(text) !== offset);
  expect(lost).toEqual([]);
  await view.close();
}

/** The next `fdatasync` of each thread answers that the disk has failed. */
async function failNextSync(t: Scope, redis: RedisServer): Promise<void> {
  const inject = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1"];
  const strace = spawn("strace", ["-f", ...inject, "-p", String(redis.pid())], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(strace, "exit");
  t.onTestFinished(async () => {
    strace.kill();
    await ended;
  });
  // Said when it has all threads.
  for await (const line of createInterface(strace.stderr)) {
    if (/attached/.test(line)) break;
  }
}

/** What must hold when the journal's server dies, stands still, is full or lies. */
export function testRedisFaults(start: StartRedis): void {
  test(
    "kill -9 of Redis under load: nothing acknowledged is lost, no offset given twice",
    async (t) => {
      const redis = await start(t);
      const journal = await openOn(t, redis);
      const owner = await partitionUnderTest(journal);
      const running = load(journal.appender, "entry", 300);
      let last = 0;
      for (let round = 0; round < 3; round++) {
        await moreAcknowledged(running, 2_000);
        await redis.kill();
        await withheld(journal, "redis-away");
        const before = Math.max(...running.offsets.values());
        expect(before).toBeGreaterThan(last);
        last = before;
        await redis.start();
        await open(journal);
      }
      await moreAcknowledged(running, 2_000);
      await running.stop();
      const offsets = [...running.offsets.values()];
      expect(new Set(offsets).size).toBe(offsets.length);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      // What a dying Redis gave may have been lost: offsets go on far behind it.
      const jumps = offsets.filter(
        (offset, at) => offset - (offsets[at - 1] ?? offset) >= 10_000_000,
      );
      expect(jumps).toHaveLength(3);
      await untilSynced(owner, Math.max(...offsets));
      await owner.close();
      await expectStored(journal, running);
      expect(journal.stats()).toMatchObject({ reconnects: 3, withheld: 3, entriesPending: 0 });
    },
    slowMs,
  );

  test("a sync that fails ends Redis: its entry is answered by the next one, and stored once", async (t) => {
    const obstacle = whyNoStrace();
    if (obstacle !== null) t.skip(obstacle);
    const redis = await start(t);
    const journal = await openOn(t, redis);
    await appendTo(journal.appender, reading("before"));
    await failNextSync(t, redis);
    let isAnswered = false;
    const answer = appendTo(journal.appender, reading("after")).finally(() => (isAnswered = true));
    await withheld(journal, "redis-away");
    expect(isAnswered).toBe(false);
    // It has ended by itself: there is nobody left to kill.
    await redis.kill();
    await redis.start();
    await answer;
    const entries = await readPartition(await partitionUnderTest(journal));
    expect(entries.map(textOf)).toEqual(["before", "after"]);
  });

  test(
    "an answer that is lost is asked for again, and the entries are stored once",
    async (t) => {
      const redis = await start(t);
      const proxy = await startRedisProxy(t, redis);
      const journal = await openOn(t, proxy);
      const running = load(journal.appender, "entry", 50);
      for (let round = 0; round < 5; round++) {
        await moreAcknowledged(running, 100);
        proxy.loseAnswersTo("EVALSHA", 1);
        await withheld(journal, "redis-away");
        await open(journal);
      }
      await running.stop();
      const { batchesRepeated, batchesKnown } = journal.stats();
      expect(batchesRepeated).toBeGreaterThanOrEqual(1);
      expect(batchesKnown).toBeGreaterThanOrEqual(1);
      await expectStored(journal, running);
      const view = await partitionUnderTest(journal);
      expect(await readPartition(view)).toHaveLength(running.offsets.size);
    },
    slowMs,
  );

  test(
    "a frozen Redis withholds acknowledgements, and all come when it goes on",
    async (t) => {
      const redis = await start(t);
      const journal = await openOn(t, redis, { silentBeatsMax: 2 });
      const running = load(journal.appender, "entry", 100);
      await moreAcknowledged(running, 500);
      redis.freeze();
      await withheld(journal, "redis-away");
      const before = running.offsets.size;
      const stops = running.stop();
      redis.thaw();
      await stops;
      expect(running.offsets.size).toBe(before + 100);
      await expectStored(journal, running);
      // It was not the clock that was stepped.
      expect(journal.stats().clockSteps).toBe(0);
    },
    slowMs,
  );

  test(
    "a full Redis withholds acknowledgements until an owner's cursors have made room",
    async (t) => {
      const redis = await start(t, ["--maxmemory-policy", "noeviction"]);
      const journal = await openOn(t, redis);
      const owner = await partitionUnderTest(journal);
      await owner.commitCursor("recorder", owner.firstOffset);
      const running = load(journal.appender, "entry", 200);
      await moreAcknowledged(running, 1_000);
      const used = /used_memory:(\d+)/.exec(await redis.cli("info", "memory"))?.[1];
      await redis.cli("config", "set", "maxmemory", String(Number(used) + 2_000_000));
      await withheld(journal, "redis-full");
      const stops = running.stop();
      // Reading goes on, and so do cursors: that is what frees a full Redis.
      await untilSynced(owner, Math.max(...running.offsets.values()));
      const { length } = await readPartition(owner);
      expect(length).toBe(running.offsets.size);
      await owner.commitCursor("recorder", owner.syncedOffset + 1);
      await stops;
      await open(journal);
      expect(running.offsets.size).toBe(length + 200);
      await untilSynced(owner, Math.max(...running.offsets.values()));
      expect(await readPartition(owner)).toHaveLength(200);
    },
    slowMs,
  );

  test("a replica takes no entries: they wait until it is the master", async (t) => {
    const redis = await start(t);
    const journal = await openOn(t, redis);
    await appendTo(journal.appender, reading("before"));
    // Of a master that nobody is: it keeps what it has.
    await redis.cli("replicaof", "127.0.0.1", "1");
    const answer = appendTo(journal.appender, reading("after"));
    await withheld(journal, "redis-away");
    await redis.cli("replicaof", "no", "one");
    await answer;
    const entries = await readPartition(await partitionUnderTest(journal));
    expect(entries.map(textOf)).toEqual(["before", "after"]);
  });

  test("scripts that Redis has forgotten are brought again", async (t) => {
    const redis = await start(t);
    const journal = await openOn(t, redis);
    const first = await appendTo(journal.appender, reading("first"));
    await redis.cli("script", "flush");
    expect(await appendTo(journal.appender, reading("second"))).toBe(first + 1);
    expect(journal.condition).toEqual({ kind: "open" });
  });

  test("an erased journal takes nothing more; a new one gives no offset that was given", async (t) => {
    const redis = await start(t);
    const journal = await openOn(t, redis);
    const before = await appendTo(journal.appender, reading("before"));
    await redis.cli("flushall");
    const answer = new Promise((resolve) => journal.appender.append(reading("lost?"), resolve));
    await withheld(journal, "redis-erased");
    // Its files are brought back, or its operator begins anew by a restart.
    await journal.close();
    expect(await answer).toMatchObject({ code: "JOURNAL_CLOSED" });
    const again = await openOn(t, redis);
    expect(await appendTo(again.appender, reading("after"))).toBeGreaterThan(before);
  });

  test("a step of Redis' clock is an entry before the first that has the new time", async (t) => {
    // libfaketime does not start under Debian's redis-server (jemalloc). What tells of a step is
    // that Redis' time has left both the last append's and our monotonic clock's: so these move.
    const redis = await start(t);
    const moved = { ms: 0 };
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + moved.ms };
    const one = await openOn(t, redis, { clock });
    const two = await openOn(t, redis, { clock });
    const owner = await partitionUnderTest(one);
    const step = async (stepMs: number): Promise<void> => {
      const now = Number(await redis.cli("hget", "nadi:journal", "time"));
      await redis.cli("hset", "nadi:journal", "time", String(now - stepMs));
      moved.ms -= stepMs;
    };
    const steps = [3 * 86_400_000, -2 * 3_600_000];
    await appendTo(one.appender, reading("one"));
    await appendTo(two.appender, reading("two"));
    let last = 0;
    for (const stepMs of steps) {
      await step(stepMs);
      await appendTo(one.appender, reading("one"));
      last = await appendTo(two.appender, reading("two"));
    }
    await untilSynced(owner, last);
    const found = (await readPartition(owner)).map((entry) =>
      entry.kind === "clock" ? Math.round(entry.stepMs / 60_000) * 60_000 : textOf(entry),
    );
    expect(found).toEqual(["one", "two", steps[0], "one", "two", steps[1], "one", "two"]);
    // Another partition learns of both at once, before its next entry.
    const other = await one.partition((owner.partition + 1) % one.partitions);
    await append(other, reading("elsewhere"));
    expect(await readPartition(other)).toMatchObject([{ kind: "clock" }, { kind: "publish" }]);
    // A process that begins takes the time as it is.
    const three = await openOn(t, redis);
    await appendTo(three.appender, reading("three"));
    expect(three.stats().clockSteps).toBe(0);
  });
}
