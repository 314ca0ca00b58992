import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { Redis } from "ioredis";
import { expect, test, type TestContext } from "vitest";
import type { JournalEntry } from "../../../../broker/journal/journal.ts";
import { lookAtRedisJournal } from "../../../../broker/journal/redis/inspect.ts";
import { journalKey, partitionKeys } from "../../../../broker/journal/redis/keys.ts";
import type { PartitionedJournal } from "../../../../broker/journal/redis/partitioned-journal.ts";
import { runScript, scripts } from "../../../../broker/journal/redis/scripts.ts";
import { fixAof, lastAofFile } from "../../../support/aof.ts";
import { eventually } from "../../../support/kitchen.ts";
import { commandsIn, type RedisCommand } from "../../../support/redis-command.ts";
import type { RedisServer } from "../../../support/redis.ts";
import { type RedisProxy, startRedisProxy } from "../../../support/redis-proxy.ts";
import { reading, textOf } from "../harness.ts";
import {
  appendTo,
  backWithinMs,
  openOn,
  partitionUnderTest,
  readPartition,
  type StartRedis,
} from "./harness.ts";

/** Two starts of Redis for each place of the cut. */
const slowMs = 120_000;

/** Two of different partitions. */
const kitchens = ["sppg-jakarta-001", "sppg-bandung-002"];

/** What a round writes for two partitions, in this order. */
const roundCommands = ["MULTI", "XADD", "HSET", "XADD", "HSET", "HSET", "HSET", "EXEC"];
const exec = roundCommands.length - 1;

function commandsOf(file: string): RedisCommand[] {
  return commandsIn(readFileSync(file));
}

function nameOf(entry: JournalEntry): string {
  return entry.kind === "change" ? `change ${entry.changeSeq}` : textOf(entry);
}

/** A consumer of all kitchens that reads on from where it stood, through each life of Redis. */
class Follower {
  readonly #open: () => Promise<PartitionedJournal>;
  readonly #texts = new Map<number, string[]>();
  readonly #next = new Map<number, number>();

  constructor(open: () => Promise<PartitionedJournal>) {
    this.#open = open;
  }

