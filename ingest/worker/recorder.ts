import { flagBits, type JournaledReading } from "../decode/decoded.ts";
import { ingestError } from "../errors.ts";
import type { TelemetryStore, WriteOutcome } from "../store/store.ts";
import type { Batches, DecodedBatch } from "./batches.ts";
import type { CrashPoint } from "./crash.ts";
import type { FlushRequests } from "./flush-requests.ts";
import type { Bell, Pace } from "./pace.ts";
import { isRetryable, retry } from "./retry.ts";

export const recorderLimits = {
  /** Of one write: enough that its own cost is small, few enough to be gone while still young. */
  pendingMax: 4_096,
  /** How long a reading waits for others while nobody asks for it. */
  pendingAgeMsMax: 1_000,
  /** What a crash makes the recorder do again at most. */
  commitEntries: 200_000,
  commitAgeMs: 5_000,
  /** Without readings there is nothing to do again: the disk may sleep. */
  idleCommitAgeMs: 60_000,
} as const;

export interface RecorderOptions {
  store: Pick<TelemetryStore, "write" | "sync">;
  batches: Batches;
  flushes: FlushRequests;
  /** The first entry that is not known to be stored. */
  startOffset: number;
  commitCursor: (nextOffset: number) => Promise<void>;
  /** What the store will never take, for the dead letters; retried by the one who provides it. */
  onRejected(rejected: WriteOutcome["rejected"]): Promise<void>;
  /** Waits until the monitor lets the recorder go on. */
  turn: (nextOffset: number) => Promise<void>;
  bell: Bell;
  pace: Pace;
  /** Aborted: nothing is begun or tried again. */
  signal: AbortSignal;
  crashPoint: CrashPoint;
  onFailure: (error: unknown, failures: number) => void;
}

/** Plain numbers for metrics, since the start. */
export interface RecorderCounts {
  stored: number;
  duplicates: number;
  collisions: number;
  rejected: number;
  sensorFault: number;
  implausible: number;
  clockSuspect: number;
  writes: number;
  storeFailures: number;
}

export const noRecorderCounts: Readonly<RecorderCounts> = {
  stored: 0,
  duplicates: 0,
  collisions: 0,
  rejected: 0,
  sensorFault: 0,
  implausible: 0,
  clockSuspect: 0,
  writes: 0,
  storeFailures: 0,
};

