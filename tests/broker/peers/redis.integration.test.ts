import { expect, test } from "vitest";
import * as z from "zod";
import type { ChannelsLog } from "../../../broker/channels/redis-connection.ts";
import { openRedisBus } from "../../../broker/peers/redis-bus.ts";
import { startRedis } from "../../support/redis.ts";
import { join, testPeersContract, until } from "./peers.contract.ts";

const log: ChannelsLog = { info: () => undefined, warn: () => undefined };

testPeersContract(async (t) => {
  const { url } = await startRedis(t);
  return () => openRedisBus({ url, log });
});

test.concurrent("while Redis is away nothing is told or called; when it is back all may be told anew", async (t) => {
  const redis = await startRedis(t);
  const heard: string[] = [];
  let opened = 0;
  const peers = await join(t, openRedisBus({ url: redis.url, log }), {
    prepare(made) {
      made.onOpen(() => (opened += 1));
      made.onNews("word", z.string(), (word) => heard.push(word));
    },
  });
  expect([opened, peers.awaySinceMs]).toEqual([1, null]);
  await redis.kill();
  await until(() => peers.awaySinceMs !== null);
  peers.tell("word", "lost");
  const call = peers.call(peers, { service: "x", body: 0 }, { answer: z.null(), deadlineMs: 100 });
  await expect(call).rejects.toMatchObject({ code: "BROKER_PEERS_UNAVAILABLE", retryable: true });
  await redis.start();
  await until(() => opened === 2);
  peers.tell("word", "heard");
  await until(() => heard.length > 0);
  expect(heard).toEqual(["heard"]);
  expect(peers.counts.untold).toBeGreaterThan(0);
});

test.concurrent("nobody is dead because Redis was away, or frozen", async (t) => {
  const redis = await startRedis(t);
  const [one, other] = await Promise.all(
    [1, 2].map(() => join(t, openRedisBus({ url: redis.url, log }))),
  );
  if (one === undefined || other === undefined) throw new Error("two have joined");
  await until(() => one.nodes.all().length === 1 && other.nodes.all().length === 1);
  let changes = 0;
  one.nodes.onChange(() => (changes += 1));
  redis.freeze();
  await until(() => one.awaySinceMs !== null);
  // To notice takes 2 s: together longer than a silent process counts as alive.
  await until(() => performance.now() - (one.awaySinceMs ?? 0) > 1_500);
  redis.thaw();
  await until(() => one.awaySinceMs === null && other.awaySinceMs === null);
  const before = other.counts.told;
  await until(() => other.counts.told >= before + 3);
  expect(changes).toBe(1);
});
