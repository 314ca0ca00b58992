import type { IngestRecords } from "../desk/desk.ts";
import type { Monitor, MonitorMeta, StateRow } from "../monitor/monitor.ts";
import type { CrashPoint } from "./crash.ts";
import type { Effects } from "./effects.ts";
import type { Bell, Pace } from "./pace.ts";
import { isRetryable, retry } from "./retry.ts";

export const checkpointLimits = {
  /** A slice is taken between two batches: some ms of JSON. */
  sliceChars: 64 * 1024,
  /** What a start has to fold again at most, beside the time of a round. */
  entries: 200_000,
  ageMs: 5_000,
  /** While only ticks come: folding them again costs nothing, and the disk may sleep. */
  idleAgeMs: 60_000,
} as const;

export interface CheckpointsOptions {
  monitor: Monitor;
  records: Pick<IngestRecords, "saveState" | "pruneOutbox">;
  effects: Effects;
  commitCursor: (nextOffset: number) => Promise<void>;
  pace: Pace;
  /** Rung when a slice is saved, so that the next one is taken. */
  bell: Bell;
  signal: AbortSignal;
  crashPoint: CrashPoint;
  onFailure: (error: unknown, failures: number) => void;
  onFatal: (error: unknown) => void;
}

/**
 * Saves the monitor's state in rounds: slices of rows between batches, then what no row holds, then
 * the cursor. A row is saved only after the effects that it knows of: a start behind the row would
 * never have them again.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #round: MonitorMeta | null = null;
  #saving: Promise<void> | null = null;
  #savedOffset: number;
  #savedAtMs: number;
  #hasNews = false;
  rounds = 0;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#savedOffset = options.monitor.offset;
    this.#savedAtMs = options.pace.monotonicMs();
  }

  /** The last entry that a start need not fold again. */
  get savedOffset(): number {
    return this.#savedOffset;
  }

  /** Something other than a tick was folded. */
  noteNews(): void {
    this.#hasNews = true;
  }

  /** Between two batches, when all effects of the monitor have been handed on. Never waits. */
  step(): void {
    if (this.#saving !== null || this.#options.signal.aborted) return;
    if (this.#round === null) {
      if (this.dueInMs() > 0) return;
      this.#begin();
    }
    this.#takeSlice();
  }

  /** Until the next round; 0 also while one is under way and waits for its next slice. */
  dueInMs(): number {
    if (this.#saving !== null) return checkpointLimits.ageMs;
    if (this.#round !== null) return 0;
    const { monitor, pace } = this.#options;
    const entries = monitor.offset - this.#savedOffset;
    if (entries === 0) return checkpointLimits.idleAgeMs;
    if (entries >= checkpointLimits.entries) return 0;
    const ageMsMax = this.#hasNews ? checkpointLimits.ageMs : checkpointLimits.idleAgeMs;
    return Math.max(0, ageMsMax - (pace.monotonicMs() - this.#savedAtMs));
  }

  /** A whole round of its own, at a stop: nothing is folded meanwhile. */
  async finish(): Promise<void> {
    for (;;) {
      while (this.#saving !== null) await this.#saving;
      if (this.#options.signal.aborted) return;
      if (this.#round === null) {
        if (this.#options.monitor.offset === this.#savedOffset) return;
        this.#begin();
      }
      this.#takeSlice();
    }
  }

  #begin(): void {
    this.#round = this.#options.monitor.beginCheckpoint();
    this.#hasNews = false;
  }

  #takeSlice(): void {
    const { monitor, effects, bell, signal } = this.#options;
    const meta = this.#round;
    if (meta === null) return;
    const rows = monitor.takeRows(checkpointLimits.sliceChars);
    const mark = effects.added;
    this.#saving = (rows.length > 0 ? this.#saveRows(rows, mark) : this.#endRound(meta, mark))
      .catch((error: unknown) => {
        if (!signal.aborted || !isRetryable(error)) this.#options.onFatal(error);
      })
      .finally(() => {
        this.#saving = null;
        bell.ring();
      });
  }

  async #saveRows(rows: readonly StateRow[], mark: number): Promise<void> {
    const { effects, records, crashPoint } = this.#options;
    await effects.whenApplied(mark);
    await this.#retried(() => records.saveState(rows, null));
    crashPoint("state-row-written");
  }

  async #endRound(meta: MonitorMeta, mark: number): Promise<void> {
    const { effects, records, pace, commitCursor } = this.#options;
    await effects.whenApplied(mark);
    await this.#retried(() => records.saveState([], meta));
    await this.#retried(() => commitCursor(meta.offset + 1));
    // Some at a time, so that nobody waits long for the records.
    while ((await this.#retried(() => records.pruneOutbox(meta.offset))) > 0);
    this.#round = null;
    this.#savedOffset = meta.offset;
    this.#savedAtMs = pace.monotonicMs();
    this.rounds += 1;
  }

  #retried<Result>(work: () => Promise<Result>): Promise<Result> {
    const { pace, signal, onFailure } = this.#options;
    return retry(work, { pace, signal, onFailure });
  }
}
