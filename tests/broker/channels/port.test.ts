import { MessageChannel, Worker } from "node:worker_threads";
import { expect, test, type TestContext } from "vitest";
import { connectChannelPublisher } from "../../../broker/channels/port-publisher.ts";
import { connectChannelSubscriber } from "../../../broker/channels/port-subscriber.ts";
import { alert, collect, kitchen, live, testChannelsContract } from "./channels.contract.ts";

function createPair(
  t: Pick<TestContext, "onTestFinished">,
  limits: Parameters<typeof connectChannelPublisher>[1] = {},
) {
  const { port1, port2 } = new MessageChannel();
  const publisher = connectChannelPublisher(port1, limits);
  const subscriber = connectChannelSubscriber(port2);
  t.onTestFinished(() =>
    Promise.all([publisher.close(), subscriber.close()]).then(() => undefined),
  );
  // Both ends are on this loop: what was sent is heard in its next turn, and the answer after it.
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { publisher, subscriber, settled };
}

testChannelsContract((t) => Promise.resolve(createPair(t)));

test("live values beyond what the far side has answered are dropped, later ones are not", async (t) => {
  const { publisher, subscriber, settled } = createPair(t, { unacknowledgedMessagesMax: 3 });
  const heard = collect(subscriber);
  subscriber.watch(kitchen);
  await settled();
  await publisher.publish([1, 2, 3, 4, 5].map((index) => live(index)));
  expect(publisher.counts).toMatchObject({ published: 5, delivered: 3, dropped: 2 });
  await publisher.publish([live(6)]);
  expect(heard).toEqual([live(1), live(2), live(3), live(6)]);
});

test("an alert waits for room, and so does the call that brought it", async (t) => {
  const { publisher, subscriber } = createPair(t, { unacknowledgedMessagesMax: 2 });
  const heard = collect(subscriber);
  const alerts = [1, 2, 3, 4, 5, 6, 7].map((index) => alert(index));
  const heardAtAnswer: number[] = [];
  const answered = (): unknown => heardAtAnswer.push(heard.length);
  const calls = [publisher.publish(alerts.slice(0, 5)), publisher.publish(alerts.slice(5))];
  await Promise.all(calls.map((call) => call.then(answered)));
  expect(heard).toEqual(alerts);
  // Neither before its last message was taken.
  expect(heardAtAnswer[0]).toBeGreaterThanOrEqual(5);
  expect(heardAtAnswer[1]).toBe(7);
  expect(publisher.counts).toMatchObject({ published: 7, delivered: 7 });
});

test("while an alert waits, live values that come later are dropped, so that order is kept", async (t) => {
  const { publisher, subscriber, settled } = createPair(t, { unacknowledgedMessagesMax: 2 });
  const heard = collect(subscriber);
  subscriber.watch(kitchen);
  await settled();
  await publisher.publish([live(1), alert(2), alert(3), live(4), alert(5)]);
  expect(heard).toEqual([live(1), alert(2), alert(3), alert(5)]);
  expect(publisher.counts).toMatchObject({ delivered: 4, dropped: 1 });
});

test("the bound is one of characters too, and a message above it goes alone", async (t) => {
  const { publisher, subscriber, settled } = createPair(t, { unacknowledgedCharsMax: 300 });
  const heard = collect(subscriber);
  subscriber.watch(kitchen);
  await settled();
  const large = { ...alert(1), text: "x".repeat(1_000) };
  await publisher.publish([large, live(1), alert(2)]);
  expect(heard).toEqual([large, alert(2)]);
  expect(publisher.counts).toMatchObject({ delivered: 2, dropped: 1 });
});

test("live values that nobody watches are not sent, alerts are", async (t) => {
  const { publisher, subscriber } = createPair(t);
  const heard = collect(subscriber);
  await publisher.publish([live(1), alert(1)]);
  expect(heard).toEqual([alert(1)]);
  expect(publisher.counts).toMatchObject({ delivered: 1, unwatched: 1, dropped: 0 });
});

test("a publisher whose other end closes says that it does not know, and watches nothing", async (t) => {
  const { publisher, subscriber, settled } = createPair(t, { unacknowledgedMessagesMax: 1 });
  subscriber.watch(kitchen);
  await settled();
  expect([...(publisher.watched ?? [])]).toEqual([kitchen]);
  const calls = [publisher.publish([alert(1), alert(2)]), publisher.publish([alert(3)])];
  const ends = Promise.allSettled(calls);
  await subscriber.close();
  expect((await ends).map((end) => end.status)).toEqual(["rejected", "rejected"]);
  expect(publisher.watched?.size).toBe(0);
  const { published, delivered, failed } = publisher.counts;
  expect({ published, sum: delivered + failed }).toEqual({ published: 3, sum: 3 });
});

test("a thread that ends is an end that closes", async (t) => {
  const { port1, port2 } = new MessageChannel();
  const publisher = connectChannelPublisher(port1);
  t.onTestFinished(() => publisher.close());
  const idle = "require('node:worker_threads').workerData.port.on('message', () => {})";
  const worker = new Worker(idle, {
    eval: true,
    workerData: { port: port2 },
    transferList: [port2],
  });
  await new Promise((resolve) => worker.once("online", resolve));
  const call = Promise.allSettled([publisher.publish([alert(1)])]);
  await worker.terminate();
  const reason: unknown = expect.objectContaining({ code: "BROKER_CHANNELS_UNAVAILABLE" });
  expect(await call).toEqual([{ status: "rejected", reason }]);
});
