import { setTimeout as delay } from "node:timers/promises";
import {
  fixedPort,
  listening,
  spawnNadi,
  tempFolder,
  timeToConnackMs,
} from "../support/nadi-process.ts";
import { prefill } from "./path-backlog.ts";
import { readMetric } from "./path-nadi.ts";
import { readMemory } from "./process-stats.ts";
import { provisionKitchens } from "./provision.ts";
import { inScope } from "./started.ts";

export interface CatchUpPlan {
  entries: number;
  /** The rate is taken over this time, or until nothing waits. */
  msMax: number;
}

export interface CatchUpResult {
  entries: number;
  journalMb: number;
  /** From the spawn to the first CONNACK. */
  acceptMs: number;
  /** `null`: it was over before it could be taken. */
  recordedPerSecond: number | null;
  monitoredPerSecond: number | null;
  measuredMs: number;
  /** Nothing waited any more when the measurement ended. */
  isAll: boolean;
  peakMemoryMb: number;
}

const kitchens = 100;
/** At which the backlog arrived. */
export const liveRatePerSecond = 10_000;
const pollMs = 100;

/** `nadi serve` after a `kill -9`, with a journal that neither recorder nor monitor has read. */
export function benchCatchUp(
  plan: CatchUpPlan,
  progress: (text: string) => void,
): Promise<CatchUpResult> {
  return inScope(async (scope) => {
    progress(`path, catch-up: filling a journal with ${plan.entries} entries`);
    const dataDir = tempFolder(scope);
    const size = { kitchens, devicesPerKitchen: 1, place: "hotHolding" } as const;
    const { devices } = await provisionKitchens(dataDir, size);
    const [device] = devices;
    if (device === undefined) throw new Error("no device was provisioned");
    const backlog = { entries: plan.entries, kitchens, channels: 1 };
    const { bytesOnDisk } = await prefill(scope, dataDir, {
      ...backlog,
      perSecond: liveRatePerSecond,
    });
    progress("path, catch-up: nadi");
    const port = await fixedPort();
    const nadi = spawnNadi(scope, { dataDir, mqttPort: port });
    const acceptMs = await timeToConnackMs(scope, nadi, { port, device });
    if (acceptMs === null) throw new Error(`serve ended:\n${nadi.stderr()}`);
    const { httpUrl } = await listening(nadi);
    const rates = await measureRates(httpUrl, plan);
    const peakMemoryMb = readMemory(nadi.pid()).peakKb / 1024;
    const journalMb = bytesOnDisk / 2 ** 20;
    return { entries: plan.entries, journalMb, acceptMs, peakMemoryMb, ...rates };
  });
}

interface Waiting {
  atMs: number;
  recorder: number;
  monitor: number;
}

async function readWaiting(httpUrl: string): Promise<Waiting> {
  const recorder = await readMetric(httpUrl, "nadi_recorder_lag_entries");
  const monitor = await readMetric(httpUrl, "nadi_monitor_lag_entries");
  return { atMs: performance.now(), recorder, monitor };
}

/** Below it nothing waits but what has just come. */
const doneBelow = 1_000;

async function measureRates(httpUrl: string, plan: CatchUpPlan) {
  const samples: Waiting[] = [];
  const startMs = performance.now();
  const isDone = (): boolean => {
    const { recorder = Infinity, monitor = Infinity } = samples.at(-1) ?? {};
    return recorder < doneBelow && monitor < doneBelow;
  };
  while (!isDone() && performance.now() - startMs < plan.msMax) {
    await delay(pollMs);
    samples.push(await readWaiting(httpUrl));
  }
  return {
    recordedPerSecond: rateOf(samples, ({ recorder }) => recorder),
    monitoredPerSecond: rateOf(samples, ({ monitor }) => monitor),
    measuredMs: performance.now() - startMs,
    isAll: isDone(),
  };
}

/** Between moments at which ingest has told something new, which it does twice a second. */
function rateOf(samples: readonly Waiting[], pick: (sample: Waiting) => number): number | null {
  const told = samples.filter((sample, index) => {
    const before = samples[index - 1];
    return before !== undefined && pick(before) !== pick(sample);
  });
  const [first] = told;
  const last = told.find((sample) => pick(sample) < doneBelow) ?? told.at(-1);
  if (first === undefined || last === undefined || first === last) return null;
  return ((pick(first) - pick(last)) * 1000) / (last.atMs - first.atMs);
}
