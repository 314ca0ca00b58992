import { readdirSync } from "node:fs";
import { readMemory } from "../bench/process-stats.ts";
import { readMetric } from "./metrics.ts";

export interface ProcessSample {
  /** Monotonic. */
  atMs: number;
  residentMb: number;
  /** Of the main thread, used. */
  heapMb: number;
  descriptors: number;
}

export interface WatchedProcess {
  pid(): number;
  readonly httpUrl: string;
}

/** One look at a serve that runs; descriptors are counted in `/proc`, its own looks included. */
export async function sampleProcess({ pid, httpUrl }: WatchedProcess): Promise<ProcessSample> {
  const heapBytes = await readMetric(httpUrl, "nodejs_heap_size_used_bytes");
  return {
    atMs: performance.now(),
    residentMb: readMemory(pid()).residentKb / 1024,
    heapMb: heapBytes / 2 ** 20,
    descriptors: readdirSync(`/proc/${pid()}/fd`).length,
  };
}

/** Looks at the memory of a process until it is stopped; answers the most, in MB. */
export function watchMemory(pid: number): { stop(): number } {
  let peakKb = readMemory(pid).residentKb;
  const timer = setInterval(() => {
    peakKb = Math.max(peakKb, readMemory(pid).residentKb);
  }, 200);
  return {
    stop() {
      clearInterval(timer);
      return peakKb / 1024;
    },
  };
}

/** By least squares, in units an hour; `null` for fewer than three values. */
export function slopePerHour(
  samples: readonly ProcessSample[],
  valueOf: (sample: ProcessSample) => number,
): number | null {
  if (samples.length < 3) return null;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const hours = samples.map(({ atMs }) => atMs / 3_600_000);
  const values = samples.map(valueOf);
  const [hoursMean, valueMean] = [mean(hours), mean(values)];
  const spread = hours.reduce((sum, hour) => sum + (hour - hoursMean) ** 2, 0);
  const common = hours.reduce(
    (sum, hour, at) => sum + (hour - hoursMean) * ((values[at] ?? 0) - valueMean),
    0,
  );
  return common / spread;
}
