import type { BucketRing, ChartBucket } from "./bucket-ring.ts";

/** A bucket of the history; one of flagged readings alone has no values. */
export interface HistoryBucket {
  t: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  count: number;
}

export interface History {
  buckets: readonly HistoryBucket[];
  widthMs: number;
}

/** What uPlot draws: seconds, then mean, highest and lowest; `null` where there is a gap. */
export type Columns = [
  x: number[],
  mean: (number | null)[],
  high: (number | null)[],
  low: (number | null)[],
];

export interface Aligned {
  columns: Columns;
  /** Stretches without data, in UTC ms. */
  gaps: readonly { fromMs: number; toMs: number }[];
}

const gapMsMin = 90_000;
const gapIntervals = 3;

/** What is longer than this without a reading is a hole, and no line goes over it. */
export function gapMsOf(expectedIntervalSeconds: number): number {
  return Math.max(gapIntervals * expectedIntervalSeconds * 1_000, gapMsMin);
}

/** History and what came since, in one row of points, with holes as holes. */
export function align(
  history: History | null,
  tail: Pick<BucketRing, "length" | "at">,
  gapMs: number,
): Aligned {
  const columns: Columns = [[], [], [], []];
  const gaps: { fromMs: number; toMs: number }[] = [];
  const widthMs = history?.widthMs ?? 0;
  let endMs: number | null = null;
  for (const bucket of merge(history, tail)) {
    const isGap = endMs !== null && bucket.t - endMs > gapMs;
    if (isGap && endMs !== null) {
      gaps.push({ fromMs: endMs, toMs: bucket.t });
      pushPoint(columns, (endMs + bucket.t) / 2, null);
    }
    pushPoint(columns, bucket.t + widthMs / 2, bucket);
    endMs = bucket.t + widthMs;
  }
  return { columns, gaps };
}

function pushPoint([x, mean, high, low]: Columns, atMs: number, of: ChartBucket | null): void {
  x.push(atMs / 1_000);
  mean.push(of?.mean ?? null);
  high.push(of?.max ?? null);
  low.push(of?.min ?? null);
}

/** By time; where both know a bucket, what either has seen of its extremes counts. */
function merge(history: History | null, tail: Pick<BucketRing, "length" | "at">): ChartBucket[] {
  const merged = (history?.buckets ?? []).flatMap(toChartBucket);
  const widthMs = history?.widthMs ?? 1;
  for (let index = 0; index < tail.length; index += 1) {
    const live = tail.at(index);
    const last = merged.at(-1);
    if (last === undefined || live.t >= last.t + widthMs) merged.push(live);
    else if (live.t >= last.t) merged[merged.length - 1] = fold(last, live);
    // Anything older is in the history already.
  }
  return merged;
}

function toChartBucket({ t, min, max, mean, count }: HistoryBucket): ChartBucket[] {
  return min === null || max === null || mean === null ? [] : [{ t, min, max, mean, count }];
}

function fold(known: ChartBucket, live: ChartBucket): ChartBucket {
  const fuller = live.count > known.count ? live : known;
  const min = Math.min(known.min, live.min);
  const max = Math.max(known.max, live.max);
  return { t: known.t, min, max, mean: fuller.mean, count: fuller.count };
}

/** The point nearest to one without a value; `null` if there is none within the reach. */
export function nearestValue(
  values: ArrayLike<number | null | undefined>,
  index: number,
  reach: number,
): number | null {
  for (let distance = 0; distance <= reach; distance += 1) {
    if (typeof values[index - distance] === "number") return index - distance;
    if (typeof values[index + distance] === "number") return index + distance;
  }
  return null;
}
