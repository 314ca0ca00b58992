import type { KeepRequest, KeptLeases, Lease, LeaseRecords } from "../desk/leases.ts";
import { type Bell, createBell, type Pace } from "../worker/pace.ts";
import { isRetryable } from "../worker/retry.ts";

export const leaseLimits = {
  /** A process that is not heard of for this long has lost its partitions. */
  ttlMs: 5_000,
  /** Between two renewals: four may fail. */
  renewMs: 1_000,
  /** While partitions are to come: whoever gives one back does it at once. */
  waitMs: 250,
} as const;

export interface LeaseKeeperOptions {
  records: Pick<LeaseRecords, "keepLeases" | "giveBackLeases" | "leaveIngest">;
  request: Omit<KeepRequest, "ttlMs">;
  pace: Pace;
  /** Aborted: nothing more is kept. */
  signal: AbortSignal;
  onKept: (kept: KeptLeases) => void;
  /** What has been stopped since the last call. */
  takeStopped: () => Lease[];
  onFailure: (error: unknown, failures: number) => void;
}

/**
 * Keeps this process's leases, one call at a time. What is given back is said between two calls, so
 * that no answer speaks of what has been given back since.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #bell: Bell;
  #keptAtMs: number;
  /** Before the call, so that no lease ends before we think it does. */
  #heldUntilMs: number;
  #kept: KeptLeases | null = null;
  /** The bell rings for nobody while a call is under way. */
  #isWanted = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#bell = createBell(options.pace);
    this.#keptAtMs = options.pace.monotonicMs();
    this.#heldUntilMs = this.#keptAtMs;
  }

  /** As last answered; `null` before the first answer. */
  get kept(): KeptLeases | null {
    return this.#kept;
  }

  /** Nobody else can have taken what this process was told to own. */
  get isHeld(): boolean {
    return this.#options.pace.monotonicMs() < this.#heldUntilMs;
  }

  get ageMs(): number {
    return Math.round(this.#options.pace.monotonicMs() - this.#keptAtMs);
  }

  /** There is something to give back. */
  wake(): void {
    this.#isWanted = true;
    this.#bell.ring();
  }

  /** Ends when the signal is aborted; rejects with what trying again can't mend. */
  async run(): Promise<void> {
    const { pace, signal, onFailure } = this.#options;
    signal.addEventListener("abort", () => this.wake(), { once: true });
    const sinceMs = pace.monotonicMs();
    let failures = 0;
    let toGiveBack: Lease[] = [];
    while (!signal.aborted) {
      this.#isWanted = false;
      try {
        toGiveBack.push(...this.#options.takeStopped());
        if (toGiveBack.length > 0) await this.#options.records.giveBackLeases(toGiveBack);
        toGiveBack = [];
        await this.#keep();
        failures = 0;
      } catch (error) {
        // A process that was killed a moment ago counts as alive until its time is over.
        const mayPass = isNotShared(error) && pace.monotonicMs() - sinceMs < 2 * leaseLimits.ttlMs;
        if (!isRetryable(error) && !mayPass) throw error;
        failures += 1;
        onFailure(error, failures);
      }
      if (this.#isWanted) continue;
      const isWaiting = failures > 0 || (this.#kept?.missing ?? 1) > 0;
      await this.#bell.wait(isWaiting ? leaseLimits.waitMs : leaseLimits.renewMs);
    }
  }

  /** Others may have all of it at once. */
  async leave(): Promise<void> {
    this.#heldUntilMs = 0;
    await this.#options.records.leaveIngest(this.#options.request.processId);
  }

  async #keep(): Promise<void> {
    const { records, request, pace, signal, onKept } = this.#options;
    const askedAtMs = pace.monotonicMs();
    const kept = await records.keepLeases({ ...request, ttlMs: leaseLimits.ttlMs });
    if (signal.aborted) return;
    this.#keptAtMs = askedAtMs;
    this.#heldUntilMs = askedAtMs + leaseLimits.ttlMs;
    this.#kept = kept;
    onKept(kept);
  }
}

function isNotShared(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "INGEST_STORE_NOT_SHARED";
}
