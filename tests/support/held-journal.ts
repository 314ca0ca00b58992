import type {
  AppendDone,
  Journal,
  JournalBatch,
  JournalCondition,
  JournalEntry,
  NewEntry,
  PublishEntry,
} from "../../broker/journal/journal.ts";

interface Held {
  offset: number;
  done: AppendDone;
}

/**
 * A journal in memory whose sync the test controls. It answers by itself, a group a turn of the
 * loop, until `hold()`; then every `done` waits for `release()`. The order is the port's.
 */
export class HeldJournal implements Journal {
  readonly condition: JournalCondition = { kind: "open" };
  readonly firstOffset = 1;
  readonly entries: JournalEntry[] = [];
  syncedOffset = 0;
  #lastOffset = 0;
  #isHolding = false;
  #isScheduled = false;
  #failure: Error | null = null;
  #held: Held[] = [];
  #watchers: { count: number; resolve: () => void }[] = [];
  readonly #cursors = new Map<string, number>();

  /** Appends that are not answered yet. */
  get pending(): number {
    return this.#held.length;
  }

  /** What devices published, synced or not. */
  get published(): (PublishEntry & { offset: number })[] {
    return this.entries.filter((entry) => entry.kind === "publish");
  }

  /** The payloads published on a topic name, as text. */
  payloads(topicName: string): string[] {
    return this.published
      .filter((entry) => entry.topicName === topicName)
      .map((entry) => Buffer.from(entry.payload).toString());
  }

  hold(): void {
    this.#isHolding = true;
  }

  /** Answers the oldest `count`, or all of them and whatever comes from now on. */
  release(count?: number): void {
    if (count === undefined) this.#isHolding = false;
    this.#answer(count ?? this.#held.length);
  }

  /** Gives up what is synced, for long runs; answers it. */
  take(): JournalEntry[] {
    return this.entries.splice(0, this.entries.length - this.#held.length);
  }

  /** Every append from now on fails. */
  fail(error: Error): void {
    this.#failure = error;
  }

  /** Resolves when so many entries have ever been appended. */
  async appended(count: number): Promise<void> {
    if (this.#lastOffset >= count) return;
    await new Promise<void>((resolve) => this.#watchers.push({ count, resolve }));
  }

  append(entry: NewEntry, done: AppendDone): void {
    const offset = ++this.#lastOffset;
    const copy =
      entry.kind === "publish" ? { ...entry, payload: Uint8Array.from(entry.payload) } : entry;
    this.entries.push({ ...copy, offset, receivedTimeMs: offset });
    this.#held.push({ offset, done });
    if (!this.#isHolding && !this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        if (!this.#isHolding) this.#answer(this.#held.length);
      });
    }
    const reached = this.#watchers.filter(({ count }) => count <= offset);
    this.#watchers = this.#watchers.filter(({ count }) => count > offset);
    for (const { resolve } of reached) resolve();
  }

  async read(): Promise<JournalBatch> {
    return { entries: this.entries.slice(0, this.syncedOffset), nextOffset: this.syncedOffset + 1 };
  }

  onSynced(): () => void {
    return () => {};
  }

  onCondition(): () => void {
    return () => {};
  }

  cursor(name: string): number | null {
    return this.#cursors.get(name) ?? null;
  }

  async commitCursor(name: string, nextOffset: number): Promise<void> {
    this.#cursors.set(name, nextOffset);
  }

  async close(): Promise<void> {
    this.release();
  }

  #answer(count: number): void {
    for (const { offset, done } of this.#held.splice(0, count)) {
      if (this.#failure === null) this.syncedOffset = offset;
      done(this.#failure, offset);
    }
  }
}
