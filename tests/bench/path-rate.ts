import { setTimeout as delay } from "node:timers/promises";
import { connectAsync } from "mqtt";
import type { Rule } from "../../ingest/index.ts";
import { type LoadDevice, startLoadProcess } from "../../simulators/index.ts";
import { type Scope, tempFolder } from "../support/nadi-process.ts";
import { type Dashboard, watchKitchen } from "./path-dashboard.ts";
import { warmUp } from "./path-load.ts";
import { type PathNadi, startPathNadi } from "./path-nadi.ts";
import { type Figures, mediansOf, quantileOf } from "./path-rounds.ts";
import { readCpuUs, readMemory } from "./process-stats.ts";
import { benchKitchen, provisionKitchens } from "./provision.ts";
import { inScope } from "./started.ts";

export interface RatePlan {
  rounds: number;
  warmUpMs: number;
  ms: number;
}

export type RateFigures = Figures<
  | "pubackP50Ms"
  | "pubackP99Ms"
  | "pubackP999Ms"
  | "lateP99Ms"
  | "liveP50Ms"
  | "liveP99Ms"
  | "liveMessages"
  | "conflatedP50Ms"
  | "conflatedP99Ms"
  | "alertP50Ms"
  | "alertP99Ms"
  | "alertMessages"
  | "cpuUsPerReading"
  | "peakMemoryMb"
  | "faults"
>;

export interface RateResult {
  figures: RateFigures;
  /** Why there are no live messages and alerts, or `null`. */
  noDashboard: string | null;
}

export interface RateOptions {
  plan: RatePlan;
  progress: (text: string) => void;
}

const size = { kitchens: 100, devicesPerKitchen: 51, place: "hotHolding" } as const;
/** Two messages of each device a second: below the 4 Hz to which live values are conflated. */
const ratePerSecond = 10_000;
/** The device of the watched kitchen that crosses its limit; all others keep away from it. */
const crossing = { deviceId: "probe-50", limit: 65, values: [60, 70], everyMs: 100 } as const;
const sppgId = benchKitchen(0);

const rule: Rule = {
  kind: "threshold",
  key: "bench-crossing",
  severity: "warning",
  scope: { deviceId: crossing.deviceId },
  reading: "temperature",
  field: "celsius",
  when: "above",
  limit: crossing.limit,
  clearLimit: crossing.limit,
  minDurationSeconds: 0,
  clearDurationSeconds: 0,
  quietSeconds: 0,
  limitSource: { source: "Nadi's bench", sourceKind: "project" },
};

/** Nadi with a country's district on it, and one person who watches one kitchen. */
export async function benchRate({ plan, progress }: RateOptions): Promise<RateResult> {
  const results: RateResult[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    progress(`path, ${ratePerSecond}/s, round ${round + 1} of ${plan.rounds}`);
    results.push(await inScope((scope) => measure(scope, plan)));
  }
  return {
    figures: mediansOf(
      results.map(({ figures }) => figures),
      ["faults"],
    ),
    noDashboard: results.find(({ noDashboard }) => noDashboard !== null)?.noDashboard ?? null,
  };
}

async function measure(scope: Scope, plan: RatePlan): Promise<RateResult> {
  const dataDir = tempFolder(scope);
  const { devices, operator } = await provisionKitchens(dataDir, size);
  const nadi = await startPathNadi(scope, { dataDir, operator });
  await putRule(nadi);
  const isCrossing = ({ clientId }: LoadDevice) => clientId.endsWith(`.${crossing.deviceId}`);
  const crosser = devices.find(isCrossing);
  if (crosser === undefined) throw new Error("the crossing device was not provisioned");
  const { dashboard, noDashboard } = await tryToWatch(scope, nadi);
  const load = await startLoadProcess({
    port: nadi.process.mqttPort,
    devices: devices.filter((device) => !isCrossing(device)),
    pace: { kind: "idle" },
  });
  try {
    await crossAgainAndAgain(scope, nadi.process.mqttPort, crosser);
    await warmUp(load, { pace: { kind: "rate", perSecond: ratePerSecond }, ms: plan.warmUpMs });
    await load.measure();
    dashboard?.reset();
    const cpuBeforeUs = readCpuUs(nadi.process.pid());
    await delay(plan.ms);
    const cpuUs = readCpuUs(nadi.process.pid()) - cpuBeforeUs;
    const stats = await load.stats();
    const { latency, lateness } = stats;
    const messages = figuresOf(dashboard);
    const figures: RateFigures = {
      pubackP50Ms: latency.p50Us / 1000,
      pubackP99Ms: latency.p99Us / 1000,
      pubackP999Ms: latency.p999Us / 1000,
      lateP99Ms: lateness.p99Us / 1000,
      ...messages,
      cpuUsPerReading: cpuUs / stats.acked,
      peakMemoryMb: readMemory(nadi.process.pid()).peakKb / 1024,
      faults: stats.strayAcks + stats.outOfOrderAcks + stats.disconnects + stats.resent,
    };
    return { figures, noDashboard };
  } finally {
    load.kill();
  }
}

async function putRule(nadi: PathNadi): Promise<void> {
  const answer = await nadi.api.request(`/api/kitchens/${sppgId}/rules/${rule.key}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rule, expectedVersion: 0 }),
  });
  if (!answer.ok) throw new Error(`the rule was refused: ${await answer.text()}`);
}

async function tryToWatch(
  scope: Scope,
  nadi: PathNadi,
): Promise<{ dashboard: Dashboard | null; noDashboard: string | null }> {
  try {
    const dashboard = await watchKitchen(scope, nadi, {
      sppgId,
      ruleKey: rule.key,
      conflatedDeviceId: crossing.deviceId,
    });
    return { dashboard, noDashboard: null };
  } catch (error) {
    return { dashboard: null, noDashboard: `WebSocket /mqtt: ${(error as Error).message}` };
  }
}

function figuresOf(dashboard: Dashboard | null) {
  const { live = [], conflated = [], alerts = [] } = dashboard?.delays ?? {};
  const quantile = (values: readonly number[], part: number): number | null =>
    values.length === 0 ? null : quantileOf(values, part);
  return {
    liveP50Ms: quantile(live, 0.5),
    liveP99Ms: quantile(live, 0.99),
    liveMessages: dashboard === null ? null : live.length,
    conflatedP50Ms: quantile(conflated, 0.5),
    conflatedP99Ms: quantile(conflated, 0.99),
    alertP50Ms: quantile(alerts, 0.5),
    alertP99Ms: quantile(alerts, 0.99),
    alertMessages: dashboard === null ? null : alerts.length,
  };
}

/** Publishes values on either side of the limit in turn. */
async function crossAgainAndAgain(scope: Scope, port: number, device: LoadDevice): Promise<void> {
  const { clientId, username = "", password = "", topicName } = device;
  const client = await connectAsync({ host: "127.0.0.1", port, clientId, username, password });
  let count = 0;
  const timer = setInterval(() => {
    const celsius = crossing.values[count % crossing.values.length];
    count += 1;
    client.publish(topicName, JSON.stringify({ ts: Date.now(), celsius }), { qos: 1 });
  }, crossing.everyMs);
  scope.onTestFinished(async () => {
    clearInterval(timer);
    await client.endAsync(true);
  });
}
