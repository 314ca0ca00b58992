import type { JournalClock } from "../clock.ts";
import { assertInvariant, JournalError } from "../errors.ts";
import type { AppendDone, NewEntry } from "../journal.ts";
import type { JournalTimers } from "../timers.ts";
import { BatchWriter, entryBytesMax } from "./batch.ts";
import type { RedisJournalStats } from "./partitioned-journal.ts";

export const roundLimits = {
  /** One round's copying and Redis' work on it should not last longer than a few ms. */
  bytesMax: 1024 * 1024,
  entriesMax: 16_384,
  /** A last bound on what waits for Redis; callers have their own, far below. */
  pendingBytesMax: 256 * 1024 * 1024,
  /** How long closing waits for an answer that may not come any more. */
  closeMsMax: 5_000,
} as const;

/** What one round brings to one partition. */
export interface RoundBatch {
  readonly partition: number;
  readonly writer: BatchWriter;
  /** The newest change of the registry that its first entry knows. */
  readonly changeSeq: number;
  /** The first entry is that change. */
  readonly isChange: boolean;
  readonly dones: AppendDone[];
}

/** What goes to Redis at once: all of it is stored, or none. */
export interface Round {
  /** The same at each attempt, by which Redis knows it again. */
  readonly sequence: number;
  readonly batches: Map<number, RoundBatch>;
  entries: number;
  bytes: number;
  attempts: number;
}

export interface RoundsOptions {
  clock: JournalClock;
  timers: JournalTimers;
  stats: RedisJournalStats;
  /** `false` while acknowledgements are withheld. */
  canSend: () => boolean;
  /** Resolves when it is durable: to the first offset of each batch, in their order. */
  send: (round: Round) => Promise<readonly number[]>;
  /** It will be sent again after `resume`. */
  onFailed: (error: unknown) => void;
  /** More can be read; runs before anybody hears of it. */
  onAppended: (partition: number, lastOffset: number) => void;
}

