/**
 * What a reading costs, and where: `node tests/bench/roles.ts [--rate 5000] [--seconds 15]
 * [--rounds 3] [--json]`. One process with everything embedded, beside a process of each role on
 * Redis, InfluxDB and PostgreSQL, all on one machine, at the same rate, in turns.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type LoadDevice, type LoadStats, startLoadProcess } from "../../simulators/index.ts";
import { readMetric } from "../support/metrics.ts";
import { type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { parseWords } from "../support/words.ts";
import { createRolesSite, type RoleProcess } from "../system/roles-site.ts";
import { pause, warmUp } from "./path-load.ts";
import { interleaved, quantileOf } from "./path-rounds.ts";
import { readCpuUs, readMemory } from "./process-stats.ts";
import { closeAllScopes, inScope } from "./started.ts";
import { formatFigure, formatTable } from "./table.ts";

const kitchens = ["sppg-jakarta-001", "sppg-bandung-002", "sppg-medan-003", "sppg-ambon-4"];
const probes = Array.from({ length: 5 }, (_, index) => `load-${index}`);
const warmUpMs = 5_000;
const drainMsMax = 120_000;
const pollMs = 100;

interface Plan {
  perSecond: number;
  ms: number;
}

/** What is measured: where devices connect, the processes behind it, and who stores. */
interface Deployment {
  port: number;
  devices: readonly LoadDevice[];
  parts: Readonly<Record<string, () => readonly number[]>>;
  recorderUrl: string;
}

interface Measured {
  cpuUsPerReading: Record<string, number>;
  residentMb: Record<string, number>;
  load: Pick<LoadStats, "ackedPerSecond" | "latency">;
  /** Of what was acknowledged, how much was not stored yet when the measurement ended. */
  lagEntries: number;
}

const deployments = {
  async "one process"(scope: Scope): Promise<Deployment> {
    const dataDir = tempFolder(scope);
    const prepared = await prepareKitchens(dataDir, kitchens.map(planned));
    const nadi = await startNadi(scope, { dataDir });
    const devices = kitchens.flatMap((sppgId) =>
      probes.map((deviceId) => {
        const { topic: topicName, ...login } = prepared.login(sppgId, deviceId);
        return { ...login, topicName };
      }),
    );
    const parts = { nadi: () => [nadi.pid()] };
    return { port: nadi.mqttPort, devices, parts, recorderUrl: nadi.httpUrl };
  },
  async roles(scope: Scope): Promise<Deployment> {
    const site = await createRolesSite(scope);
    await site.startAll(1);
    const only = (role: RoleProcess["roles"][number]): RoleProcess => {
      const [found] = site.running(role);
      if (found === undefined) throw new Error(`no ${role} runs`);
      return found;
    };
    const [broker, ingest, dashboard] = [only("broker"), only("ingest"), only("dashboard")];
    const devices = kitchens.flatMap((sppgId) =>
      probes.map((deviceId) => site.device(sppgId, deviceId)),
    );
    const { servers, journal } = site;
    const parts = {
      broker: () => [broker.pid()],
      "Redis, the journal": () => [journal.pid()],
      ingest: () => [ingest.pid()],
      InfluxDB: () => [servers.influx.pid],
      PostgreSQL: () => servers.postgres.pids(),
      "Redis, channels": () => [servers.redis.pid()],
      dashboard: () => [dashboard.pid()],
    };
    return { port: site.mqttPort, devices, parts, recorderUrl: ingest.httpUrl };
  },
} as const;

type DeploymentName = keyof typeof deployments;
// Typed wider by TypeScript, because an object may have more keys than its type says.
const names = Object.keys(deployments) as readonly DeploymentName[];

function planned(sppgId: string) {
  const kind = "temperature-probe";
  return {
    sppgId,
    devices: probes.map((deviceId) => ({ deviceId, kind, place: "hotHolding" }) as const),
  };
}

