import { getEventListeners } from "node:events";
import { expect, test, type TestContext } from "vitest";
import type { ChannelMessage } from "../../../broker/index.ts";
import type { OutboxMessage } from "../../../ingest/desk/desk.ts";
import type { Effect } from "../../../ingest/monitor/monitor.ts";
import { Effects, effectsPendingMax } from "../../../ingest/worker/effects.ts";
import { Outbox } from "../../../ingest/worker/outbox.ts";
import { away, createPace, type TestPace } from "./support.ts";

function letter(offset: number): Effect {
  // Only its place in the order matters here.
  return { kind: "deadLetter", offset } as Effect;
}

function message(id: string): OutboxMessage {
  return { id, channel: "sppg-jakarta-001:production:alerts", text: id };
}

interface MadeEffects {
  effects: Effects;
  applied: number[];
  /** Thrown by the records while it is set. */
  failure: { error: Error | null };
  pace: TestPace;
}

function createEffects(t: TestContext): MadeEffects {
  const pace = createPace();
  const applied: number[] = [];
  const failure: MadeEffects["failure"] = { error: null };
  const trying = new AbortController();
  t.onTestFinished(() => trying.abort());
  const effects = new Effects({
    records: {
      async applyEffects(batch) {
        if (failure.error !== null) throw failure.error;
        applied.push(...batch.map(({ offset }) => offset));
        return [];
      },
    },
    pace,
    signal: trying.signal,
    crashPoint: () => undefined,
    outbox: { add: () => undefined, drain: () => undefined },
    onFailure: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
  return { effects, applied, failure, pace };
}

test("effects are applied in order, also those that came during a failure", async (t) => {
  const { effects, applied, failure, pace } = createEffects(t);
  failure.error = away();
  effects.add([letter(1), letter(2)]);
  await pace.advance(1_000);
  effects.add([letter(3)]);
  expect(applied).toEqual([]);
  failure.error = null;
  await pace.advance(10_000);
  expect(applied).toEqual([1, 2, 3]);
  expect(effects).toMatchObject({ pending: 0, applied: 3, deadLetters: 3 });
});

test("messages of effects whose answer was lost go out, once", async (t) => {
  const { outbox, pace, rows, sent } = createOutbox(t);
  const trying = new AbortController();
  t.onTestFinished(() => trying.abort());
  const effects = new Effects({
    records: {
      // As a transaction whose connection breaks while it commits; what has moved moves once.
      async applyEffects([effect]) {
        const { id } = message(`alert.${effect?.offset}`);
        const isThere = rows.has(id);
        rows.set(id, message(id));
        if (effect?.offset === 1 && !isThere) throw away();
        return isThere ? [] : [message(id)];
      },
    },
    outbox,
    pace,
    signal: trying.signal,
    crashPoint: () => undefined,
    onFailure: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
  effects.add([letter(1)]);
  await pace.advance(10_000);
  effects.add([letter(2)]);
  await pace.advance(10_000);
  expect(sent).toEqual(["alert.1", "alert.2"]);
  expect(rows.size).toBe(0);
});

test("whoever waits for an effect waits for no later one", async (t) => {
  const { effects, failure, pace } = createEffects(t);
  effects.add([letter(1)]);
  await effects.whenApplied(1);
  failure.error = away();
  effects.add([letter(2)]);
  await effects.whenApplied(1);
  let isApplied = false;
  const second = effects.whenApplied(2).then(() => (isApplied = true));
  await pace.settle();
  expect(isApplied).toBe(false);
  failure.error = null;
  await pace.advance(10_000);
  await second;
});

test("there is room for a bounded number of effects while the records are away", async (t) => {
  const { effects, failure, pace } = createEffects(t);
  failure.error = away();
  effects.add(Array.from({ length: effectsPendingMax }, (_, at) => letter(at)));
  const running = new AbortController();
  await effects.room(running.signal);
  effects.add([letter(9_999)]);
  let hasRoom = false;
  const room = effects.room(running.signal).then(() => (hasRoom = true));
  await pace.settle();
  expect(hasRoom).toBe(false);
  failure.error = null;
  await pace.advance(10_000);
  await room;
});

test("who waits for room hears the end, and waiting often leaves nothing behind", async (t) => {
  const { effects, failure } = createEffects(t);
  failure.error = away();
  const running = new AbortController();
  for (let time = 0; time < 100; time += 1) await effects.room(running.signal);
  effects.add(Array.from({ length: effectsPendingMax + 1 }, (_, at) => letter(at)));
  const rooms = [effects.room(running.signal), effects.room(running.signal)];
  expect(getEventListeners(running.signal, "abort")).toHaveLength(2);
  running.abort();
  await Promise.all(rooms);
  expect(getEventListeners(running.signal, "abort")).toHaveLength(0);
  await effects.room(running.signal);
});

/** The records' outbox and the channels, as far as the messages go through them. */
function createOutbox(t: TestContext) {
  const pace = createPace();
  const rows = new Map<string, OutboxMessage>();
  const sent: string[] = [];
  const failing = { publish: false, mark: false };
  const trying = new AbortController();
  t.onTestFinished(() => trying.abort());
  const outbox = new Outbox({
    records: {
      unpublished: (limit) => Promise.resolve([...rows.values()].slice(0, limit)),
      async markPublished(ids) {
        if (failing.mark) throw away();
        for (const id of ids) rows.delete(id);
      },
    },
    position: () => 1,
    async publish(messages: readonly ChannelMessage[]) {
      if (failing.publish) throw away();
      sent.push(...messages.map(({ text }) => text));
    },
    pace,
    signal: trying.signal,
    crashPoint: () => undefined,
    onFailure: () => undefined,
    onFatal: (error) => {
      throw error;
    },
  });
  const add = (...ids: string[]): void => {
    for (const id of ids) rows.set(id, message(id));
    outbox.add(ids.map(message));
  };
  return { outbox, pace, rows, sent, failing, add };
}

test("messages go out at once and in order, and are marked", async (t) => {
  const { outbox, rows, sent, add } = createOutbox(t);
  add("a.1", "a.2");
  add("b.1");
  await outbox.idle();
  expect(sent).toEqual(["a.1", "a.2", "b.1"]);
  expect(rows.size).toBe(0);
});

test("after a start what was left goes out", async (t) => {
  const { outbox, rows, sent } = createOutbox(t);
  for (let at = 0; at < 600; at++) rows.set(`a.${at}`, message(`a.${at}`));
  outbox.drain();
  await outbox.idle();
  expect(sent).toEqual(Array.from({ length: 600 }, (_, at) => `a.${at}`));
});

test("while the channels are away messages wait in the records, and then go out in order", async (t) => {
  const { outbox, pace, rows, sent, failing, add } = createOutbox(t);
  failing.publish = true;
  add("a.1");
  await pace.advance(5_000);
  add("a.2");
  await pace.advance(60_000);
  expect(sent).toEqual([]);
  failing.publish = false;
  await pace.advance(20_000);
  expect(sent).toEqual(["a.1", "a.2"]);
  expect(rows.size).toBe(0);
  await outbox.idle();
});

test("a message whose marking failed goes out again under the same id", async (t) => {
  const { pace, sent, failing, add } = createOutbox(t);
  failing.mark = true;
  add("a.1");
  await pace.settle();
  failing.mark = false;
  await pace.advance(5_000);
  expect(sent).toEqual(["a.1", "a.1"]);
});
