import type { IngestRecords } from "../desk/desk.ts";
import type { Effect } from "../monitor/monitor.ts";
import type { CrashPoint } from "./crash.ts";
import type { Outbox } from "./outbox.ts";
import type { Pace } from "./pace.ts";
import { isRetryable, retry } from "./retry.ts";

/** One transaction: some ten ms of the records worker. */
const effectsPerCall = 256;
/** While the records are away the monitor waits at this; each effect has about 1 KB. */
export const effectsPendingMax = 4_096;

export interface EffectsOptions {
  records: Pick<IngestRecords, "applyEffects">;
  pace: Pace;
  signal: AbortSignal;
  crashPoint: CrashPoint;
  outbox: Pick<Outbox, "add" | "drain">;
  onFailure: (error: unknown, failures: number) => void;
  /** Hears what trying again can't mend: the worker has to end. */
  onFatal: (error: unknown) => void;
}

/** Has the monitor's effects applied, in order and as often as it takes. */
export class Effects {
  readonly #options: EffectsOptions;
  readonly #pending: Effect[] = [];
  readonly #waiting = new Set<{ count: number; resolve(): void }>();
  #isSending = false;
  /** How many were ever added, and applied: a mark for those who wait. */
  added = 0;
  applied = 0;
  deadLetters = 0;

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.length;
  }

  add(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    for (const effect of effects) {
      this.#pending.push(effect);
      if (effect.kind === "deadLetter") this.deadLetters += 1;
    }
    this.added += effects.length;
    if (this.#isSending) return;
    this.#isSending = true;
    this.#send().catch((error: unknown) => {
      // Given up at a stop: the next start has the same effects again.
      if (!this.#options.signal.aborted || !isRetryable(error)) this.#options.onFatal(error);
    });
  }

  /** Resolves when the first `count` effects since the start have been applied. */
  whenApplied(count: number): Promise<void> {
    if (this.applied >= count) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ count, resolve });
    return promise;
  }

  /** Resolves when there is room for more, the monitor's back-pressure; at the signal at once. */
  async room(signal: AbortSignal): Promise<void> {
    const count = this.added - effectsPendingMax;
    if (this.applied >= count || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { count, resolve };
    const stop = (): void => resolve();
    this.#waiting.add(waiter);
    signal.addEventListener("abort", stop);
    await promise;
    // A promise for the signal, to race against, would keep a memory of each of these for ever.
    signal.removeEventListener("abort", stop);
    this.#waiting.delete(waiter);
  }

  async #send(): Promise<void> {
    const { records, crashPoint, outbox, onFailure } = this.#options;
    try {
      while (this.#pending.length > 0) {
        const batch = this.#pending.slice(0, effectsPerCall);
        let isDoubted = false;
        const messages = await retry(() => records.applyEffects(batch), {
          ...this.#options,
          onFailure(error, failures) {
            isDoubted = true;
            onFailure(error, failures);
          },
        });
        if (batch.some(({ kind }) => kind === "alert")) crashPoint("alert-row-written");
        this.#pending.splice(0, batch.length);
        this.applied += batch.length;
        // A call that failed may have been done all the same, its answer alone was lost: then the
        // next one made no messages, and those of the first stand in the records.
        if (isDoubted) outbox.drain();
        else outbox.add(messages);
        this.#wake();
      }
    } finally {
      this.#isSending = false;
    }
  }

  #wake(): void {
    for (const waiter of this.#waiting) {
      if (waiter.count > this.applied) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
