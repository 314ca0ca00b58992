/** How much the newest value of a sensor is worth, by how often it should send. */
export const freshnesses = ["fresh", "late", "silent", "missing"] as const;
export type Freshness = (typeof freshnesses)[number];

/** In expected intervals: one or two lost messages are ordinary on a kitchen's network. */
const lateIntervals = 3;
const silentIntervals = 10;

export function freshnessOf(
  sensor: { lastHeardAtMs: number | null; expectedIntervalSeconds: number },
  nowMs: number,
): Freshness {
  if (sensor.lastHeardAtMs === null) return "missing";
  const intervals = (nowMs - sensor.lastHeardAtMs) / 1_000 / sensor.expectedIntervalSeconds;
  if (intervals > silentIntervals) return "silent";
  return intervals > lateIntervals ? "late" : "fresh";
}
