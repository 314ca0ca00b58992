import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { eventually } from "../../../support/kitchen.ts";
import { startRedisProxy } from "../../../support/redis-proxy.ts";
import { type RedisServer, startRedis } from "../../../support/redis.ts";
import { valkeyProgram } from "../../../support/valkey.ts";
import { append, reading, textOf } from "../harness.ts";
import {
  appendTo,
  backWithinMs,
  createLog,
  hastyTimers,
  openOn,
  partitionUnderTest,
  readPartition,
  sharedRedis,
  startDurableRedis,
  startDurableValkey,
} from "./harness.ts";

/** What is kept only in memory. */
const weak = sharedRedis(startRedis);

test("a Redis that may lose what it acknowledged is refused, and each setting is named", async (t) => {
  const redis = await weak();
  const log = createLog();
  await redis.cli("config", "set", "maxmemory-policy", "allkeys-lru");
  await redis.cli("config", "set", "no-appendfsync-on-rewrite", "yes");
  await expect(openOn(t, redis, { log })).rejects.toMatchObject({
    code: "JOURNAL_WEAK_REFUSED",
    message:
      "this Redis may lose acknowledged readings: appendonly is no (needed: yes); " +
      "maxmemory-policy is allkeys-lru (needed: noeviction); " +
      "appendfsync is everysec (needed: always); " +
      "no-appendfsync-on-rewrite is yes (needed: no); " +
      "change its settings, or set NADI_ACCEPT_WEAK_JOURNAL=yes to accept the loss",
  });
  expect(await redis.cli("dbsize")).toBe("0\n");
});

test("a weak Redis is taken where that is accepted, and says what it is", async (t) => {
  const journal = await openOn(t, await weak(), { isWeakAccepted: true });
  await appendTo(journal.appender, reading("entry"));
  expect(journal.condition).toEqual({ kind: "open" });
  expect(journal.durability.kind).toBe("weak");
  expect(journal.durability.detail).toMatch(/^weak: Redis may lose .*appendfsync is everysec/);
});

test("settings that become weak while Redis runs withhold acknowledgements until they are mended", async (t) => {
  const redis = await startDurableRedis(t);
  const journal = await openOn(t, redis, { timers: hastyTimers });
  expect(journal.durability.kind).toBe("always");
  await redis.cli("config", "set", "appendfsync", "everysec");
  const reached = (kind: string) =>
    eventually(
      () => Promise.resolve(journal.condition),
      (condition) => condition.kind === kind,
      backWithinMs,
    );
  expect(await reached("withheld")).toEqual({ kind: "withheld", reason: "redis-weak" });
  const answer = appendTo(journal.appender, reading("entry"));
  await redis.cli("config", "set", "appendfsync", "always");
  await answer;
  await reached("open");
});

/** A rewrite takes so much longer for each of the keys, of which there are two dozen. */
async function slowRewrites(redis: RedisServer): Promise<void> {
  await redis.cli("debug", "populate", "24", "other");
  await redis.cli("config", "set", "rdb-key-save-delay", "40000");
}

async function isRewriting(redis: RedisServer): Promise<boolean> {
  return (await redis.cli("info", "persistence")).includes("aof_rewrite_in_progress:1");
}

/** In one packet, so that a busy machine can't let the rewrite end before it is looked at. */
async function beginToWrite(redis: RedisServer): Promise<void> {
  const client = new Redis(redis.url);
  try {
    const answers = await client
      .pipeline()
      .config("SET", "appendonly", "yes")
      .info("persistence")
      .exec();
    expect(String(answers?.[1]?.[1])).toContain("aof_rewrite_in_progress:1");
  } finally {
    client.disconnect();
  }
}

test.for([
  { name: "Redis", start: startDurableRedis },
  { name: "Valkey", start: startDurableValkey },
])(
  "a $name that begins to write a file promises nothing until it is whole",
  async ({ start }, t) => {
    const redis = await start(t, ["--appendonly", "no"]);
    await slowRewrites(redis);
    // Whoever comes meanwhile waits.
    await beginToWrite(redis);
    const journal = await openOn(t, redis, { timers: hastyTimers });
    expect(await isRewriting(redis)).toBe(false);
    // Off and on again: what is written now lies beside an earlier file, from which it would start.
    await redis.cli("config", "set", "appendonly", "no");
    await eventually(
      () => Promise.resolve(journal.condition.kind),
      (kind) => kind === "withheld",
      backWithinMs,
    );
    const answer = appendTo(journal.appender, reading("entry"));
    await beginToWrite(redis);
    await answer;
    expect(await isRewriting(redis)).toBe(false);
    await redis.kill();
    await redis.start(["--appendonly", "yes"]);
    const entries = await readPartition(await partitionUnderTest(await openOn(t, redis)));
    expect(entries.map(textOf)).toEqual(["entry"]);
  },
);

