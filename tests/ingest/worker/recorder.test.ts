import { expect, test, type TestContext } from "vitest";
import { flushBacklogMax, FlushRequests } from "../../../ingest/worker/flush-requests.ts";
import { createBell } from "../../../ingest/worker/pace.ts";
import { Recorder, type RecorderOptions } from "../../../ingest/worker/recorder.ts";
import { backoff } from "../../../ingest/worker/retry.ts";
import { publish } from "../decode/support.ts";
import {
  away,
  createBatches,
  createMemoryJournal,
  createMemoryStore,
  createPace,
  type MemoryJournal,
  type MemoryStore,
  type TestPace,
} from "./support.ts";

interface Made {
  journal: MemoryJournal;
  store: MemoryStore;
  pace: TestPace;
  recorder: Recorder;
  flush: () => Promise<void>;
  /** More of the journal may be read. */
  announce: () => Promise<void>;
  stop: () => Promise<void>;
}

async function createRecorder(
  t: TestContext,
  change: Partial<RecorderOptions> & { journal?: MemoryJournal } = {},
): Promise<Made> {
  const { journal = createMemoryJournal(), ...others } = change;
  const store = createMemoryStore();
  const pace = createPace();
  const bell = createBell(pace);
  const flushes = new FlushRequests({ pace, bell });
  const running = new AbortController();
  const recorder = new Recorder({
    store,
    batches: await createBatches(journal),
    flushes,
    startOffset: 1,
    commitCursor: async (nextOffset) => void store.calls.push(`commit ${nextOffset}`),
    onRejected: async (rejected) => void store.calls.push(`letters ${rejected.length}`),
    turn: () => pace.yieldTurn(),
    bell,
    pace,
    signal: running.signal,
    crashPoint: () => undefined,
    onFailure: () => undefined,
    ...others,
  });
  const ended = recorder.run();
  const stop = async (): Promise<void> => {
    running.abort();
    bell.ring();
    await ended;
  };
  t.onTestFinished(stop);
  return {
    journal,
    store,
    pace,
    recorder,
    flush: () => flushes.ask(journal.syncedOffset, recorder.writtenOffset),
    announce() {
      bell.ring();
      return pace.settle();
    },
    stop,
  };
}

test("a reading waits a second for others, and is written then", async (t) => {
  const { journal, store, pace, announce } = await createRecorder(t);
  journal.addReadings(2);
  await announce();
  await pace.advance(900);
  expect(store.calls).toEqual([]);
  journal.addReadings(1);
  await announce();
  await pace.advance(200);
  expect(store.calls).toEqual(["write 3"]);
});

test("a reader who asks gets what was synced before, at once", async (t) => {
  const { journal, store, announce, flush } = await createRecorder(t);
  journal.addReadings(3);
  await announce();
  await flush();
  expect(store.calls).toEqual(["write 3"]);
  await flush();
  expect(store.calls).toEqual(["write 3"]);
});

test("a flush of what is not announced yet waits until it is written", async (t) => {
  const { journal, store, flush } = await createRecorder(t);
  journal.addReadings(2_500);
  await flush();
  expect(store.stored).toHaveLength(2_500);
});

test("many readings are written in bounded parts without waiting", async (t) => {
  const { journal, store, announce } = await createRecorder(t);
  journal.addReadings(40_000);
  await announce();
  await announce();
  expect(store.calls.slice(0, 2)).toEqual(["write 4096", "write 904"]);
  expect(store.stored.length).toBeGreaterThanOrEqual(34_000);
});

test("the cursor moves only behind what was written and synced, at most each 5 s", async (t) => {
  const { journal, store, pace, announce } = await createRecorder(t);
  journal.addReadings(10);
  await announce();
  await pace.advance(5_100);
  expect(store.calls).toEqual(["write 10", "sync", "commit 11"]);
  journal.addReadings(1);
  await announce();
  await pace.advance(4_000);
  expect(store.calls.slice(3)).toEqual(["write 1"]);
  await pace.advance(1_000);
  expect(store.calls.slice(4)).toEqual(["sync", "commit 12"]);
});

test("ticks alone move the cursor once a minute", async (t) => {
  const { journal, store, pace, announce } = await createRecorder(t);
  for (let second = 0; second < 70; second++) {
    journal.add({ kind: "tick", offset: 0, receivedTimeMs: 0 });
    await announce();
    await pace.advance(1_000);
  }
  expect(store.calls).toEqual(["sync", "commit 61"]);
});

test("while the store is away nothing more is read, and nothing is lost", async (t) => {
  const { journal, store, pace, recorder, announce } = await createRecorder(t);
  store.failure = away();
  journal.addReadings(50_000);
  await announce();
  const { reads } = journal;
  for (let minute = 0; minute < 60; minute++) await pace.advance(60_000);
  expect(recorder.isStoreAvailable).toBe(false);
  expect(journal.reads).toBe(reads);
  expect(recorder.pending).toBeLessThan(18_000);
  expect(recorder.counts.storeFailures).toBeGreaterThan(100);
  expect(recorder.counts.storeFailures).toBeLessThan(500);
  store.failure = null;
  await pace.advance(15_000);
  expect(recorder.isStoreAvailable).toBe(true);
  while (store.stored.length < journal.entries.length) await pace.advance(1_000);
  expect(store.stored.map(({ offset }) => offset)).toEqual(journal.entries.map((it) => it.offset));
});

