// `node tests/system/soak.ts --minutes 30 [--seed N] [--embedded]`: one serve under steady load,
// each minute (`--step` seconds) another fault at a random moment; after each one everything that
// was acknowledged is compared with what is stored, and memory, heap and descriptors are looked at
// (R34). `--one-life`: no fault ends serve, so that their slopes are those of one process.
import { setTimeout as delay } from "node:timers/promises";
import { collectGarbage, inspectable } from "../support/collect-garbage.ts";
import { eventually } from "../support/kitchen.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { type ProcessSample, sampleProcess, slopePerHour } from "../support/process-watch.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { parseWords } from "../support/words.ts";
import { findFaketime } from "./needs.ts";
import { type ServerName, serverNames, serversEnv, startServers } from "./servers.ts";
import { faultsOfSite, slowly, startSite } from "./site.ts";
import { soakFaults, type SoakSite } from "./soak-faults.ts";
import { createWallClock } from "./wall-clock.ts";

export interface SoakPlan {
  scope: Scope;
  seed: number;
  steps: number;
  /** From one comparison to the next. */
  stepMs: number;
  /** The longest fault. */
  faultMsMax: number;
  /** Messages a second of the load. */
  perSecond: number;
  isEmbedded: boolean;
  /** Default: no. See `soakFaults`. */
  isOneLife?: boolean;
  /** Whether the heap is looked at behind a collection; default: as it is. */
  isCollected?: boolean;
  progress?: (text: string) => void;
}

export interface SoakStep {
  fault: string;
  lastedMs: number;
  /** From the end of the fault to a green `/readyz`. */
  readyMs: number;
  /** From the end of all sending until both consumers were level. */
  levelMs: number;
  acked: number;
  /** Of the simulated kitchen beside it. */
  simulated: number;
  rows: number;
  alerts: number;
  faults: string[];
}

export interface SoakReport {
  seed: number;
  steps: SoakStep[];
  /** Of each process, at rest after each step: they were as busy as each other before. */
  lives: { samples: ProcessSample[] }[];
}

const readyWithinMs = 120_000;
/** A fresh process grows for so long, whatever happens. */
const warmUpMs = 180_000;

async function openSoak(plan: SoakPlan): Promise<SoakSite> {
  const { scope, seed, perSecond, steps, stepMs } = plan;
  const servers = plan.isEmbedded ? null : await startServers(scope);
  const proxies: Partial<Record<ServerName, TcpProxy>> = {};
  const urls: Partial<Record<ServerName, string>> = {};
  for (const name of servers === null ? [] : serverNames) {
    const proxy = await startTcpProxy(scope, servers?.breakable[name].url ?? "");
    proxies[name] = proxy;
    urls[name] = proxy.url;
  }
  const clock = findFaketime() === null ? null : createWallClock(scope);
  const addresses = servers === null ? {} : serversEnv(servers, urls);
  const env = { ...addresses, ...clock?.env, ...(plan.isCollected === true ? inspectable : {}) };
  const site = await startSite(
    {
      scope,
      seed,
      servers,
      urls,
      perSecond,
      env,
      lastsMs: 2 * steps * stepMs,
      isClockStepped: clock !== null,
      hasSimulated: true,
    },
    200,
  );
  return { site, servers, proxies, clock };
}

/** Every kind comes once before one comes again, in an order that the seed decides. */
function* shuffledAgainAndAgain<Item>(items: readonly Item[], random: () => number) {
  for (;;) {
    const rest = [...items];
    while (rest.length > 0) yield* rest.splice(Math.floor(random() * rest.length), 1);
  }
}

export async function runSoak(plan: SoakPlan): Promise<SoakReport> {
  const { seed, steps, stepMs, faultMsMax, progress = () => undefined } = plan;
  const random = seededRandom(seed);
  const soak = await openSoak(plan);
  const { site } = soak;
  const faults = shuffledAgainAndAgain(soakFaults(soak, plan.isOneLife ?? false), random);
  const report: SoakReport = { seed, steps: [], lives: [] };
  const samplesOf = new Map<number, ProcessSample[]>();
  for (const fault of faults) {
    if (report.steps.length === steps) break;
    const startMs = performance.now();
    const durationMs = faultMsMax * (0.2 + 0.8 * random());
    await delay(Math.max(0, stepMs - durationMs) * 0.5 * random());
    const faultAtMs = performance.now();
    await fault.run(durationMs);
    const lastedMs = performance.now() - faultAtMs;
    await eventually(
      slowly(() => site.isReady()),
      Boolean,
      readyWithinMs,
    );
    const readyMs = performance.now() - faultAtMs - lastedMs;
    await delay(Math.max(0, stepMs - (performance.now() - startMs)));
    const { levelMs } = await site.rest();
    const found = await site.compare();
    const { acked, store, alerts, simulated } = found;
    const step: SoakStep = {
      fault: fault.name,
      lastedMs,
      readyMs,
      levelMs,
      acked,
      simulated: simulated.acked,
      rows: store.rows,
      alerts: alerts.rows,
      faults: faultsOfSite(found),
    };
    report.steps.push(step);
    const samples = samplesOf.get(site.nadi.pid()) ?? [];
    samplesOf.set(site.nadi.pid(), samples);
    if (plan.isCollected === true) await collectGarbage(site.nadi);
    const sample = await sampleProcess(site.nadi);
    samples.push(sample);
    progress(describeStep(step, sample));
    await site.resume();
  }
  report.lives = [...samplesOf.values()].map((samples) => ({ samples }));
  await site.rest();
  await site.load.stop();
  const { code } = await site.nadi.stop();
  if (code !== 0) throw new Error(`serve ended with ${code}: ${site.nadi.stderr()}`);
  return report;
}

