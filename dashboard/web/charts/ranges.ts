const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What a chart shows; the longer, the more a bucket holds, and the seldomer it is read again. */
export const chartRanges = {
  "1h": { ms: hourMs, points: 720, staleMs: 2 * minuteMs },
  "6h": { ms: 6 * hourMs, points: 720, staleMs: 5 * minuteMs },
  "24h": { ms: 24 * hourMs, points: 720, staleMs: 10 * minuteMs },
  "7d": { ms: 7 * 24 * hourMs, points: 720, staleMs: 30 * minuteMs },
} as const;

export type ChartRange = keyof typeof chartRanges;
export const chartRangeNames = Object.keys(chartRanges) as readonly ChartRange[];