test("while the store is away a flush says so at once", async (t) => {
  const { journal, store, pace, announce, flush } = await createRecorder(t);
  store.failure = away();
  journal.addReadings(1);
  const early = flush().catch((error: unknown) => error);
  await announce();
  expect(await early).toMatchObject({ code: "INGEST_STORE_UNAVAILABLE" });
  await expect(flush()).rejects.toMatchObject({ retryable: true, status: 503 });
  store.failure = null;
  await pace.advance(1_000);
  await flush();
  expect(store.stored).toHaveLength(1);
});

test("a flush that can't be in time is told to try again", async (t) => {
  const held = Promise.withResolvers<void>();
  const { journal, pace, flush } = await createRecorder(t, { turn: () => held.promise });
  journal.addReadings(1);
  const late = flush().catch((error: unknown) => error);
  await pace.advance(1_100);
  expect(await late).toMatchObject({ code: "INGEST_BUSY", retryable: true });
  held.resolve();
});

test("a recorder far behind is not waited for", async () => {
  const pace = createPace();
  const flushes = new FlushRequests({ pace, bell: createBell(pace) });
  await expect(flushes.ask(flushBacklogMax + 2, 1)).rejects.toMatchObject({ code: "INGEST_BUSY" });
});

test("what the store rejects is a letter before the cursor passes it", async (t) => {
  const { journal, store, pace, recorder, announce } = await createRecorder(t);
  store.rejects = ({ offset }) => offset === 2;
  journal.addReadings(3);
  await announce();
  await pace.advance(5_100);
  expect(store.calls).toEqual(["write 3", "letters 1", "sync", "commit 4"]);
  expect(recorder.counts).toMatchObject({ stored: 2, rejected: 1 });
});

test("a failed sync or cursor is tried again, and the cursor comes last", async (t) => {
  let failures = 2;
  const committed: number[] = [];
  const commitCursor = async (nextOffset: number): Promise<void> => {
    if (failures-- > 0) throw away();
    committed.push(nextOffset);
  };
  const { journal, pace, announce } = await createRecorder(t, { commitCursor });
  journal.addReadings(1);
  await announce();
  await pace.advance(6_000);
  expect(committed).toEqual([2]);
});

test("a journal that was away for long is read when it announces itself, not a long wait later", async (t) => {
  const memory = createMemoryJournal();
  let isAway = true;
  const asked: number[] = [];
  const read: MemoryJournal["read"] = (fromOffset, limits) => {
    asked.push(fromOffset);
    return isAway ? Promise.reject(away()) : memory.read(fromOffset, limits);
  };
  const journal = { ...memory, read, syncedOffset: 2 };
  const { recorder, pace, announce } = await createRecorder(t, { journal });
  journal.addReadings(2);
  await announce();
  // By then it waits for 10 s each time.
  await pace.advance(backoff.maxMs * 6);
  const before = asked.length;
  while (asked.length === before) await pace.advance(100);
  await announce();
  // It has failed a moment ago: a journal that announces much and can't be read is not asked more.
  expect(asked).toHaveLength(before + 1);
  await pace.advance(backoff.soonMs);
  expect(recorder.nextOffset).toBe(1);
  isAway = false;
  await announce();
  expect(recorder.nextOffset).toBe(3);
});

test("an error that trying again can't mend ends the recorder", async () => {
  const pace = createPace();
  const bell = createBell(pace);
  const journal = createMemoryJournal();
  journal.addReadings(1);
  const broken = Object.assign(new Error("broken"), { retryable: false });
  const recorder = new Recorder({
    store: { ...createMemoryStore(), write: () => Promise.reject(broken) },
    batches: await createBatches(journal),
    flushes: new FlushRequests({ pace, bell }),
    startOffset: 1,
    commitCursor: () => Promise.resolve(),
    onRejected: () => Promise.resolve(),
    turn: () => Promise.resolve(),
    bell,
    pace,
    signal: new AbortController().signal,
    crashPoint: () => undefined,
    onFailure: () => undefined,
  });
  const ended = recorder.run().catch((error: unknown) => error);
  await pace.advance(1_100);
  expect(await ended).toBe(broken);
});

test("flags are counted by kind", async (t) => {
  const { journal, recorder, announce } = await createRecorder(t);
  for (const celsius of [85, 400, 4]) {
    journal.add(publish("telemetry/probe-1/temperature", { ts: 1, celsius }));
  }
  await announce();
  expect(recorder.counts).toMatchObject({ sensorFault: 1, implausible: 1, clockSuspect: 3 });
});