/**
 * The consumer that keeps the history. It reads on only when the store has taken what it has, so a
 * store that is away costs it nothing but time, and a crash only the same writes again.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly counts: RecorderCounts = { ...noRecorderCounts };
  #nextOffset: number;
  #committedOffset: number;
  #committedAtMs: number;
  #storedSinceCommit = 0;
  #pending: JournaledReading[] = [];
  #pendingSinceMs = 0;
  isStoreAvailable = true;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#nextOffset = options.startOffset;
    this.#committedOffset = options.startOffset;
    this.#committedAtMs = options.pace.monotonicMs();
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** All below is in the store. */
  get writtenOffset(): number {
    return this.#pending[0]?.offset ?? this.#nextOffset;
  }

  get committedOffset(): number {
    return this.#committedOffset;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** Ends when the signal is aborted, at the place where it is. */
  async run(): Promise<void> {
    const { batches, bell, signal } = this.#options;
    try {
      while (!signal.aborted) {
        await this.#options.turn(this.#nextOffset);
        const reading = batches.read(this.#nextOffset);
        if (reading !== null) this.#take(await this.#retried(() => this.#read()));
        await this.#writeIfDue(reading === null);
        if (this.#isCommitDue()) await this.commit();
        // The bell may have rung for the end since the last look: it does not ring again.
        if (signal.aborted) return;
        if (batches.read(this.#nextOffset) === null && !this.#isWriteDue(true)) {
          await bell.wait(this.#idleMs());
        }
      }
    } catch (error) {
      // Given up at a stop: the next start does the same again.
      if (!signal.aborted || !isRetryable(error)) throw error;
    }
  }

  /** Writes what is pending, has it synced and moves the cursor: all of it, or it rejects. */
  async commit(): Promise<void> {
    const { store, crashPoint, pace } = this.#options;
    await this.#write();
    const nextOffset = this.#nextOffset;
    await this.#storeCall(() => store.sync());
    crashPoint("store-synced");
    await this.#retried(() => this.#options.commitCursor(nextOffset));
    this.#committedOffset = nextOffset;
    this.#committedAtMs = pace.monotonicMs();
    this.#storedSinceCommit = 0;
  }

  /** A read that failed is asked for anew: the batch is not kept then. */
  async #read(): Promise<DecodedBatch | null> {
    return await this.#options.batches.read(this.#nextOffset);
  }

  #take(batch: DecodedBatch | null): void {
    if (batch === null) return;
    if (this.#pending.length === 0) this.#pendingSinceMs = this.#options.pace.monotonicMs();
    for (const entry of batch.entries) {
      if (entry.kind !== "publish") continue;
      for (const reading of entry.readings) {
        this.#pending.push(reading);
        if (reading.flags !== 0) this.#countFlags(reading.flags);
      }
    }
    this.#nextOffset = batch.nextOffset;
    this.#options.batches.passed("recorder", batch.nextOffset);
  }

  #countFlags(flags: number): void {
    if ((flags & flagBits.sensorFault) !== 0) this.counts.sensorFault += 1;
    if ((flags & flagBits.implausible) !== 0) this.counts.implausible += 1;
    if ((flags & flagBits.clockSuspect) !== 0) this.counts.clockSuspect += 1;
  }

  async #writeIfDue(isAtEnd: boolean): Promise<void> {
    if (this.#isWriteDue(isAtEnd)) await this.#write();
    else this.#options.flushes.settle(this.writtenOffset);
  }

  #isWriteDue(isAtEnd: boolean): boolean {
    const count = this.#pending.length;
    if (count === 0) return false;
    if (count >= recorderLimits.pendingMax) return true;
    const { pace, flushes } = this.#options;
    if (pace.monotonicMs() - this.#pendingSinceMs >= recorderLimits.pendingAgeMsMax) return true;
    // Asked for, and either reached or all that there is.
    return flushes.isWanted(this.writtenOffset) && (isAtEnd || !flushes.isWanted(this.#nextOffset));
  }

  async #write(): Promise<void> {
    const { store, crashPoint, flushes } = this.#options;
    while (this.#pending.length > 0) {
      const readings = this.#pending.slice(0, recorderLimits.pendingMax);
      const outcome = await this.#storeCall(() => store.write(readings));
      crashPoint("store-written");
      this.#count(outcome);
      if (outcome.rejected.length > 0) await this.#options.onRejected(outcome.rejected);
      this.#pending = this.#pending.slice(readings.length);
    }
    flushes.settle(this.writtenOffset);
  }

  #count(outcome: WriteOutcome): void {
    const { counts } = this;
    counts.writes += 1;
    counts.stored += outcome.stored;
    counts.duplicates += outcome.duplicates;
    counts.collisions += outcome.collisions;
    counts.rejected += outcome.rejected.length;
    this.#storedSinceCommit += outcome.stored + outcome.duplicates;
  }

  /** While the store is away, whoever asks for a flush is told so at once. */
  async #storeCall<Result>(call: () => Promise<Result>): Promise<Result> {
    const { pace, signal, flushes, onFailure } = this.#options;
    const result = await retry(call, {
      pace,
      signal,
      onFailure: (error, failures) => {
        this.isStoreAvailable = false;
        this.counts.storeFailures += 1;
        flushes.refuseAll(storeAway(error));
        onFailure(error, failures);
      },
    });
    this.isStoreAvailable = true;
    flushes.admit();
    return result;
  }

  /** Of the journal, whose announcements tell that it is there again. */
  #retried<Result>(work: () => Promise<Result>): Promise<Result> {
    const { bell, pace, signal, onFailure } = this.#options;
    return retry(work, { bell, pace, signal, onFailure });
  }

  #isCommitDue(): boolean {
    const entries = this.#nextOffset - this.#committedOffset;
    if (entries === 0) return false;
    if (entries >= recorderLimits.commitEntries) return true;
    return this.#commitDueInMs() <= 0;
  }

  #commitDueInMs(): number {
    const { commitAgeMs, idleCommitAgeMs } = recorderLimits;
    const hasReadings = this.#pending.length > 0 || this.#storedSinceCommit > 0;
    const ageMs = this.#options.pace.monotonicMs() - this.#committedAtMs;
    return (hasReadings ? commitAgeMs : idleCommitAgeMs) - ageMs;
  }

  /** Until something is due by itself. */
  #idleMs(): number {
    const commitMs = this.#nextOffset === this.#committedOffset ? 60_000 : this.#commitDueInMs();
    if (this.#pending.length === 0) return Math.max(1, commitMs);
    const ageMs = this.#options.pace.monotonicMs() - this.#pendingSinceMs;
    return Math.max(1, Math.min(commitMs, recorderLimits.pendingAgeMsMax - ageMs));
  }
}

function storeAway(cause: unknown): Error {
  return ingestError("INGEST_STORE_UNAVAILABLE", {
    message: "The store of readings can't be written at the moment: what it has is answered.",
    cause,
  });
}
