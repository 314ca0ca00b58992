import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess, type LoadProcess } from "../../simulators/index.ts";
import { clientCore, pinProcess, preferProcess, serverCore } from "./cores.ts";
import {
  type Misbehaviour,
  type MisbehaviourName,
  misbehaviourNames,
  misbehaviours,
} from "./hostile.ts";
import { startServer, type BenchServer, type ServerName } from "./servers.ts";

export interface NeighboursPlan {
  runs: number;
  /** How long p99 is taken, in quiet and under each misbehaviour. */
  measureMs: number;
}

export const neighboursPlans = {
  full: { runs: 5, measureMs: 3_000 },
  quick: { runs: 1, measureMs: 2_000 },
} as const satisfies Record<string, NeighboursPlan>;

/** Medians over the runs, in ms; `null`: the server was gone or closed a neighbour. */
export type NeighboursResult = Record<string, number | null>;
export type NeighboursResults = Partial<Record<ServerName, NeighboursResult>>;

export const quiet = "quiet";
/** The same, but towards a second server of the same kind, on the same cores. */
const elsewhere = "…, at another server";
/** Misbehaviours that cost the machine much by themselves: how much is measured apart. */
const controlled: readonly MisbehaviourName[] = ["never reads acks", "mutated packets"];

const neighbours = 20;
const hostileDevices = 2;
const ratePerSecond = 2_000;
/** A misbehaviour is at work this long before its measurement starts. */
const onsetMs = 500;

export interface NeighboursOptions {
  plan: NeighboursPlan;
  /**
   * The measured server has a core of its own, and the load goes before the attacker on the other:
   * as if both came from elsewhere, where an attacker costs the server what the server does for it.
   */
  isApart: boolean;
  servers: readonly ServerName[];
  progress: (text: string) => void;
}

/** PUBACK p99 of well-behaved devices while another client misbehaves. */
export async function benchNeighbours(options: NeighboursOptions): Promise<NeighboursResults> {
  const results: NeighboursResults = {};
  for (const name of options.servers) results[name] = await measureServer(name, options);
  return results;
}

/** Quiet and each misbehaviour in turn, so that a slow minute hits them alike. */
async function measureServer(
  name: ServerName,
  { plan, isApart, progress }: NeighboursOptions,
): Promise<NeighboursResult> {
  if (isApart) pinProcess(process.pid, clientCore);
  const kinds = listKinds();
  const p99s = new Map<string, (number | null)[]>(kinds.map(([kind]) => [kind, []]));
  for (let run = 0; run < plan.runs; run += 1) {
    for (const [kind, aim] of kinds) {
      progress(`neighbours, run ${run + 1} of ${plan.runs}: ${name}, ${kind}`);
      // A fresh server each time: what one misbehaviour left behind must not count for the next.
      p99s.get(kind)?.push(await measureKind(name, { ...aim, isApart }, plan));
    }
  }
  return Object.fromEntries([...p99s].map(([kind, values]) => [kind, medianOf(values)]));
}

interface Aim {
  misbehave: Misbehaviour | null;
  isElsewhere: boolean;
}

interface Run extends Aim {
  isApart: boolean;
}

function listKinds(): [string, Aim][] {
  const kinds: [string, Aim][] = [[quiet, { misbehave: null, isElsewhere: false }]];
  for (const name of misbehaviourNames) {
    const misbehave = misbehaviours[name];
    kinds.push([name, { misbehave, isElsewhere: false }]);
    if (controlled.includes(name)) {
      kinds.push([name + elsewhere, { misbehave, isElsewhere: true }]);
    }
  }
  return kinds;
}

async function measureKind(
  name: ServerName,
  { misbehave, isElsewhere, isApart }: Run,
  plan: NeighboursPlan,
): Promise<number | null> {
  const server = await startServer(name, neighbours + hostileDevices);
  if (isApart) pinProcess(server.pid, serverCore);
  const target = isElsewhere ? await startServer(name, neighbours + hostileDevices) : server;
  try {
    const load = await startLoadProcess({
      port: server.port,
      devices: server.devices.slice(0, neighbours),
      pace: { kind: "rate", perSecond: ratePerSecond },
    });
    if (isApart) preferProcess(load.pid);
    try {
      return await measureP99Ms(load, { server: target, misbehave, ms: plan.measureMs });
    } finally {
      load.kill();
    }
  } finally {
    if (target !== server) await target.stop();
    await server.stop();
  }
}

async function measureP99Ms(
  load: LoadProcess,
  options: { server: BenchServer; misbehave: Misbehaviour | null; ms: number },
): Promise<number | null> {
  await delay(onsetMs);
  const hostile = await options.misbehave?.(options.server);
  await delay(onsetMs);
  await load.measure();
  await delay(options.ms);
  const { latency, disconnects, acked } = await load.stats();
  await hostile?.stop();
  return disconnects > 0 || acked === 0 ? null : latency.p99Us / 1000;
}

/** One run in which a neighbour suffered is enough to say so. */
function medianOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (numbers.length < values.length) return null;
  return numbers[Math.floor(numbers.length / 2)] ?? null;
}

export function formatNeighbours(results: NeighboursResults): string {
  const servers = Object.entries(results);
  const lines = listKinds().map(([kind]) => {
    const cells = servers.map(([, result]) => {
      const value = result[kind] ?? null;
      const calm = result[quiet] ?? null;
      if (value === null || calm === null) return "a neighbour was hurt";
      return `${value.toFixed(2)} (${(value / calm).toFixed(2)} × quiet)`;
    });
    return [kind.padEnd(38), ...cells.map((cell) => cell.padEnd(24))].join("  ").trimEnd();
  });
  const head = ["".padEnd(38), ...servers.map(([name]) => name.padEnd(24))].join("  ").trimEnd();
  const title =
    `neighbours' PUBACK p99 in ms at ${ratePerSecond}/s while a client misbehaves ` +
    "(budget of nadi: ≤ 2 × quiet, 5 ms always allowed)";
  return [title, head, ...lines].join("\n");
}
