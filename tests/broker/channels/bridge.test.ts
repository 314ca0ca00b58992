import { expect, test, vi } from "vitest";
import { bridgeChannels } from "../../../broker/channels/bridge.ts";
import type { ChannelMessage, ChannelSubscriber } from "../../../broker/channels/channels.ts";
import type { Message } from "../../../broker/edge/session.ts";
import { alert, kitchen, live } from "./channels.contract.ts";

/** A bridge between a subscriber and an edge that the test speaks for. */
function createBridge() {
  const watched: string[] = [];
  const hearing = new Set<(message: ChannelMessage) => void>();
  const gapListeners = new Set<() => void>();
  const onGap = vi.fn();
  const subscriber: ChannelSubscriber = {
    watch(sppgId) {
      watched.push(`+${sppgId}`);
      return () => watched.push(`-${sppgId}`);
    },
    onMessage(listener) {
      hearing.add(listener);
      return () => hearing.delete(listener);
    },
    onGap(listener) {
      gapListeners.add(listener);
      return () => gapListeners.delete(listener);
    },
    close: () => Promise.resolve(),
  };
  const interested = new Set<(sppgId: string, isWatched: boolean) => void>();
  const published: Message[] = [];
  const bridge = bridgeChannels({
    subscriber,
    publish: (message) => published.push(message),
    onInterest(listener) {
      interested.add(listener);
      return () => interested.delete(listener);
    },
    onGap,
  });
  return {
    bridge,
    published,
    watched,
    onGap,
    listenerCount: () => hearing.size + interested.size + gapListeners.size,
    miss(): void {
      for (const listener of gapListeners) listener();
    },
    say(message: ChannelMessage): void {
      for (const listener of hearing) listener(message);
    },
    want(sppgId: string, isWatched: boolean): void {
      for (const listener of interested) listener(sppgId, isWatched);
    },
  };
}

test("a channel's message goes out on the topic of the same name, as bytes, not retained", () => {
  const { bridge, published, say } = createBridge();
  say(alert(1));
  say(live(2));
  const topic = `sppg/${kitchen}/production`;
  expect(published).toEqual([
    { topicName: `${topic}/alerts`, payload: Buffer.from(alert(1).text), qos: 1, retain: false },
    {
      topicName: `${topic}/temperature`,
      payload: Buffer.from(live(2).text),
      qos: 0,
      retain: false,
    },
  ]);
  expect(bridge.counts).toEqual({ delivered: 2, refused: 0 });
});

test.for(["", "nonsense", "a:b:c", `${kitchen}:telemetry:x`, `${kitchen}:production:alerts:more`])(
  "a message on %j is refused and counted, and the next one goes out",
  (channel) => {
    const { bridge, published, say } = createBridge();
    say({ ...alert(1), channel });
    say(alert(2));
    expect(published).toHaveLength(1);
    expect(bridge.counts).toEqual({ delivered: 1, refused: 1 });
  },
);

test("a kitchen is watched while a session watches it, once however often that is said", () => {
  const { watched, want } = createBridge();
  want(kitchen, true);
  want(kitchen, true);
  want("sppg-bandung-002", true);
  want(kitchen, false);
  want(kitchen, false);
  want("sppg-never-003", false);
  expect(watched).toEqual([`+${kitchen}`, "+sppg-bandung-002", `-${kitchen}`]);
});

test("a gap is passed on to whoever makes pages read anew", () => {
  const { miss, onGap } = createBridge();
  miss();
  expect(onGap).toHaveBeenCalledOnce();
});

test("a bridge that stops watches nothing and hears nothing", () => {
  const { bridge, watched, want, listenerCount } = createBridge();
  want(kitchen, true);
  bridge.stop();
  bridge.stop();
  expect(watched).toEqual([`+${kitchen}`, `-${kitchen}`]);
  expect(listenerCount()).toBe(0);
});
