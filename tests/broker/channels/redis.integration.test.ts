import { expect, test, type TestContext, vi } from "vitest";
import {
  openRedisPublisher,
  type RedisPublisherLimits,
} from "../../../broker/channels/redis-publisher.ts";
import { openRedisSubscriber } from "../../../broker/channels/redis-subscriber.ts";
import { kitchenChannels } from "../../../devices/index.ts";
import { fileScope } from "../../support/file-scope.ts";
import { eventually } from "../../support/kitchen.ts";
import { type RedisServer, startRedis } from "../../support/redis.ts";
import { alert, collect, kitchen, live, testChannelsContract } from "./channels.contract.ts";

const shared = startRedis(fileScope());
/** Five times what the adapter is made for. */
const backWithinMs = 25_000;

function createLog() {
  const lines: string[] = [];
  const add = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: add, warn: add };
}

async function createPair(
  t: Pick<TestContext, "onTestFinished">,
  redis: Pick<RedisServer, "url">,
  limits: Partial<RedisPublisherLimits> = {},
) {
  const log = createLog();
  const publisher = openRedisPublisher({ url: redis.url, log, limits });
  const subscriber = openRedisSubscriber({ url: redis.url, log });
  t.onTestFinished(() =>
    Promise.all([publisher.close(), subscriber.close()]).then(() => undefined),
  );
  const ready = async (): Promise<void> => {
    await eventually(
      () => Promise.resolve(publisher.awaySinceMs === null && subscriber.awaySinceMs === null),
      Boolean,
      backWithinMs,
    );
  };
  await ready();
  let isClosed = false;
  const close = subscriber.close.bind(subscriber);
  subscriber.close = () => {
    isClosed = true;
    return close();
  };
  const settled = (): Promise<void> => (isClosed ? Promise.resolve() : subscriber.roundTrip());
  return { publisher, subscriber, settled, ready, log };
}

testChannelsContract(async (t) => createPair(t, await shared));

test("a kitchen is subscribed by the exact names of its channels, and never by a pattern", async (t) => {
  const redis = await startRedis(t);
  const { subscriber, settled } = await createPair(t, redis);
  const stop = subscriber.watch(kitchen);
  await settled();
  const names = (await redis.cli("pubsub", "channels")).trim().split("\n");
  expect(names.toSorted()).toEqual(kitchenChannels(kitchen).toSorted());
  expect(names).toContain("sppg-jakarta-001:production:alerts");
  expect(await redis.cli("pubsub", "numpat")).toBe("0\n");
  stop();
  await settled();
  expect((await redis.cli("pubsub", "channels")).trim()).toBe("");
});

test("live values while Redis is away are dropped, alerts wait and go out when it is back", async (t) => {
  const redis = await startRedis(t);
  const { publisher, subscriber, settled, ready, log } = await createPair(t, redis);
  const heard = collect(subscriber);
  const gaps = vi.fn();
  subscriber.onGap(gaps);
  subscriber.watch(kitchen);
  await settled();
  await redis.kill();
  await eventually(() => Promise.resolve(publisher.awaySinceMs), Boolean, backWithinMs);
  await publisher.publish([live(1)]);
  expect(publisher.counts).toMatchObject({ dropped: 1, delivered: 0 });
  const waiting = publisher.publish([alert(2), live(3), alert(4)]);
  await redis.start();
  await waiting;
  expect(publisher.counts).toMatchObject({ dropped: 2, delivered: 2, failed: 0 });
  await ready();
  await settled();
  // Those who show have to read anew: an alert may have gone out before the subscription stood.
  await eventually(() => Promise.resolve(gaps.mock.calls.length), Boolean, backWithinMs);
  expect(gaps).toHaveBeenCalledOnce();
  await publisher.publish([live(5), alert(6)]);
  await settled();
  expect(heard.slice(-2)).toEqual([live(5), alert(6)]);
  expect(log.lines.filter((line) => line.startsWith("redis is away"))).toHaveLength(2);
});

