import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess, type LoadOptions, type LoadProcess } from "../../simulators/index.ts";
import { readCpuUs, readMemory } from "./process-stats.ts";
import { startServer, type BenchServer, type ServerName } from "./servers.ts";

/** How long and how much; `quick` is for a look, `full` for numbers that are told. */
export interface EdgePlan {
  rounds: number;
  warmUpMs: number;
  manyMs: number;
  oneMs: number;
  rateMs: number;
  idleDevices: number;
}

export const edgePlans = {
  full: {
    rounds: 3,
    warmUpMs: 2_000,
    manyMs: 10_000,
    oneMs: 4_000,
    rateMs: 10_000,
    idleDevices: 10_000,
  },
  quick: {
    rounds: 1,
    warmUpMs: 1_000,
    manyMs: 4_000,
    oneMs: 2_000,
    rateMs: 4_000,
    idleDevices: 2_000,
  },
} as const satisfies Record<string, EdgePlan>;

const connections = 100;
const ratePerSecond = 10_000;
/** A server's memory moves on for a moment after the last CONNACK. */
const settleMs = 2_000;
/** Of one core, over that time. */
const idleLoadMax = 0.1;
const idleWithinMs = 60_000;

/** One round of one server, or the median of its rounds. */
export interface EdgeResult {
  ackedPerSecond: number;
  oneConnectionWindow32PerSecond: number;
  oneConnectionWindow128PerSecond: number;
  pubackP50Ms: number;
  pubackP99Ms: number;
  pubackP999Ms: number;
  /** The part of the PUBACK times before the write: the generator's own timer. */
  lateP50Ms: number;
  lateP99Ms: number;
  cpuUsPerMessage: number;
  cpuUsPerMessageAtRate: number;
  generatorCpuUsPerMessage: number;
  peakMemoryMb: number;
  idleKbPerDevice: number;
  /** What no run may show: lost connections, stray or unordered acks, messages sent twice. */
  faults: number;
}

export type EdgeResults = Partial<Record<ServerName, EdgeResult>>;

export interface EdgeOptions {
  plan: EdgePlan;
  servers: readonly ServerName[];
  progress: (text: string) => void;
}

/** Rounds are interleaved, so that a slow minute of the machine hits every server alike. */
export async function benchEdge({ plan, servers, progress }: EdgeOptions): Promise<EdgeResults> {
  const rounds = new Map<ServerName, EdgeResult[]>(servers.map((name) => [name, []]));
  for (let round = 0; round < plan.rounds; round += 1) {
    // Each round starts with another server.
    for (let place = 0; place < servers.length; place += 1) {
      const name = servers[(place + round) % servers.length];
      if (name === undefined) continue;
      progress(`round ${round + 1} of ${plan.rounds}: ${name}`);
      rounds.get(name)?.push(await measure(name, plan));
    }
  }
  return Object.fromEntries([...rounds].map(([name, results]) => [name, medianOf(results)]));
}

async function measure(name: ServerName, plan: EdgePlan): Promise<EdgeResult> {
  const idleKbPerDevice = await withServer(name, plan.idleDevices, (server) => idle(server));
  return withServer(name, connections, async (server) => {
    const many = await run(server, { plan, ms: plan.manyMs });
    const one = { plan, ms: plan.oneMs, connections: 1 };
    await untilIdle(server);
    const narrow = await run(server, { ...one, window: 32 });
    await untilIdle(server);
    const wide = await run(server, { ...one, window: 128 });
    await untilIdle(server);
    const rate = await run(server, { plan, ms: plan.rateMs, ratePerSecond });
    return {
      ackedPerSecond: many.ackedPerSecond,
      oneConnectionWindow32PerSecond: narrow.ackedPerSecond,
      oneConnectionWindow128PerSecond: wide.ackedPerSecond,
      pubackP50Ms: rate.latency.p50Us / 1000,
      pubackP99Ms: rate.latency.p99Us / 1000,
      pubackP999Ms: rate.latency.p999Us / 1000,
      lateP50Ms: rate.lateness.p50Us / 1000,
      lateP99Ms: rate.lateness.p99Us / 1000,
      cpuUsPerMessage: many.serverCpuUs / many.acked,
      cpuUsPerMessageAtRate: rate.serverCpuUs / rate.acked,
      generatorCpuUsPerMessage: many.cpuUs / many.acked,
      peakMemoryMb: readMemory(server.pid).peakKb / 1024,
      idleKbPerDevice,
      faults: many.faults + narrow.faults + wide.faults + rate.faults,
    };
  });
}