async function measure(name: DeploymentName, plan: Plan): Promise<Measured> {
  return inScope(async (scope) => {
    const { port, devices, parts, recorderUrl } = await deployments[name](scope);
    const pace = { kind: "rate", perSecond: plan.perSecond } as const;
    const load = await startLoadProcess({ port, devices, pace });
    scope.onTestFinished(() => load.kill());
    await warmUp(load, { pace, ms: warmUpMs });
    const before = cpuOf(parts);
    await load.measure();
    await delay(plan.ms);
    const stats = await load.stats();
    const after = cpuOf(parts);
    const lagEntries = await readMetric(recorderUrl, "nadi_recorder_lag_entries");
    const residentMb = mapParts(parts, (pids) => {
      return pids.reduce((sum, pid) => sum + readMemory(pid).residentKb, 0) / 1024;
    });
    await pause(load);
    await untilStored(recorderUrl);
    const each = (part: string): number =>
      ((after[part] ?? Number.NaN) - (before[part] ?? Number.NaN)) / stats.acked;
    const cpuUsPerReading = Object.fromEntries(
      Object.keys(parts).map((part) => [part, each(part)]),
    );
    return { cpuUsPerReading, residentMb, load: stats, lagEntries };
  });
}

function mapParts(
  parts: Deployment["parts"],
  figure: (pids: readonly number[]) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(parts).map(([part, pids]) => [part, figure(pids())]));
}

/** A process that has ended meanwhile, as PostgreSQL's do, takes its time with it. */
function cpuOf(parts: Deployment["parts"]): Record<string, number> {
  return mapParts(parts, (pids) => pids.reduce((sum, pid) => sum + readCpuUs(pid), 0));
}

async function untilStored(recorderUrl: string): Promise<void> {
  const endMs = performance.now() + drainMsMax;
  for (;;) {
    const lag = await readMetric(recorderUrl, "nadi_recorder_lag_entries");
    if (lag <= 1) return;
    if (performance.now() > endMs) throw new Error(`${lag} entries were never stored`);
    await delay(pollMs);
  }
}

function sumOf(figures: Readonly<Record<string, number>>): number {
  return Object.values(figures).reduce((sum, one) => sum + one, 0);
}

/** The whole of it, then its parts if there is more than one. */
function rowsOf(name: DeploymentName, rounds: readonly Measured[]): string[][] {
  const cell = (digits: number, figure: (one: Measured) => number): string =>
    formatFigure(quantileOf(rounds.map(figure), 0.5), digits);
  const whole = [
    `${name}, all`,
    cell(1, ({ cpuUsPerReading }) => sumOf(cpuUsPerReading)),
    cell(0, ({ residentMb }) => sumOf(residentMb)),
    cell(0, ({ load }) => load.ackedPerSecond),
    cell(1, ({ load }) => load.latency.p50Us / 1_000),
    cell(1, ({ load }) => load.latency.p99Us / 1_000),
    cell(0, ({ lagEntries }) => lagEntries),
  ];
  const parts = Object.keys(rounds[0]?.cpuUsPerReading ?? {});
  if (parts.length < 2) return [whole];
  const own = parts.map((part) => [
    `  ${part}`,
    cell(1, ({ cpuUsPerReading }) => cpuUsPerReading[part] ?? Number.NaN),
    cell(0, ({ residentMb }) => residentMb[part] ?? Number.NaN),
  ]);
  return [whole, ...own];
}

const { values } = parseWords({
  options: {
    rate: { type: "string", default: "5000" },
    seconds: { type: "string", default: "15" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
process.once("SIGINT", () => void closeAllScopes().finally(() => process.exit(130)));
const plan: Plan = { perSecond: Number(values.rate), ms: Number(values.seconds) * 1_000 };
const results = await interleaved({
  names,
  rounds: Number(values.rounds),
  progress: (text) => void process.stderr.write(`${text}\n`),
  measure: (name) => measure(name, plan),
});
const head = ["", "CPU µs a reading", "MB", "acked/s", "PUBACK p50 ms", "p99 ms", "lag at the end"];
const rows = names.flatMap((name) => rowsOf(name, results.get(name) ?? []));
if (values.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(results))}\n`);
else process.stdout.write(`${formatTable([head, ...rows]).join("\n")}\n`);