test("a frozen Redis is given up, what was under way is rejected as retryable, and all comes back", async (t) => {
  const redis = await startRedis(t);
  const { publisher, subscriber, settled, ready } = await createPair(t, redis);
  subscriber.watch(kitchen);
  await settled();
  redis.freeze();
  await expect(publisher.publish([alert(1)])).rejects.toMatchObject({
    code: "BROKER_CHANNELS_UNAVAILABLE",
    retryable: true,
  });
  expect(publisher.awaySinceMs).not.toBeNull();
  const again = publisher.publish([alert(1)]);
  redis.thaw();
  await again;
  await ready();
  const heard = collect(subscriber);
  await settled();
  await publisher.publish([alert(2)]);
  await settled();
  expect(heard).toContainEqual(alert(2));
});

test("a subscriber whose connection is cut subscribes again and says that it may have missed some", async (t) => {
  const redis = await startRedis(t);
  const { publisher, subscriber, settled } = await createPair(t, redis);
  const heard = collect(subscriber);
  subscriber.watch(kitchen);
  await settled();
  const gap = new Promise<void>((resolve) => {
    subscriber.onGap(resolve);
  });
  await redis.cli("client", "kill", "type", "pubsub");
  await gap;
  expect(subscriber.counts.gaps).toBe(1);
  expect(publisher.awaySinceMs).toBeNull();
  await publisher.publish([alert(1)]);
  await settled();
  expect(heard).toEqual([alert(1)]);
});

test("alerts beyond the bound of what may wait are refused as retryable, and counted", async (t) => {
  const redis = await startRedis(t);
  const { publisher } = await createPair(t, redis, { waitingMessagesMax: 2 });
  await redis.kill();
  await eventually(() => Promise.resolve(publisher.awaySinceMs), Boolean, backWithinMs);
  const first = publisher.publish([alert(1), alert(2)]);
  await expect(publisher.publish([alert(3)])).rejects.toMatchObject({ retryable: true });
  expect(publisher.counts).toMatchObject({ failed: 1 });
  await redis.start();
  await first;
  expect(publisher.counts).toMatchObject({ delivered: 2, failed: 1 });
});

test("a password opens Redis, and neither a right nor a wrong one is ever logged", async (t) => {
  const password = "p@ss/word:1";
  const redis = await startRedis(t, { args: ["--requirepass", password] });
  const url = redis.url.replace("//", `//default:${encodeURIComponent(password)}@`);
  const { publisher, log } = await createPair(t, { url });
  await publisher.publish([alert(1)]);
  expect(publisher.counts.delivered).toBe(1);

  const wrongLog = createLog();
  const wrongUrl = redis.url.replace("//", "//default:guessed-wrong@");
  const wrong = openRedisPublisher({ url: wrongUrl, log: wrongLog });
  t.onTestFinished(() => wrong.close());
  await eventually(
    () => Promise.resolve(wrongLog.lines),
    (lines) => lines.length > 0,
    backWithinMs,
  );
  expect(wrongLog.lines.join("\n")).toMatch(/redis is away .*WRONGPASS/);
  expect([...log.lines, ...wrongLog.lines].join("\n")).not.toMatch(/p@ss|p%40ss|guessed-wrong/);
});

test("what Redis refuses by its rights is told, and does not end the publisher", async (t) => {
  const redis = await startRedis(t);
  await redis.cli(
    "acl",
    "setuser",
    "narrow",
    "on",
    ">secret",
    "+@all",
    "resetchannels",
    "&other:*",
  );
  const log = createLog();
  const url = redis.url.replace("//", "//narrow:secret@");
  const publisher = openRedisPublisher({ url, log });
  t.onTestFinished(() => publisher.close());
  await expect(publisher.publish([alert(1)])).rejects.toMatchObject({ retryable: true });
  expect(log.lines.join("\n")).toMatch(/redis refuses what channels need .*NOPERM/);
  await redis.cli("acl", "setuser", "narrow", "allchannels");
  await publisher.publish([alert(1)]);
  expect(publisher.counts).toMatchObject({ failed: 1, delivered: 1 });
});

test("closing while Redis is away ends at once", async (t) => {
  const redis = await startRedis(t);
  const { publisher, subscriber } = await createPair(t, redis);
  await redis.kill();
  await eventually(() => Promise.resolve(subscriber.awaySinceMs), Boolean, backWithinMs);
  const call = publisher.publish([alert(1)]);
  const ends = Promise.allSettled([call]);
  await Promise.all([publisher.close(), subscriber.close()]);
  const reason: unknown = expect.objectContaining({ code: "BROKER_CHANNELS_UNAVAILABLE" });
  expect(await ends).toEqual([{ status: "rejected", reason }]);
});
