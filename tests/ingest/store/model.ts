import { flagBits, type JournaledReading } from "../../../ingest/decode/decoded.ts";
import { bucketWidthsMs } from "../../../ingest/store/bucket-plan.ts";
import type { Bucket, BucketAnswer, BucketQuery } from "../../../ingest/store/store.ts";

interface Kept {
  deviceId: string;
  t: number;
  seq: number;
  value: number;
  flags: number;
}

/** What a store must answer, by going over all readings each time. */
export function createModel() {
  const kept = new Map<string, Kept>();
  return {
    write(readings: readonly JournaledReading[]): void {
      for (const reading of readings) {
        const { deviceId, originalTimeMs, offset, index, flags } = reading;
        const seq = originalTimeMs === null ? offset * 100 + index : (reading.seq ?? 0);
        const isSuspect = (flags & flagBits.clockSuspect) !== 0;
        const identity = [deviceId, originalTimeMs, seq, isSuspect && originalTimeMs].join("/");
        if (kept.has(identity)) continue;
        const value = reading.fields["celsius"] ?? 0;
        kept.set(identity, { deviceId, t: reading.eventTimeMs, seq, value, flags });
      }
    },
    count: () => kept.size,
    buckets(query: BucketQuery): BucketAnswer {
      const { fromMs, toMs, pointsMax } = query;
      const widthMs = pointsMax === 1 ? toMs - fromMs : widthOf(query);
      const groups = new Map<number, Kept[]>();
      for (const row of kept.values()) {
        if (row.deviceId !== query.deviceId || row.t < fromMs || row.t >= toMs) continue;
        const aligned = pointsMax === 1 ? fromMs : row.t - (row.t % widthMs);
        const start = Math.max(fromMs, aligned);
        groups.set(start, [...(groups.get(start) ?? []), row]);
      }
      const starts = [...groups.keys()].toSorted((a, b) => a - b);
      return { widthMs, buckets: starts.map((start) => summarise(start, groups.get(start) ?? [])) };
    },
    latest(deviceId: string): number | null {
      const rows = [...kept.values()].filter((row) => row.deviceId === deviceId);
      return rows.filter(isBelieved).toSorted(byTime).at(-1)?.value ?? null;
    },
  };
}

function widthOf({ fromMs, toMs, pointsMax }: BucketQuery): number {
  const width = bucketWidthsMs.find((candidate) => {
    let count = 0;
    for (let t = fromMs - (fromMs % candidate); t < toMs; t += candidate) {
      count += 1;
      if (count > pointsMax) return false;
    }
    return true;
  });
  if (width === undefined) throw new RangeError("No width is long enough.");
  return width;
}

const isBelieved = (row: Kept): boolean => row.flags === 0;
const byTime = (a: Kept, b: Kept): number => a.t - b.t || a.seq - b.seq;

function summarise(t: number, rows: readonly Kept[]): Bucket {
  const believed = rows.filter(isBelieved).toSorted(byTime);
  const all = believed.map((row) => row.value);
  const [count, flagged] = [all.length, rows.length - all.length];
  if (count === 0) return { t, min: null, max: null, mean: null, last: null, count, flagged };
  const mean = all.reduce((sum, value) => sum + value, 0) / count;
  const [min, max, last] = [Math.min(...all), Math.max(...all), all.at(-1) ?? null];
  return { t, min, max, mean, last, count, flagged };
}
