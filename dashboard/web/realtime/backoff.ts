export const backoffLimits = { firstMs: 500, mostMs: 10_000 } as const;

/**
 * How long to wait before attempt number `attempt` (from 0): anything up to a bound that doubles.
 * Full jitter, so that the pages of a restarted server do not all come back in one moment.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const { firstMs, mostMs } = backoffLimits;
  return Math.round(random() * Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 16)));
}
