import { expect, type TestContext, test } from "vitest";
import type {
  ChannelMessage,
  CountedChannelPublisher,
  CountedChannelSubscriber,
} from "../../../broker/channels/channels.ts";

/** What an adapter hands in to be tested: two ends that are connected to each other. */
export interface ChannelsSubject {
  publisher: CountedChannelPublisher;
  subscriber: CountedChannelSubscriber;
  /** Resolves when the watches made so far have taken effect, and what was taken has been heard. */
  settled(): Promise<void>;
}

export const kitchen = "sppg-jakarta-001";

export function live(index: number, sppgId = kitchen): ChannelMessage {
  const text = JSON.stringify({ type: "live", id: `live-${index}`, celsius: 63.5, unit: "°C" });
  return { channel: `${sppgId}:production:temperature`, text, qos: 0 };
}

export function alert(index: number, sppgId = kitchen): ChannelMessage {
  const text = JSON.stringify({ type: "alert", id: `alert-${index}.1` });
  return { channel: `${sppgId}:production:alerts`, text, qos: 1 };
}

export function collect(subscriber: CountedChannelSubscriber): ChannelMessage[] {
  const heard: ChannelMessage[] = [];
  subscriber.onMessage((message) => heard.push(message));
  return heard;
}

const unavailable = { code: "BROKER_CHANNELS_UNAVAILABLE", retryable: true };

/** What every adapter of the channels' port must do. */
export function testChannelsContract(create: (t: TestContext) => Promise<ChannelsSubject>): void {
  test("messages come as they were given, in order, also across calls", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    const heard = collect(subscriber);
    subscriber.watch(kitchen);
    await settled();
    const batches = [[live(1), alert(1)], [alert(2)], [], [live(2), live(3), alert(3)]];
    await Promise.all(batches.map((batch) => publisher.publish(batch)));
    await settled();
    expect(heard).toEqual(batches.flat());
    expect(publisher.counts).toMatchObject({ published: 6, delivered: 6, dropped: 0, failed: 0 });
    expect(subscriber.counts.delivered).toBe(6);
  });

  test("a kitchen is watched until the last who wanted it wants it no more", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    const heard = collect(subscriber);
    const [stopFirst, stopSecond] = [subscriber.watch(kitchen), subscriber.watch(kitchen)];
    stopFirst();
    stopFirst();
    await settled();
    await publisher.publish([live(1)]);
    await settled();
    expect(heard).toEqual([live(1)]);
    stopSecond();
    await settled();
    await publisher.publish([live(2)]);
    await settled();
    expect(heard).toEqual([live(1)]);
  });

  test("live values of one kitchen do not come to who watches another", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    const heard = collect(subscriber);
    subscriber.watch("sppg-bandung-002");
    await settled();
    await publisher.publish([live(1), live(2, "sppg-bandung-002"), live(3)]);
    await settled();
    expect(heard).toEqual([live(2, "sppg-bandung-002")]);
  });

  test("a change of what is watched is heard, where it can be known", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    const heard: (string[] | null)[] = [];
    const stop = publisher.onWatched(() => heard.push(publisher.watched && [...publisher.watched]));
    const stopWatching = subscriber.watch(kitchen);
    subscriber.watch(kitchen)();
    await settled();
    stopWatching();
    await settled();
    stop();
    subscriber.watch(kitchen);
    await settled();
    expect(heard).toEqual(publisher.watched === null ? [] : [[kitchen], []]);
  });

  test("under load no alert is dropped; a live value may be, and is counted", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    const heard = collect(subscriber);
    subscriber.watch(kitchen);
    await settled();
    const all = Array.from({ length: 20_000 }, (_, at) => (at % 10 === 0 ? alert(at) : live(at)));
    await Promise.all(all.map((message) => publisher.publish([message])));
    await settled();
    const isAlert = (message: ChannelMessage): boolean => message.qos === 1;
    expect(heard.filter(isAlert)).toEqual(all.filter(isAlert));
    const { published, delivered, dropped, failed } = publisher.counts;
    expect({ published, failed }).toEqual({ published: all.length, failed: 0 });
    expect(delivered + dropped).toBe(published);
    expect(heard).toHaveLength(delivered);
    // What did come is in order too.
    const indexes = heard.map((message) => Number(/-(\d+)/.exec(message.text)?.[1]));
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
  });

  test("a publisher that closes leaves no call unanswered and takes no more", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    subscriber.watch(kitchen);
    await settled();
    const calls = Promise.allSettled([1, 2, 3].map((index) => publisher.publish([alert(index)])));
    await Promise.all([publisher.close(), publisher.close()]);
    expect(await calls).toHaveLength(3);
    await expect(publisher.publish([alert(4)])).rejects.toMatchObject(unavailable);
    await expect(publisher.publish([live(4)])).rejects.toMatchObject(unavailable);
    const { published, delivered, failed, dropped } = publisher.counts;
    expect(delivered + failed + dropped).toBe(published);
  });

  test("a subscriber that has closed hears nothing more", async (t) => {
    const { publisher, subscriber, settled } = await create(t);
    const heard = collect(subscriber);
    subscriber.watch(kitchen);
    await settled();
    await Promise.all([subscriber.close(), subscriber.close()]);
    // Some adapters know that nobody is there, others can't: both answer.
    await Promise.allSettled([publisher.publish([alert(1)]), publisher.publish([live(1)])]);
    expect(heard).toEqual([]);
  });
}