/** Nothing is worked off any more of what was measured before: Nadi stores what it acknowledged. */
async function untilIdle({ name, pid }: BenchServer): Promise<void> {
  const endMs = performance.now() + idleWithinMs;
  for (;;) {
    const [beforeUs, beforeMs] = [readCpuUs(pid), performance.now()];
    await delay(settleMs);
    const load = (readCpuUs(pid) - beforeUs) / 1000 / (performance.now() - beforeMs);
    if (load < idleLoadMax) return;
    if (performance.now() > endMs) throw new Error(`${name} does not come to rest`);
  }
}

async function withServer<Result>(
  name: ServerName,
  deviceCount: number,
  work: (server: BenchServer) => Promise<Result>,
): Promise<Result> {
  const server = await startServer(name, deviceCount);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function withLoad<Result>(
  options: LoadOptions,
  work: (load: LoadProcess) => Promise<Result>,
): Promise<Result> {
  const load = await startLoadProcess(options);
  try {
    return await work(load);
  } finally {
    await load.stop();
  }
}

/** Resident memory of the server for each device that is connected and silent. */
async function idle({ pid, port, devices }: BenchServer): Promise<number> {
  const connect = { port, pace: { kind: "idle" } } as const;
  // The first logins load code and fill pools that belong to no device.
  const first = devices.slice(0, connections);
  await withLoad({ ...connect, devices: first }, () => delay(settleMs));
  const before = readMemory(pid).residentKb;
  return withLoad({ ...connect, devices }, async () => {
    await delay(settleMs);
    return (readMemory(pid).residentKb - before) / devices.length;
  });
}

interface RunOptions {
  plan: EdgePlan;
  ms: number;
  connections?: number;
  window?: number;
  ratePerSecond?: number;
}

async function run(server: BenchServer, options: RunOptions) {
  const load: LoadOptions = {
    port: server.port,
    devices: server.devices.slice(0, options.connections ?? connections),
    window: options.window ?? 32,
    pace:
      options.ratePerSecond === undefined
        ? { kind: "full" }
        : { kind: "rate", perSecond: options.ratePerSecond },
  };
  return withLoad(load, async (generator) => {
    await delay(options.plan.warmUpMs);
    await generator.measure();
    const cpuBeforeUs = readCpuUs(server.pid);
    await delay(options.ms);
    const serverCpuUs = readCpuUs(server.pid) - cpuBeforeUs;
    const stats = await generator.stats();
    const faults = stats.strayAcks + stats.outOfOrderAcks + stats.disconnects + stats.resent;
    return { ...stats, serverCpuUs, faults };
  });
}

/** Field by field; of faults the sum, since one is enough. */
function medianOf(results: readonly EdgeResult[]): EdgeResult {
  const [first] = results;
  if (first === undefined) throw new Error("a server was measured in no round");
  const medians = { ...first };
  for (const key of Object.keys(first) as (keyof EdgeResult)[]) {
    const values = results.map((result) => result[key]).toSorted((a, b) => a - b);
    medians[key] =
      key === "faults"
        ? values.reduce((sum, value) => sum + value, 0)
        : (values[Math.floor(values.length / 2)] ?? Number.NaN);
  }
  return medians;
}
