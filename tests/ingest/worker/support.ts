import type { JournalEntry } from "../../../broker/index.ts";
import type { JournaledReading } from "../../../ingest/decode/decoded.ts";
import type { TelemetryStore, WriteOutcome } from "../../../ingest/store/store.ts";
import { Batches } from "../../../ingest/worker/batches.ts";
import type { Pace } from "../../../ingest/worker/pace.ts";
import { createLoaded, publish } from "../decode/support.ts";

/** A clock that a test moves; whoever sleeps wakes when it has moved far enough. */
export interface TestPace extends Pace {
  advance(ms: number): Promise<void>;
  /** Lets everything run that can run without time passing. */
  settle(): Promise<void>;
}

export function createPace(): TestPace {
  let nowMs = 0;
  const sleepers = new Set<{ atMs: number; wake(): void }>();
  const yieldTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await yieldTurn();
  };
  return {
    monotonicMs: () => nowMs,
    random: () => 1,
    sleep(delayMs, signal) {
      if (signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeper = {
        atMs: nowMs + delayMs,
        wake() {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal.addEventListener("abort", sleeper.wake);
      return promise;
    },
    yieldTurn,
    settle,
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const due = [...sleepers].filter(({ atMs }) => atMs <= endMs);
        const [next] = due.toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
  };
}

export interface MemoryJournal {
  entries: JournalEntry[];
  /** Reads of the journal so far. */
  reads: number;
  add(entry: JournalEntry): void;
  /** So many readings of one probe, each an entry. */
  addReadings(count: number): void;
  /** Entries whose payload is a device's backlog of so many readings. */
  addArrays(count: number, items: number): void;
  addChange(changeSeq: number): void;
  readonly syncedOffset: number;
  read(
    fromOffset: number,
    limits: { entriesMax: number },
  ): Promise<{ entries: JournalEntry[]; nextOffset: number }>;
}

export function createMemoryJournal(): MemoryJournal {
  const entries: JournalEntry[] = [];
  const next = (): number => entries.length + 1;
  const journal: MemoryJournal = {
    entries,
    reads: 0,
    add: (entry) => void entries.push({ ...entry, offset: next() }),
    addReadings(count) {
      for (let at = 0; at < count; at++) {
        const ts = 1_795_300_000_000 + next();
        journal.add(publish("telemetry/probe-1/temperature", { ts, celsius: 4 }));
      }
    },
    addArrays(count, items) {
      const celsius = Array.from({ length: items }, (_, at) => ({
        ts: 1_795_300_000_000 + at,
        celsius: 4,
      }));
      for (let at = 0; at < count; at++) {
        journal.add(publish("telemetry/probe-1/temperature", celsius));
      }
    },
    addChange: (changeSeq) =>
      journal.add({ kind: "change", changeSeq, offset: 0, receivedTimeMs: 1_795_300_000_000 }),
    get syncedOffset() {
      return entries.length;
    },
    read(fromOffset, { entriesMax }) {
      journal.reads += 1;
      const part = entries.slice(fromOffset - 1, fromOffset - 1 + entriesMax);
      return Promise.resolve({ entries: part, nextOffset: fromOffset + part.length });
    },
  };
  return journal;
}

export async function createBatches(
  journal: MemoryJournal,
  followChange: (changeSeq: number) => Promise<void> = () => Promise.resolve(),
): Promise<Batches> {
  const { decoder } = await createLoaded([]);
  return new Batches({
    readJournal: (fromOffset, limits) => journal.read(fromOffset, limits),
    syncedOffset: () => journal.syncedOffset,
    decoder,
    followChange,
  });
}

/** A store that can be told to fail: a real one can't be, on demand. */
export interface MemoryStore extends Pick<TelemetryStore, "write" | "sync"> {
  stored: JournaledReading[];
  /** Calls as they came, e.g. `write 3`, `sync`. */
  calls: string[];
  failure: Error | null;
  rejects: (reading: JournaledReading) => boolean;
}

export function createMemoryStore(): MemoryStore {
  const store: MemoryStore = {
    stored: [],
    calls: [],
    failure: null,
    rejects: () => false,
    async write(readings): Promise<WriteOutcome> {
      store.calls.push(`write ${readings.length}`);
      if (store.failure !== null) throw store.failure;
      const rejected = readings.filter(store.rejects);
      store.stored.push(...readings.filter((it) => !rejected.includes(it)));
      return {
        stored: readings.length - rejected.length,
        duplicates: 0,
        collisions: 0,
        rejected: rejected.map((reading) => ({ reading, detail: "never" })),
      };
    },
    async sync() {
      store.calls.push("sync");
      if (store.failure !== null) throw store.failure;
    },
  };
  return store;
}

export function away(): Error {
  return Object.assign(new Error("away"), { code: "INGEST_STORE_UNAVAILABLE", retryable: true });
}
