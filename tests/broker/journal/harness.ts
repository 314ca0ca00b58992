import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "vitest";
import {
  type FileJournal,
  type FileJournalOptions,
  openFileJournal,
} from "../../../broker/journal/file-journal.ts";
import type { Journal, JournalEntry, PublishEntry } from "../../../broker/journal/journal.ts";
import type { JournalTimers } from "../../../broker/journal/timers.ts";

type Hooks = Pick<TestContext, "onTestFinished">;

/** A folder on the real disk, gone after the test. */
export async function temporaryFolder(t: Hooks): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "nadi-journal-"));
  t.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Small and without limits of the disk, so that a test sets only what it is about. */
export const smallJournal = {
  freeBytesMin: 0,
  reserveBytes: 0,
  segmentBytesMax: 4_096,
} satisfies Partial<FileJournalOptions>;

export async function openJournal(t: Hooks, options: FileJournalOptions): Promise<FileJournal> {
  const journal = await openFileJournal({ ...smallJournal, ...options });
  t.onTestFinished(() => journal.close());
  return journal;
}

export function reading(text: string, overrides: Partial<PublishEntry> = {}): PublishEntry {
  return {
    kind: "publish",
    principal: "sppg-jakarta-001.probe-1",
    topicName: "sppg/sppg-jakarta-001/telemetry/probe-1/temperature",
    payload: Buffer.from(text),
    qos: 1,
    ...overrides,
  };
}

/** Resolves to the entry's offset once it is on disk. */
export function append(journal: Journal, entry: Parameters<Journal["append"]>[0]): Promise<number> {
  return new Promise((resolve, reject) => {
    journal.append(entry, (error, offset) => (error ? reject(error) : resolve(offset)));
  });
}

export const everything = { entriesMax: 1_000, bytesMax: 1_000_000 };

export async function readAll(journal: Journal, from = 1): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let next = from; ; ) {
    const batch = await journal.read(next, everything);
    if (batch.entries.length === 0) return entries;
    entries.push(...batch.entries);
    next = batch.nextOffset;
  }
}

export function textOf(entry: JournalEntry | undefined): string {
  return entry?.kind === "publish" ? Buffer.from(entry.payload).toString() : `(${entry?.kind})`;
}

/** Timers that a test fires by hand, and a clock that it moves by hand. */
export function createManualTime() {
  const waiting = new Set<() => void>();
  const now = { wallMs: 1_795_300_000_000, monotonicMs: 5_000 };
  const timers: JournalTimers = {
    after(_delayMs, callback) {
      waiting.add(callback);
      return () => waiting.delete(callback);
    },
    soon: (callback) => queueMicrotask(callback),
  };
  return {
    now,
    clock: { wallMs: () => now.wallMs, monotonicMs: () => now.monotonicMs },
    timers,
    /** Time passes: everything that waits is called. */
    fire(): void {
      now.monotonicMs += 10_000;
      now.wallMs += 10_000;
      const callbacks = [...waiting];
      waiting.clear();
      for (const callback of callbacks) callback();
    },
    get waiting() {
      return waiting.size;
    },
  };
}

/** Lets everything happen that needs no timer. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}