function describeStep(step: SoakStep, sample: ProcessSample): string {
  const { fault, faults } = step;
  const whole = (value: number): string => String(Math.round(value));
  return [
    `${fault} for ${whole(step.lastedMs)} ms`,
    `ready after ${whole(step.readyMs)} ms, level after ${whole(step.levelMs)}`,
    `${step.acked} and ${step.simulated} acknowledged, ${step.rows} rows, ${step.alerts} alerts`,
    `${whole(sample.residentMb)} MB, heap ${whole(sample.heapMb)} MB`,
    `${sample.descriptors} descriptors`,
    ...(faults.length === 0 ? [] : [`FAULTS: ${faults.join("; ")}`]),
  ].join("; ");
}

/** Slopes of the process that lived longest, from its warm-up on. */
export function describeSlopes({ lives }: SoakReport): string {
  const spanOf = ({ samples }: SoakReport["lives"][number]): number =>
    (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  const longest = lives.toSorted((a, b) => spanOf(b) - spanOf(a))[0];
  if (longest === undefined) return "no process lived";
  const [first] = longest.samples;
  const warm = longest.samples.filter(({ atMs }) => atMs >= (first?.atMs ?? 0) + warmUpMs);
  const slope = (valueOf: (sample: ProcessSample) => number): string =>
    slopePerHour(warm, valueOf)?.toFixed(1) ?? "too short to tell";
  return [
    `longest life ${Math.round(spanOf(longest) / 1000)} s of ${lives.length}; slopes an hour:`,
    `memory ${slope(({ residentMb }) => residentMb)} MB,`,
    `heap ${slope(({ heapMb }) => heapMb)} MB,`,
    `descriptors ${slope(({ descriptors }) => descriptors)};`,
    `least memory of each quarter: ${leastOfQuarters(warm).join(", ")} MB`,
  ].join(" ");
}

/** Young generations come and go by 50 MB a thread: what they stand on is seen between two. */
function leastOfQuarters(samples: readonly ProcessSample[]): number[] {
  const quarter = Math.max(1, Math.ceil(samples.length / 4));
  return [0, 1, 2, 3]
    .map((at) => samples.slice(at * quarter, (at + 1) * quarter))
    .filter((part) => part.length > 0)
    .map((part) => Math.round(Math.min(...part.map(({ residentMb }) => residentMb))));
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      minutes: { type: "string", default: "30" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      rate: { type: "string", default: "50" },
      embedded: { type: "boolean", default: false },
      "one-life": { type: "boolean", default: false },
      step: { type: "string", default: "60" },
    },
  });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const seed = Number(values.seed);
  say(`seed ${seed}, ${values.embedded ? "embedded" : "Redis, InfluxDB and PostgreSQL"}`);
  const report = await withScope((scope) =>
    runSoak({
      scope,
      seed,
      steps: Math.ceil((Number(values.minutes) * 60) / Number(values.step)),
      stepMs: Number(values.step) * 1_000,
      faultMsMax: Math.min(20_000, Number(values.step) * 500),
      perSecond: Number(values.rate),
      isEmbedded: values.embedded,
      isOneLife: values["one-life"],
      progress: say,
    }),
  );
  const faulty = report.steps.filter(({ faults }) => faults.length > 0);
  const last = report.steps.at(-1);
  const worst = (valueOf: (step: SoakStep) => number): number =>
    Math.round(Math.max(...report.steps.map(valueOf)));
  say(`steps         ${report.steps.length}, ${faulty.length} of them with faults`);
  say(`acknowledged  ${last?.acked}, ${last?.rows} rows, ${last?.alerts} alerts`);
  say(`ready again   ${worst(({ readyMs }) => readyMs)} ms at worst`);
  say(`level again   ${worst(({ levelMs }) => levelMs)} ms at worst`);
  say(describeSlopes(report));
  return faulty.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
