import type { AppendDone, Journal, PublishEntry } from "../journal/journal.ts";

/** Bytes that an entry costs in memory beside topic and payload, by estimate. */
const entryOverheadBytes = 256;

/**
 * Appends to the journal and bounds what is under way in all: above the limit nobody is read, so
 * that a stalled disk costs latency and not memory.
 */
export class Backlog {
  readonly #journal: Pick<Journal, "append">;
  readonly #bytesMax: number;
  readonly #onRelieved: () => void;
  #bytes = 0;
  #entries = 0;
  #isSaturated = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: {
    journal: Pick<Journal, "append">;
    bytesMax: number;
    onRelieved: () => void;
  }) {
    this.#journal = options.journal;
    this.#bytesMax = options.bytesMax;
    this.#onRelieved = options.onRelieved;
  }

  get isSaturated(): boolean {
    return this.#isSaturated;
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(entry: PublishEntry, done: AppendDone): void {
    const size = entry.topicName.length + entry.payload.length + entryOverheadBytes;
    this.#bytes += size;
    this.#entries++;
    if (this.#bytes >= this.#bytesMax) this.#isSaturated = true;
    this.#journal.append(entry, (error, offset) => {
      this.#bytes -= size;
      this.#entries--;
      done(error, offset);
      // Half, so that readers do not start and stop at every entry.
      if (this.#isSaturated && this.#bytes <= this.#bytesMax / 2) {
        this.#isSaturated = false;
        this.#onRelieved();
      }
      if (this.#entries === 0 && this.#idleWaiters.length > 0) this.#tellIdle();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#entries === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  #tellIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