/** Collects entries while a round is on its way, and sends them as the next one. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #ready: Round[] = [];
  #open: Round;
  #sequence = 0;
  #isScheduled = false;
  #isRunning = false;
  #isClosed = false;
  #idle: (() => void)[] = [];

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#open = this.#newRound();
  }

  /** Nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return this.#open.entries === 0 && this.#ready.length === 0;
  }

  /** What was sent has not been answered, or was refused. */
  get isTrying(): boolean {
    return (this.#ready[0]?.attempts ?? 0) > 0;
  }

  /** @param changeSeq the newest change of the registry that the entry knows, or 0 */
  add(partition: number, entry: { entry: NewEntry; changeSeq: number }, done: AppendDone): void {
    const refusal = this.#whyRefused(entry.entry);
    if (refusal !== null) {
      queueMicrotask(() => done(refusal, 0));
      return;
    }
    const batch = this.#batchFor(partition, entry);
    const bytes = batch.writer.add(entry.entry);
    batch.dones.push(done);
    this.#open.entries++;
    this.#open.bytes += bytes;
    this.#options.stats.entriesPending++;
    this.#options.stats.bytesPending += bytes;
    if (this.#isScheduled || this.#isRunning) return;
    this.#isScheduled = true;
    // Not at once: what the other sockets of this round of input bring goes out with it.
    this.#options.timers.soon(() => {
      this.#isScheduled = false;
      this.resume();
    });
  }

  /** Sends what waits, if it may be sent. */
  resume(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Resolves when nothing waits, or what waits can't be sent now. */
  async settled(): Promise<void> {
    this.resume();
    if (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Sends what waits; what can't be sent is answered with an error by `refuse`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    let cancel: (() => void) | null = null;
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.timers.after(roundLimits.closeMsMax, resolve);
    });
    await Promise.race([this.settled(), late]);
    // The assignment above has run by now: a promise's executor is called at once.
    (cancel as (() => void) | null)?.();
  }

  /** The end: whoever still waits hears that nothing is promised. */
  refuse(): void {
    const error = new JournalError("JOURNAL_CLOSED", "the journal closed before Redis took it");
    const rounds = [...this.#ready.splice(0), this.#open];
    this.#open = this.#newRound();
    for (const round of rounds) {
      this.#release(round);
      for (const batch of round.batches.values()) {
        for (const done of batch.dones) tell(done, error, 0);
      }
    }
  }

  #whyRefused(entry: NewEntry): JournalError | null {
    if (this.#isClosed) return new JournalError("JOURNAL_CLOSED", "the journal is closed");
    const bytes = this.#options.stats.bytesPending + entryBytesMax(entry);
    if (bytes <= roundLimits.pendingBytesMax) return null;
    return new JournalError("JOURNAL_BACKLOG_FULL", "too much waits for Redis");
  }

  #batchFor(partition: number, { entry, changeSeq }: { entry: NewEntry; changeSeq: number }) {
    const { bytesMax, entriesMax } = roundLimits;
    const isFull =
      this.#open.entries >= entriesMax ||
      (this.#open.entries > 0 && this.#open.bytes + entryBytesMax(entry) > bytesMax);
    const known = this.#open.batches.get(partition);
    // A batch tells of one change, before its first entry.
    if (isFull || (known !== undefined && changeSeq > known.changeSeq)) {
      this.#ready.push(this.#open);
      this.#open = this.#newRound();
    } else if (known !== undefined) {
      return known;
    }
    const isChange = entry.kind === "change";
    const writer = new BatchWriter();
    const batch: RoundBatch = { partition, writer, changeSeq, isChange, dones: [] };
    this.#open.batches.set(partition, batch);
    return batch;
  }

  #newRound(): Round {
    this.#sequence++;
    const sequence = this.#sequence;
    return { sequence, batches: new Map(), entries: 0, bytes: 0, attempts: 0 };
  }

  #next(): Round | null {
    const first = this.#ready[0];
    if (first !== undefined) return first;
    if (this.#open.entries === 0) return null;
    this.#ready.push(this.#open);
    this.#open = this.#newRound();
    return this.#ready[0] ?? null;
  }

  /** Never rejects. One round at a time: Redis syncs them one by one, and order is kept. */
  async #run(): Promise<void> {
    const { canSend, onFailed } = this.#options;
    for (let round = this.#next(); round !== null && canSend(); round = this.#next()) {
      try {
        await this.#send(round);
      } catch (error) {
        onFailed(error);
        break;
      }
    }
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #send(round: Round): Promise<void> {
    const { clock, send, stats } = this.#options;
    if (round.attempts > 0) stats.batchesRepeated += round.batches.size;
    round.attempts++;
    const startMs = clock.monotonicMs();
    const firstOffsets = await send(round);
    // Closed meanwhile: everybody has been told that nothing is promised.
    if (this.#ready[0] !== round) return;
    this.#ready.shift();
    const appendMs = clock.monotonicMs() - startMs;
    stats.appendMsTotal += appendMs;
    stats.appendMsMax = Math.max(stats.appendMsMax, appendMs);
    stats.roundsAppended++;
    stats.batchesAppended += round.batches.size;
    stats.entriesAppended += round.entries;
    stats.bytesAppended += round.bytes;
    this.#release(round);
    this.#answer(round, firstOffsets);
  }

  #answer(round: Round, firstOffsets: readonly number[]): void {
    assertInvariant(firstOffsets.length === round.batches.size, "a batch has no offset");
    const batches = [...round.batches.values()].map((batch, at) => ({
      batch,
      firstOffset: firstOffsets[at] ?? 0,
    }));
    for (const { batch, firstOffset } of batches) {
      this.#options.onAppended(batch.partition, firstOffset + batch.dones.length - 1);
    }
    for (const { batch, firstOffset } of batches) {
      let offset = firstOffset;
      for (const done of batch.dones) {
        tell(done, null, offset);
        offset++;
      }
    }
  }

  #release(round: Round): void {
    this.#options.stats.entriesPending -= round.entries;
    this.#options.stats.bytesPending -= round.bytes;
  }
}

/** A callback that throws is its owner's bug, and must not keep the others from their answer. */
function tell(done: AppendDone, error: Error | null, offset: number): void {
  try {
    done(error, offset);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}
