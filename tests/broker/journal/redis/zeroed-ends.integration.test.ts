import { readFileSync, writeFileSync } from "node:fs";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { BatchWriter } from "../../../../broker/journal/redis/batch.ts";
import { journalKey, partitionKeys, producersKey } from "../../../../broker/journal/redis/keys.ts";
import { runScript, type ScriptCall, scripts } from "../../../../broker/journal/redis/scripts.ts";
import { lastAofFile, repairAof } from "../../../support/aof.ts";
import type { Scope } from "../../../support/nadi-process.ts";
import type { RedisServer } from "../../../support/redis.ts";
import { reading } from "../harness.ts";
import {
  appendTo,
  openOn,
  partitionUnderTest,
  startDurableRedis,
  startDurableValkey,
} from "./harness.ts";

const servers = [
  { server: "redis" as const, start: startDurableRedis },
  { server: "valkey" as const, start: startDurableValkey },
];

/** Less than the last word of any command that the journal writes. */
const zeroedBytes = 10;

async function run(scope: Scope, redis: RedisServer, call: CallOf): Promise<readonly unknown[]> {
  const client = new Redis(redis.url);
  scope.onTestFinished(() => client.disconnect());
  const [id, runId] = await client.hmget(journalKey, "id", "run");
  const { keys, args } = call;
  return runScript(client, scripts[call.script], { keys, args: [id ?? "", runId ?? "", ...args] });
}

interface CallOf extends ScriptCall {
  script: "append" | "commit";
}

/**
 * A cut of the power, after which the file is as long as it was to be, and ends in zeros. A server
 * that sees it is helped as the journal's README says.
 */
async function zeroEnd(server: "redis" | "valkey", redis: RedisServer): Promise<void> {
  await redis.kill();
  const file = lastAofFile(redis.folder);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0, bytes.length - zeroedBytes));
  await redis.start().catch((error: unknown) => {
    if (!String(error).includes("reading the append only file")) throw error;
    repairAof(server, redis.folder);
    return redis.start();
  });
}

test.for(servers)(
  "no zeros are taken for a cursor's end, though nothing was to be trimmed: $server",
  async ({ server, start }, t) => {
    const redis = await start(t);
    const journal = await openOn(t, redis);
    const view = await partitionUnderTest(journal);
    await view.commitCursor("recorder", view.firstOffset);
    await view.commitCursor("monitor", view.firstOffset);
    const offset = await appendTo(journal.appender, reading("entry"));
    const { state, cursors } = partitionKeys(view.partition);
    const keys = [journalKey, state, cursors];
    await run(t, redis, { script: "commit", keys, args: ["recorder", offset + 1] });
    await zeroEnd(server, redis);
    const found = await partitionUnderTest(await openOn(t, redis));
    expect(found.cursor("recorder")).toBe(view.cursor("recorder"));
  },
);

test.for(servers)(
  "no zeros are taken for the place of a round that was sent again: $server",
  async ({ server, start }, t) => {
    const redis = await start(t);
    const view = await partitionUnderTest(await openOn(t, redis));
    const writer = new BatchWriter();
    writer.add(reading("entry"));
    const { state, stream } = partitionKeys(view.partition);
    const keys = [journalKey, producersKey, state, stream];
    const round = ["a producer", 1, -1, 0, 0, "ask", "0", 1, 0, "0", writer.end()];
    const send = () => run(t, redis, { script: "append", keys, args: round });
    const [word, , , offset] = await send();
    expect(word).toBe("ok");
    expect((await send()).toSpliced(1, 2)).toEqual(["known", offset]);
    await zeroEnd(server, redis);
    await openOn(t, redis);
    expect((await send()).toSpliced(1, 2)).toEqual(["known", offset]);
  },
);
