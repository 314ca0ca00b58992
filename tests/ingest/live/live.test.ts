import { expect, test, type TestContext } from "vitest";
import type { ChannelMessage } from "../../../broker/index.ts";
import { decodeRealtimeMessage } from "../../../devices/index.ts";
import { createLive, type Live, type LiveItem, liveLimits } from "../../../ingest/live/live.ts";

const sppgId = "sppg-jakarta-001";

interface Made {
  live: Live;
  sent: ChannelMessage[];
  watched: Set<string> | null;
  advance: (ms: number) => void;
  /** Holds each publish until it is called. */
  held: { release: (() => void) | null; isHolding: boolean };
}

function createTestLive(
  t: TestContext,
  watched: Set<string> | null = new Set([sppgId]),
  seriesMax: number = liveLimits.seriesMax,
): Made {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; callback: () => void }>();
  const sent: ChannelMessage[] = [];
  const held: Made["held"] = { release: null, isHolding: false };
  const live = createLive({
    channels: {
      watched,
      publish(messages) {
        sent.push(...messages);
        if (!held.isHolding) return Promise.resolve();
        const { promise, resolve } = Promise.withResolvers<void>();
        held.release = resolve;
        return promise;
      },
    },
    clock: {
      monotonicMs: () => nowMs,
      later(delayMs, callback) {
        const timer = { atMs: nowMs + delayMs, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    onFailure: (error) => {
      throw error;
    },
    seriesMax,
  });
  t.onTestFinished(() => live.close());
  const advance = (ms: number): void => {
    nowMs += ms;
    for (const timer of timers) {
      if (timer.atMs > nowMs) continue;
      timers.delete(timer);
      timer.callback();
    }
  };
  return { live, sent, watched, advance, held };
}

function item(offset: number, celsius: number, change: Partial<LiveItem["live"]> = {}): LiveItem {
  const live = {
    kind: "reading",
    deviceId: "probe-1",
    place: "coldStore",
    channel: "0",
    reading: "temperature",
    fields: { celsius },
    eventTimeMs: 1_795_300_000_000 + offset,
    flags: [],
    ...change,
  } as const;
  return { sppgId, offset, index: 0, live };
}

/** Lets a publish that has resolved be followed by the next. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function values(sent: readonly ChannelMessage[]): unknown[] {
  return sent.map(({ text }) => {
    const decoded = decodeRealtimeMessage(text);
    return decoded.ok && "fields" in decoded.message.data ? decoded.message.data.fields : decoded;
  });
}

test("a value goes out as the realtime message of its place, with a stable id and position", (t) => {
  const { live, sent } = createTestLive(t);
  live.offer([item(42, 4)]);
  expect(sent).toMatchObject([{ channel: `${sppgId}:production:temperature`, qos: 0 }]);
  expect(JSON.parse(sent[0]?.text ?? "")).toEqual({
    id: "42.0",
    type: "production_update",
    sppgId,
    domain: "production",
    data: item(42, 4).live,
    timestamp: 1_795_300_000_042,
    position: "00000000000000000042",
  });
});

test("the first value goes out at once, then the newest of each quarter of a second", async (t) => {
  const { live, sent, advance } = createTestLive(t);
  for (let at = 0; at < 100; at++) {
    live.offer([item(at + 1, at)]);
    await settle();
    advance(10);
  }
  await settle();
  expect(values(sent)).toEqual([0, 24, 49, 74, 99].map((celsius) => ({ celsius })));
  expect(live).toMatchObject({ sent: 5, conflated: 95, dropped: 0 });
});

test("a value that came alone is not held, and not sent twice", async (t) => {
  const { live, sent, advance } = createTestLive(t);
  live.offer([item(1, 1)]);
  await settle();
  advance(1_000);
  live.offer([item(2, 2)]);
  await settle();
  advance(1_000);
  expect(values(sent)).toEqual([{ celsius: 1 }, { celsius: 2 }]);
});

test("sensors are conflated apart", async (t) => {
  const { live, sent } = createTestLive(t);
  live.offer([item(1, 1), item(2, 2, { channel: "1" }), item(3, 3, { deviceId: "probe-2" })]);
  live.offer([item(4, 4, { reading: "humidity", fields: { humidityPct: 4 } })]);
  await settle();
  expect(sent).toHaveLength(4);
});

test("kitchens that nobody watches cost nothing", (t) => {
  const { live, sent, watched } = createTestLive(t, new Set());
  live.offer([item(1, 1)]);
  expect(sent).toEqual([]);
  watched?.add(sppgId);
  live.offer([item(2, 2)]);
  expect(values(sent)).toEqual([{ celsius: 2 }]);
});

test("where watchers can't be known, every kitchen is sent", (t) => {
  const { live, sent } = createTestLive(t, null);
  live.offer([item(1, 1)]);
  expect(sent).toHaveLength(1);
});

test("a far side that is slow gets the newest value and no backlog", async (t) => {
  const { live, sent, advance, held } = createTestLive(t);
  held.isHolding = true;
  for (let at = 0; at < 200; at++) {
    live.offer([item(at + 1, at)]);
    await settle();
    advance(100);
  }
  expect(values(sent)).toEqual([{ celsius: 0 }]);
  held.isHolding = false;
  held.release?.();
  await settle();
  expect(values(sent).slice(1)).toEqual([{ celsius: 197 }]);
  advance(liveLimits.intervalMs);
  await settle();
  expect(values(sent).slice(2)).toEqual([{ celsius: 199 }]);
});

test("more sensors than the bound are dropped and counted", async (t) => {
  const { live, sent } = createTestLive(t, new Set([sppgId]), 50);
  live.offer(Array.from({ length: 60 }, (_, at) => item(at, 1, { channel: `c${at}` })));
  await settle();
  expect(sent).toHaveLength(50);
  expect(live.dropped).toBe(10);
});