test("where nobody may look at the settings it is refused, whatever the version", async (t) => {
  for (const start of [startDurableRedis, startDurableValkey]) {
    const redis = await start(t);
    const rights = ["on", ">secret", "~nadi:journal*", "&nadi:journal*", "+@all"];
    await redis.cli("acl", "setuser", "narrow", ...rights, "-config");
    const narrow = { url: redis.url.replace("//", "//narrow:secret@") };
    await expect(openOn(t, narrow)).rejects.toThrow("appendfsync can't be read");
    // These rights are enough.
    await redis.cli("acl", "setuser", "narrow", "+config|get");
    const journal = await openOn(t, narrow);
    await append(await partitionUnderTest(journal), reading("entry"));
    expect(journal.durability.kind).not.toBe("weak");
  }
});

test("WAITAOF does not make up for settings under which it says less than that all is synced", async (t) => {
  const valkey = await startRedis(t, { program: valkeyProgram(), args: ["--appendonly", "yes"] });
  await expect(openOn(t, valkey)).rejects.toThrow("appendfsync is everysec (needed: always)");
  await valkey.cli("config", "set", "appendfsync", "no");
  await expect(openOn(t, valkey)).rejects.toThrow("appendfsync is no (needed: always)");
  // Accepted, it does not wait for what would not come.
  const journal = await openOn(t, valkey, { isWeakAccepted: true });
  await appendTo(journal.appender, reading("entry"));
  expect(journal.durability.kind).toBe("weak");
});

test("with WAITAOF an entry is answered and shown only when it says that the disk has it", async (t) => {
  const valkey = await startDurableValkey(t);
  const proxy = await startRedisProxy(t, valkey);
  const broker = await openOn(t, proxy);
  expect(broker.durability).toEqual({
    kind: "waitaof",
    detail: "a PUBACK means appendfsync always, and WAITAOF has said so",
  });
  const owner = await partitionUnderTest(await openOn(t, proxy));
  const first = await appendTo(broker.appender, reading("first"));
  await eventually(
    () => Promise.resolve(owner.syncedOffset),
    (offset) => offset === first,
    backWithinMs,
  );
  // Each answer waited: the last word before it was the disk's.
  const words = proxy.commands.filter((name) => name === "EVALSHA" || name === "WAITAOF");
  expect(words.at(-1)).toBe("WAITAOF");
  // It syncs nothing any more, which the journal has not seen yet.
  await valkey.cli("config", "set", "appendfsync", "no");
  let isAnswered = false;
  const second = appendTo(broker.appender, reading("second")).finally(() => (isAnswered = true));
  await eventually(
    () => valkey.cli("xlen", `nadi:journal:${owner.partition}`),
    (length) => length === "2\n",
    backWithinMs,
  );
  // It is stored; but nobody may know.
  const refusal = owner.commitCursor("recorder", first + 1).catch((error: unknown) => error);
  await eventually(
    () => endWaits(valkey).then(() => broker.condition),
    (condition) => condition.kind === "withheld" && condition.reason === "redis-weak",
    backWithinMs,
  );
  expect(await refusal).toMatchObject({ code: "JOURNAL_CURSOR_FAILED", retryable: true });
  expect(isAnswered).toBe(false);
  expect(owner.syncedOffset).toBe(first);
  await valkey.cli("config", "set", "appendfsync", "always");
  expect(await second).toBe(first + 1);
  expect(broker.stats().batchesKnown).toBeGreaterThanOrEqual(1);
});

/** As the end of its time would, which comes after seconds: WAITAOF says what is synced by now. */
async function endWaits(valkey: RedisServer): Promise<void> {
  for (const client of (await valkey.cli("client", "list")).split("\n")) {
    const id = /^id=(\d+) .* cmd=waitaof /.exec(client)?.[1];
    if (id !== undefined) await valkey.cli("client", "unblock", id);
  }
}

test("another number of partitions than Redis holds is refused", async (t) => {
  const redis = await startDurableRedis(t);
  await openOn(t, redis, { partitions: 4 });
  await expect(openOn(t, redis, { partitions: 8 })).rejects.toMatchObject({
    code: "JOURNAL_PARTITIONS_MISMATCH",
    message:
      "the journal in Redis has 4 partitions, NADI_JOURNAL_PARTITIONS is 8: set it to 4 " +
      "(it can't change while the journal exists)",
  });
});

test("a Redis that is not there is told within the time, without its password", async (t) => {
  const redis = await startDurableRedis(t);
  await redis.kill();
  const url = redis.url.replace("//", "//user:secret@");
  const opening = openOn(t, { url }, { openMsMax: 300 });
  await expect(opening).rejects.toMatchObject({ code: "JOURNAL_OPEN_FAILED", retryable: true });
  await expect(opening).rejects.not.toThrow("secret");
});
