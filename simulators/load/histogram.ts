/**
 * Bits below the leading one that a bucket keeps: 7 bits make buckets of at most 1/128 of their
 * value, so that a percentile is at most 0.8 % above the exact one.
 */
const precisionBits = 7;
const subBuckets = 1 << precisionBits;
/** Values are whole microseconds up to 2³¹ − 1, about 36 minutes; what is above counts as that. */
const valueMax = 2 ** 31 - 1;
const bucketCount = bucketOf(valueMax) + 1;

export interface LatencySummary {
  count: number;
  p50Us: number;
  p99Us: number;
  p999Us: number;
  maxUs: number;
}

export interface LatencyHistogram {
  record(valueUs: number): void;
  /** The upper edge of the bucket that holds the `fraction` quantile (nearest rank); 0 if empty. */
  percentile(fraction: number): number;
  summary(): LatencySummary;
  reset(): void;
}

/** Logarithmic buckets with linear steps inside each power of two, as HdrHistogram has them. */
export function createHistogram(): LatencyHistogram {
  const counts = new Float64Array(bucketCount);
  let count = 0;
  let max = 0;

  const percentile = (fraction: number): number => {
    if (count === 0) return 0;
    const rank = Math.max(1, Math.ceil(fraction * count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(upperEdge(bucket), max);
    }
    return max;
  };
  return {
    record(valueUs) {
      const value = Math.min(valueMax, Math.max(0, Math.round(valueUs)));
      const bucket = bucketOf(value);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      count += 1;
      if (value > max) max = value;
    },
    percentile,
    summary: () => ({
      count,
      p50Us: percentile(0.5),
      p99Us: percentile(0.99),
      p999Us: percentile(0.999),
      maxUs: max,
    }),
    reset() {
      counts.fill(0);
      count = 0;
      max = 0;
    },
  };
}

/** Below 2 × `subBuckets` each value has its own bucket; above, its leading bits decide. */
function bucketOf(value: number): number {
  const shift = Math.max(0, 31 - precisionBits - Math.clz32(value | 1));
  return shift * subBuckets + (value >>> shift);
}

function upperEdge(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / subBuckets) - 1);
  return (bucket - shift * subBuckets + 1) * 2 ** shift - 1;
}
