import { queryInvalid } from "./errors.ts";
import { dayMs, hourMs, minuteMs } from "./files.ts";
import type { Bucket, BucketQuery } from "./store.ts";
import { emptySums, type Sums } from "./sums.ts";

const secondMs = 1_000;

/** design.md section 11: the smallest that gives at most the points asked for is taken. */
export const bucketWidthsMs: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * secondMs),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minuteMs),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hourMs),
  dayMs,
];

/** What the width lets be read: whole hours, whole minutes, or nothing but raw rows. */
export type Resolution = "hour" | "minute" | "raw";

export interface Buckets {
  readonly widthMs: number;
  readonly resolution: Resolution;
  /** The sums of the bucket that a time falls into; before the range: of its first one. */
  at(timeMs: number): Sums;
  /** In the order of time. */
  list(): Bucket[];
}

export function createBuckets(query: Pick<BucketQuery, "fromMs" | "toMs" | "pointsMax">): Buckets {
  const { fromMs, toMs, pointsMax } = query;
  const isWhole = pointsMax === 1;
  const widthMs = isWhole ? toMs - fromMs : chooseWidth(query);
  const byStart = new Map<number, Sums>();
  return {
    widthMs,
    resolution: isWhole ? "hour" : resolutionOf(widthMs),
    at(timeMs) {
      const aligned = isWhole ? fromMs : Math.floor(timeMs / widthMs) * widthMs;
      const start = Math.max(fromMs, aligned);
      let sums = byStart.get(start);
      if (sums === undefined) byStart.set(start, (sums = emptySums()));
      return sums;
    },
    list: () => [...byStart].toSorted(([a], [b]) => a - b).map(([t, sums]) => toBucket(t, sums)),
  };
}

function chooseWidth({ fromMs, toMs, pointsMax }: Parameters<typeof createBuckets>[0]): number {
  const fits = (width: number): boolean =>
    Math.floor((toMs - 1) / width) - Math.floor(fromMs / width) < pointsMax;
  const width = bucketWidthsMs.find(fits);
  if (width !== undefined) return width;
  const message = `Even days give more than ${pointsMax} points: ask for more, or a shorter range.`;
  throw queryInvalid(message, { pointsMax });
}

function resolutionOf(widthMs: number): Resolution {
  if (widthMs % hourMs === 0) return "hour";
  return widthMs % minuteMs === 0 ? "minute" : "raw";
}

function toBucket(t: number, sums: Sums): Bucket {
  const { count, flagged, sum, min, max, last } = sums;
  if (count === 0) return { t, min: null, max: null, mean: null, last: null, count, flagged };
  return { t, min, max, mean: sum / count, last, count, flagged };
}