  /** Of each kitchen. */
  get texts(): string[][] {
    return [...this.#texts.values()];
  }

  async follow(): Promise<void> {
    const journal = await this.#open();
    for (const partition of kitchens.map((sppgId) => journal.partitionOf(sppgId))) {
      const view = await journal.partition(partition);
      const entries = await readPartition(view, this.#next.get(partition) ?? view.firstOffset);
      const before = this.#texts.get(partition) ?? [];
      this.#texts.set(partition, [...before, ...entries.map(nameOf)]);
      this.#next.set(partition, view.syncedOffset + 1);
    }
    await journal.close();
  }
}

/** Of each kitchen, in one round; resolves when both are durable. */
async function sendTo(journal: PartitionedJournal, text: string): Promise<void> {
  await Promise.all(
    kitchens.map((sppgId) =>
      appendTo(journal.appender, reading(text, { principal: `${sppgId}.probe-1` })),
    ),
  );
}

interface Cut {
  /** In the last round, counted from its first. */
  command: number;
  /** Behind it, or in its middle. */
  isBehind: boolean;
}

interface Sender {
  redis: RedisServer;
  proxy: RedisProxy;
  journal: PartitionedJournal;
}

async function untilCondition(journal: PartitionedJournal, kind: "open" | "withheld") {
  await eventually(
    () => Promise.resolve(journal.condition),
    (condition) => condition.kind === kind,
    backWithinMs,
  );
}

/** What is not answered may not be written yet. */
async function untilWritten(redis: RedisServer, isWritten: (file: string) => boolean) {
  const file = lastAofFile(redis.folder);
  await eventually(
    () => Promise.resolve(isWritten(file)),
    (written) => written,
    backWithinMs,
  );
  await redis.kill();
  return file;
}

/**
 * Sends an entry and kills Redis, whose file then ends within the round: the answer, and the
 * connection, are lost. The entry is sent again once the proxy is open.
 */
async function tear({ redis, proxy, journal }: Sender, text: string, cut: Cut) {
  proxy.setOpen(false);
  proxy.loseAnswersTo("EVALSHA", 1);
  const answer = sendTo(journal, text);
  await untilCondition(journal, "withheld");
  const file = await untilWritten(redis, (name) => {
    const bytes = readFileSync(name, "latin1");
    return bytes.includes(text) && bytes.endsWith("EXEC\r\n");
  });
  const round = commandsOf(file).slice(-roundCommands.length);
  expect(round.map(({ name }) => name)).toEqual(roundCommands);
  const { start = 0, end = 0 } = round[cut.command] ?? {};
  truncateSync(file, cut.isBehind ? end : Math.floor((start + end) / 2));
  return { answer };
}

/** Redis ends once more, and then the sender has its answer, if it did not have it before. */
async function again({ redis, proxy, journal }: Sender, answer: Promise<void>): Promise<void> {
  proxy.setOpen(false);
  await redis.kill();
  await untilCondition(journal, "withheld");
  await redis.start();
  proxy.setOpen(true);
  await answer;
  await untilCondition(journal, "open");
}

/**
 * A kill, or a cut of the power, can end the file within a round's transaction. Redis does not run
 * that part when it starts, but leaves it in the file (valkey-io/valkey#4342): when it starts once
 * more, it runs it, as the beginning of the transaction that came behind it.
 */
export function testTornRounds(server: "redis" | "valkey", start: StartRedis): void {
  async function openBehindProxy(t: TestContext) {
    const redis = await start(t);
    const proxy = await startRedisProxy(t, redis);
    const known = { changeSeq: 0 };
    const journal = await openOn(t, proxy, { changeSeq: () => known.changeSeq });
    const follow = (): Follower => new Follower(() => openOn(t, redis));
    return { sender: { redis, proxy, journal }, known, follow };
  }

  test.for([{ isSentAgain: true }, { isSentAgain: false }])(
    "a round cut off anywhere is stored once: sent again before Redis ends again: $isSentAgain",
    { timeout: slowMs },
    async ({ isSentAgain }, t) => {
      const { sender, known, follow } = await openBehindProxy(t);
      const { redis, proxy, journal } = sender;
      const follower = follow();
      const sent: string[] = [];
      for (const command of roundCommands.keys()) {
        for (const isBehind of [false, true]) {
          const name = `${command} ${roundCommands[command]} ${isBehind ? "behind" : "within"}`;
          // Also brings the scripts.
          await sendTo(journal, `before ${name}`);
          await follower.follow();
          known.changeSeq++;
          sent.push(`before ${name}`, `change ${known.changeSeq}`, `cut ${name}`);
          const { answer } = await tear(sender, `cut ${name}`, { command, isBehind });
          await redis.start();
          // Another process joins at once, and reads on.
          await follower.follow();
          proxy.setOpen(isSentAgain);
          if (isSentAgain) await answer;
          await again(sender, answer);
          await follower.follow();
        }
      }
      expect(follower.texts).toEqual(kitchens.map(() => sent));
      const other = follow();
      await other.follow();
      expect(other.texts).toEqual(follower.texts);
      await lookAtRedisJournal(redis.url, async (look) => {
        expect((await look.inspect()).entries).toBe(kitchens.length * sent.length);
      });
    },
  );

  test("so is the very first round, of which Redis' file holds all but its end", async (t) => {
    const { sender, follow } = await openBehindProxy(t);
    const { redis } = sender;
    await redis.cli("script", "load", scripts.append.source);
    const { answer } = await tear(sender, "first", { command: exec, isBehind: false });
    await redis.start();
    const follower = follow();
    await follower.follow();
    await again(sender, answer);
    await follower.follow();
    expect(follower.texts).toEqual([["first"], ["first"]]);
  });

  test("what was cut off does not stay in Redis' file, which its own tool would cut there", async (t) => {
    const { sender, follow } = await openBehindProxy(t);
    const { redis, proxy, journal } = sender;
    const follower = follow();
    await sendTo(journal, "before");
    const { answer } = await tear(sender, "cut", { command: exec, isBehind: false });
    await redis.start();
    proxy.setOpen(true);
    await answer;
    await sendTo(journal, "after");
    await eventually(
      () => redis.cli("info", "persistence"),
      (info) => info.includes("aof_rewrites:1") && info.includes("aof_rewrite_in_progress:0"),
      backWithinMs,
    );
    await redis.kill();
    // A cut of the power leaves zeros, on which no server starts.
    appendFileSync(lastAofFile(redis.folder), Buffer.alloc(512));
    fixAof(server, redis.folder);
    await redis.start();
    await follower.follow();
    expect(follower.texts).toEqual(kitchens.map(() => ["before", "cut", "after"]));
  });

  test.for([{ changes: 0 }, { changes: 1 }])(
    "a round with a hole, which a cut of the power leaves, is appended anew: $changes changes",
    async ({ changes }, t) => {
      const { sender, known, follow } = await openBehindProxy(t);
      const { redis, proxy, journal } = sender;
      const follower = follow();
      await sendTo(journal, "before");
      known.changeSeq = changes;
      const { answer } = await tear(sender, "holed", { command: exec, isBehind: true });
      const file = lastAofFile(redis.folder);
      const bytes = readFileSync(file);
      const hole = bytes.lastIndexOf("holed");
      writeFileSync(file, bytes.fill(0, hole, hole + "holed".length));
      await redis.start();
      proxy.setOpen(true);
      await answer;
      await again(sender, answer);
      await follower.follow();
      // A change that the holed batch brought stands: others may have been appended behind it.
      const texts = ["before", ...(changes === 0 ? [] : [`change ${changes}`]), "holed"];
      expect(follower.texts).toEqual(kitchens.map(() => texts));
      expect(await lookAtRedisJournal(redis.url, (look) => look.inspect())).toMatchObject({
        entries: texts.length * kitchens.length,
        damagedBatches: changes,
      });
    },
  );

  test("a cursor whose commit was cut off takes nothing away, and does not come back", async (t) => {
    const { sender } = await openBehindProxy(t);
    const { redis, proxy, journal } = sender;
    const sppgId = kitchens[0] ?? "";
    const send = (text: string): Promise<number> =>
      appendTo(journal.appender, reading(text, { principal: `${sppgId}.probe-1` }));
    const view = await journal.partition(journal.partitionOf(sppgId));
    const first = await send("1");
    const second = await send("2");
    const third = await send("3");
    await view.commitCursor("recorder", first);
    await view.commitCursor("recorder", second);
    const isEnd = ({ name }: RedisCommand): boolean => name === "EXEC";
    const ends = commandsOf(lastAofFile(redis.folder)).filter(isEnd).length;
    proxy.setOpen(false);
    // The answer to the commit, and not to the trim behind it.
    proxy.loseAnswersTo("EVALSHA", 1);
    await expect(view.commitCursor("recorder", third)).rejects.toMatchObject({
      code: "JOURNAL_CURSOR_FAILED",
    });
    await untilCondition(journal, "withheld");
    const file = await untilWritten(
      redis,
      (name) => readFileSync(name, "latin1").split("\r\nEXEC\r\n").length - 1 > ends,
    );
    const commits = commandsOf(file).filter(isEnd);
    expect(commits).toHaveLength(ends + 1);
    truncateSync(file, (commits.at(-1)?.start ?? 0) + 1);
    await redis.start();
    proxy.setOpen(true);
    await untilCondition(journal, "open");
    await again(sender, Promise.resolve());
    const other = await openOn(t, redis);
    const seen = await other.partition(view.partition);
    expect(seen.cursor("recorder")).toBe(second);
    expect((await readPartition(seen, second)).map(nameOf)).toEqual(["2", "3"]);
  });

  test("a journal of a version that sealed nothing has its file written anew, once", async (t) => {
    const { sender } = await openBehindProxy(t);
    const { redis, journal } = sender;
    await sendTo(journal, "before");
    const partitions = Array.from({ length: journal.partitions }, (_, index) => index);
    const states = partitions.map((partition) => partitionKeys(partition).state);
    for (const state of states) await redis.cli("hdel", state, "gaps");
    for (let joins = 1; joins <= 2; joins++) {
      await (await openOn(t, redis)).close();
      expect(await redis.cli("info", "persistence")).toContain("aof_rewrites:1\r\n");
    }
  });

  test("of a gap that lies below every cursor nothing is kept", async (t) => {
    const { sender } = await openBehindProxy(t);
    const { redis, journal } = sender;
    const { state } = partitionKeys(journal.partitionOf("sppg-jakarta-001"));
    const gaps = async (): Promise<number> => {
      const text = (await redis.cli("hget", state, "gaps")).trim();
      return text === "" ? 0 : text.split(" ").length;
    };
    const view = await partitionUnderTest(journal);
    await view.commitCursor("recorder", view.firstOffset);
    let offset = 0;
    for (let restarts = 1; restarts <= 3; restarts++) {
      offset = await appendTo(journal.appender, reading("entry"));
      await again(sender, Promise.resolve());
      // What follows without an entry between is the same gap.
      await again(sender, Promise.resolve());
      expect(await gaps()).toBe(restarts);
    }
    await view.commitCursor("recorder", offset);
    await again(sender, Promise.resolve());
    expect(await gaps()).toBe(1);
  });

  test("before a join nothing else writes a transaction: a cursor waits for it", async (t) => {
    const { sender } = await openBehindProxy(t);
    const { redis, journal } = sender;
    const view = await partitionUnderTest(journal);
    const offset = await appendTo(journal.appender, reading("entry"));
    const { state, cursors } = partitionKeys(view.partition);
    const id = (await redis.cli("hget", journalKey, "id")).trim();
    const client = new Redis(redis.url);
    t.onTestFinished(() => client.disconnect());
    const keys = [journalKey, state, cursors];
    const call = { keys, args: [id, "of an earlier start", "recorder", offset] };
    expect(await runScript(client, scripts.commit, call)).toEqual(["restarted"]);
    expect(await redis.cli("exists", cursors)).toBe("0\n");
    await view.commitCursor("recorder", offset);
    expect(await redis.cli("hget", cursors, "recorder")).toBe(`${offset}\n`);
  });
}
