import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parsePrincipal } from "../../devices/index.ts";
import { openSqliteHistory } from "../../ingest/store/sqlite-history.ts";
import { type LoadDevice, type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { type Scope, tempFolder } from "../support/nadi-process.ts";
import { type Bridge, startBridge } from "./bridge-process.ts";
import { pause } from "./path-load.ts";
import { countStored, readMetric, startPathNadi, untilStored } from "./path-nadi.ts";
import { type Figures, interleaved, mediansOf } from "./path-rounds.ts";
import { readCpuUs, readMemory } from "./process-stats.ts";
import { provisionKitchens } from "./provision.ts";
import { startServer } from "./servers.ts";
import { inScope } from "./started.ts";

/** `mosquittoDefaults`: with the queue for a slow subscriber that Mosquitto comes with. */
export const storedNames = ["aedes", "mosquitto", "mosquittoDefaults", "nadi"] as const;
export type StoredName = (typeof storedNames)[number];

export interface StoredPlan {
  rounds: number;
  warmUpMs: number;
  sendMs: number;
}

export type StoredResult = Figures<
  | "ackedPerSecond"
  | "storedPerSecond"
  | "lagGrowthPerSecond"
  | "drainMs"
  | "lost"
  | "cpuUsPerReading"
  | "peakMemoryMb"
  | "faults"
>;
export type StoredResults = Partial<Record<StoredName, StoredResult>>;

export interface StoredOptions {
  plan: StoredPlan;
  names: readonly StoredName[];
  progress: (text: string) => void;
}

const connections = 100;
const sampleMs = 250;

/** Each at full speed: what is acknowledged, and what is stored of it. */
export async function benchStored(options: StoredOptions): Promise<StoredResults> {
  const { plan, names, progress } = options;
  const rounds = await interleaved({
    names,
    rounds: plan.rounds,
    progress: (text) => progress(`path, stored/s, ${text}`),
    measure: (name) => inScope(async (scope) => measure(await candidates[name](scope), plan)),
  });
  return Object.fromEntries(
    [...rounds].map(([name, results]) => [name, mediansOf(results, ["lost", "faults"])]),
  );
}

/** A broker with whatever stores behind it. */
export interface Candidate {
  port: number;
  devices: readonly LoadDevice[];
  /** Of all that belong to it. */
  pids: readonly number[];
  store: CandidateStore | null;
}

export interface CandidateStore {
  /** Readings that were acknowledged and are not stored, about. */
  lag(acked: number): Promise<number>;
  /** When nothing that was acknowledged moves any more, as `performance.now()`. */
  settled(acked: number): Promise<number>;
  /** Stored readings since the start. */
  total(): Promise<number>;
  /** The same by client id, at the end. */
  counts(): Promise<ReadonlyMap<string, number>>;
}

const candidates: Record<StoredName, (scope: Scope) => Promise<Candidate>> = {
  async aedes(scope) {
    const server = await startServer("aedes", connections);
    scope.onTestFinished(() => server.stop());
    return { ...server, pids: [server.pid], store: null };
  },
  mosquitto: (scope) => startMosquitto(scope, "unbounded"),
  mosquittoDefaults: (scope) => startMosquitto(scope, "default"),
  async nadi(scope) {
    const dataDir = tempFolder(scope);
    const size = { kitchens: 1, devicesPerKitchen: connections, place: "hotHolding" } as const;
    const { devices, operator } = await provisionKitchens(dataDir, size);
    const nadi = await startPathNadi(scope, { dataDir, operator });
    const [first] = devices;
    if (first === undefined) throw new Error("no device was provisioned");
    const store: CandidateStore = {
      lag: () => readMetric(nadi.process.httpUrl, "nadi_recorder_lag_entries"),
      settled: () => untilStored(nadi, first),
      total: async () => sum([...(await countStored(nadi, devices)).values()]),
      counts: () => countStored(nadi, devices),
    };
    return { port: nadi.process.mqttPort, devices, pids: [nadi.process.pid()], store };
  },
};

/** With the hand-written bridge behind it. */
export async function startMosquitto(
  scope: Scope,
  queue: "default" | "unbounded",
): Promise<Candidate> {
  const server = await startServer("mosquitto", connections, { queue });
  scope.onTestFinished(() => server.stop());
  const directory = path.join(tempFolder(scope), "readings");
  const bridge = await startBridge(scope, { port: server.port, directory });
  const store: CandidateStore = {
    lag: async (acked) => acked - (await bridge.stored()),
    settled: (acked) => bridgeSettled(bridge, acked),
    total: () => bridge.stored(),
    async counts() {
      await bridge.stop();
      return countFiles(directory, server.devices);
    },
  };
  return { ...server, pids: [server.pid, bridge.pid], store };
}

/** A bridge that has stored nothing for so long has got all that it will get. */
const bridgeQuietMs = 3_000;

async function bridgeSettled(bridge: Bridge, acked: number): Promise<number> {
  let grewAtMs = performance.now();
  for (let last = -1; ; ) {
    const stored = await bridge.stored();
    const nowMs = performance.now();
    if (stored > last) grewAtMs = nowMs;
    if (stored >= acked || nowMs - grewAtMs > bridgeQuietMs) return grewAtMs;
    last = stored;
    await delay(50);
  }
}

async function countFiles(
  directory: string,
  devices: readonly LoadDevice[],
): Promise<Map<string, number>> {
  const history = openSqliteHistory({ directory });
  const nowMs = Date.now();
  const range = { fromMs: nowMs - 86_400_000, toMs: nowMs + 60_000, pointsMax: 1 };
  const series = { channel: "0", reading: "temperature", field: "celsius" };
  const counts = new Map<string, number>();
  try {
    for (const { clientId } of devices) {
      const { sppgId = "", deviceId = "" } = parsePrincipal(clientId) ?? {};
      const { buckets } = await history.buckets({ sppgId, deviceId, ...series, ...range });
      counts.set(clientId, buckets[0]?.count ?? 0);
    }
    return counts;
  } finally {
    await history.close();
  }
}

export async function measure(candidate: Candidate, plan: StoredPlan): Promise<StoredResult> {
  const { port, devices, store, pids } = candidate;
  const load = await startLoadProcess({ port, devices, window: 32, pace: { kind: "full" } });
  try {
    await delay(plan.warmUpMs);
    const before = await pause(load);
    await store?.settled(before.acked);
    const storedBefore = (await store?.total()) ?? 0;
    const cpuBeforeUs = sum(pids.map(readCpuUs));
    const startMs = performance.now();
    await load.measure();
    await load.pace({ kind: "full" });
    const lags = await sampleLag(load, { store, before: before.acked, plan });
    const { ackedPerSecond } = await load.stats();
    const sentMs = performance.now();
    const { acked } = await pause(load);
    const all = before.acked + acked;
    const endMs = (await store?.settled(all)) ?? sentMs;
    const cpuUs = sum(pids.map(readCpuUs)) - cpuBeforeUs;
    const stored = store === null ? null : (await store.total()) - storedBefore;
    const peakMemoryMb = sum(pids.map((pid) => readMemory(pid).peakKb)) / 1024;
    const ackedByDevice = await load.acked();
    const stats = await load.stop();
    const lost = store === null ? null : countLost(ackedByDevice, await store.counts());
    return {
      ackedPerSecond,
      storedPerSecond: stored === null ? null : (stored * 1000) / (endMs - startMs),
      lagGrowthPerSecond: growthOf(lags),
      drainMs: store === null ? null : endMs - sentMs,
      lost,
      cpuUsPerReading: cpuUs / acked,
      peakMemoryMb,
      faults: stats.strayAcks + stats.outOfOrderAcks + stats.disconnects + stats.resent,
    };
  } finally {
    load.kill();
  }
}

interface LagSample {
  atMs: number;
  lag: number;
}

async function sampleLag(
  load: LoadProcess,
  options: { store: CandidateStore | null; before: number; plan: StoredPlan },
): Promise<LagSample[]> {
  const { store, before, plan } = options;
  const endMs = performance.now() + plan.sendMs;
  const samples: LagSample[] = [];
  for (let leftMs = plan.sendMs; leftMs > 0; leftMs = endMs - performance.now()) {
    await delay(Math.min(sampleMs, leftMs));
    if (store === null) continue;
    const { acked } = await load.stats();
    samples.push({ atMs: performance.now(), lag: await store.lag(before + acked) });
  }
  return samples;
}

/** Readings a second by which the lag grows, over the second half: the first one fills batches. */
function growthOf(samples: readonly LagSample[]): number | null {
  const half = samples.slice(Math.floor(samples.length / 2));
  if (half.length < 2) return null;
  const atMean = sum(half.map(({ atMs }) => atMs)) / half.length;
  const lagMean = sum(half.map(({ lag }) => lag)) / half.length;
  const together = sum(half.map(({ atMs, lag }) => (atMs - atMean) * (lag - lagMean)));
  const spread = sum(half.map(({ atMs }) => (atMs - atMean) ** 2));
  return (together / spread) * 1000;
}

/** Acknowledged and not in the store, by identity's device; more than sent would not hide it. */
function countLost(
  acked: Awaited<ReturnType<LoadProcess["acked"]>>,
  stored: ReadonlyMap<string, number>,
): number {
  return sum(
    acked.map(({ clientId, ranges }) => {
      const count = sum(ranges.map(([from, to]) => to - from + 1));
      return Math.max(0, count - (stored.get(clientId) ?? 0));
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
