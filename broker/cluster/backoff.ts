const firstMs = 250;
/** A cluster that restarts is asked often enough to miss little, and does not suffer from it. */
const longestMs = 10_000;

/** Equal jitter: half of the time is sure, so that a refusal is never repeated at once. */
export function backoffMs(attempt: number, random: () => number): number {
  const ceilingMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 10));
  return Math.ceil(ceilingMs * (0.5 + random() / 2));
}
