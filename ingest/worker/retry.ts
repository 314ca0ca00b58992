import type { Bell, Pace } from "./pace.ts";

/** `soonMs`: at news of what failed, not sooner than this. */
export const backoff = { firstMs: 100, maxMs: 10_000, soonMs: 1_000 } as const;

export interface RetryOptions {
  pace: Pace;
  /** Aborted: the failure is thrown instead of tried again. */
  signal: AbortSignal;
  /** Rings when what failed may work again, and after the signal. */
  bell?: Bell;
  /** Hears each failure, before the wait that follows it. */
  onFailure: (error: unknown, failures: number) => void;
}

/**
 * Does the work until it succeeds, with full jitter between the attempts: what failed for many at
 * once is not asked by all of them at once again. What trying again can't mend is thrown.
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { pace, signal, bell } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      options.onFailure(error, failures);
      if (signal.aborted) throw error;
      const ceilingMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures - 1, 10));
      const waitMs = pace.random() * ceilingMs;
      const soonMs = bell === undefined ? waitMs : Math.min(waitMs, backoff.soonMs);
      await pace.sleep(soonMs, signal);
      if (signal.aborted) throw error;
      if (waitMs > soonMs) await bell?.wait(waitMs - soonMs);
      if (signal.aborted) throw error;
    }
  }
}

/** Errors cross threads as plain data: the field counts, not the class. */
export function isRetryable(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "retryable" in error && error.retryable === true
  );
}
