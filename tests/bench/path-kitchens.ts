import { cpSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { shareOpenFiles } from "../../broker/open-files.ts";
import { type LoadDevice, type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { type Scope, tempFolder } from "../support/nadi-process.ts";
import { prefill } from "./path-backlog.ts";
import { pause, warmUp } from "./path-load.ts";
import { type PathNadi, readMetric, startPathNadi, untilStored } from "./path-nadi.ts";
import { type Figures, interleaved, mediansOf } from "./path-rounds.ts";
import { readCpuUs, readMemory } from "./process-stats.ts";
import { type Provisioned, provisionKitchens } from "./provision.ts";
import { inScope } from "./started.ts";

export interface KitchensPlan {
  rounds: number;
  /** Beside one, and as many as are allowed. */
  between: readonly number[];
  kitchensMax: number;
  warmUpMs: number;
  sendMs: number;
  backlogEntries: number;
}

export interface LivePoint {
  kitchens: number;
  connections: number;
}

export interface BacklogPoint {
  kitchens: number;
  /** Of all kitchens; each has `sensorsOfDevice`. */
  devices: number;
}

export type LiveFigures = Figures<
  "ackedPerSecond" | "cpuUsPerMessage" | "pubackP99Ms" | "peakMemoryMb" | "faults"
>;
export type BacklogFigures = Figures<"cpuUsPerMessage" | "perSecond" | "peakMemoryMb">;

export interface KitchensResult {
  /** Ratios are to the first; the last one has as few connections as a bench usually has. */
  live: { point: LivePoint; figures: LiveFigures }[];
  /** Ratios are to the first. */
  backlog: { point: BacklogPoint; figures: BacklogFigures }[];
  provisionedKitchens: number;
  provisionMs: number;
  backlogEntries: number;
}

export interface KitchensOptions {
  plan: KitchensPlan;
  progress: (text: string) => void;
}

export const kitchensRatePerSecond = 20_000;
export const sensorsOfDevice = 10;
/** Above it, connections come from several addresses: each has some 28,000 ports. */
const connectionsOfAddress = 25_000;
const fewConnections = 100;

/** The same readings a second from one kitchen, and from the country's. */
export function benchKitchens({ plan, progress }: KitchensOptions): Promise<KitchensResult> {
  return inScope(async (scope) => {
    progress(`path, kitchens: registering ${plan.kitchensMax}`);
    const startMs = performance.now();
    const country = await provisionFolder(scope, { kitchens: plan.kitchensMax, each: 1 });
    const provisionMs = performance.now() - startMs;
    const live = await benchLive(scope, country, { plan, progress });
    const backlog = await benchBacklog(scope, country, { plan, progress });
    const { kitchensMax: provisionedKitchens, backlogEntries } = plan;
    return { live, backlog, provisionedKitchens, provisionMs, backlogEntries };
  });
}

/** A data folder that is only copied. */
interface Folder extends Provisioned {
  dataDir: string;
}

async function provisionFolder(
  scope: Scope,
  { kitchens, each }: { kitchens: number; each: number },
): Promise<Folder> {
  const dataDir = tempFolder(scope);
  const size = { kitchens, devicesPerKitchen: each, place: "hotHolding" } as const;
  return { dataDir, ...(await provisionKitchens(dataDir, size)) };
}

/** As many of the kitchens as this machine lets connect, each with one device. */
function connectionsOf(plan: KitchensPlan): number {
  const room = Math.floor(shareOpenFiles().mqttConnections / 1_000) * 1_000;
  return Math.min(plan.kitchensMax, room);
}

async function benchLive(
  scope: Scope,
  country: Folder,
  { plan, progress }: KitchensOptions,
): Promise<KitchensResult["live"]> {
  const connections = connectionsOf(plan);
  const points = new Map<string, { point: LivePoint; folder: Folder }>();
  const add = (point: LivePoint, folder: Folder): void => {
    points.set(`${point.kitchens} kitchens, ${point.connections} connections`, { point, folder });
  };
  const one = await provisionFolder(scope, { kitchens: 1, each: connections });
  add({ kitchens: 1, connections }, one);
  for (const kitchens of plan.between) {
    const each = Math.floor(connections / kitchens);
    const folder = await provisionFolder(scope, { kitchens, each });
    add({ kitchens, connections: each * kitchens }, folder);
  }
  // All are registered, and those that can connect do.
  add({ kitchens: connections, connections }, country);
  add({ kitchens: 1, connections: fewConnections }, one);
  const rounds = await interleaved({
    names: [...points.keys()],
    rounds: plan.rounds,
    progress: (text) => progress(`path, kitchens, ${text}`),
    async measure(name) {
      const found = points.get(name);
      if (found === undefined) throw new Error(`${name} is no point`);
      const figures = await inScope((own) => measureLive(own, found, plan));
      // Told at once: a later point that fails must not cost what this one has found.
      progress(`path, kitchens: ${figures.cpuUsPerMessage?.toFixed(2)} µs a message`);
      return figures;
    },
  });
  return [...points].map(([name, { point }]) => {
    return { point, figures: mediansOf(rounds.get(name) ?? [], ["faults"]) };
  });
}

async function measureLive(
  scope: Scope,
  { point, folder }: { point: LivePoint; folder: Folder },
  plan: KitchensPlan,
): Promise<LiveFigures> {
  const devices = folder.devices.slice(0, point.connections).map(fromItsAddress);
  const env = { NADI_MAX_CONNECTIONS: String(Math.max(20_000, point.connections + 1_000)) };
  const nadi = await startCopy(scope, folder, env);
  const load = await startLoadProcess({
    port: nadi.process.mqttPort,
    devices,
    pace: { kind: "idle" },
  });
  try {
    const pace = { kind: "rate", perSecond: kitchensRatePerSecond } as const;
    await warmUp(load, { pace, ms: plan.warmUpMs });
    return await measureCost(load, { nadi, devices, plan });
  } finally {
    load.kill();
  }
}

async function measureCost(
  load: LoadProcess,
  { nadi, devices, plan }: { nadi: PathNadi; devices: readonly LoadDevice[]; plan: KitchensPlan },
): Promise<LiveFigures> {
  const pid = nadi.process.pid();
  const [first] = devices;
  if (first === undefined) throw new Error("no device was provisioned");
  await untilStored(nadi, first);
  await load.measure();
  const cpuBeforeUs = readCpuUs(pid);
  await delay(plan.sendMs);
  const { ackedPerSecond, latency } = await load.stats();
  const stats = await pause(load);
  await untilStored(nadi, first);
  const cpuUs = readCpuUs(pid) - cpuBeforeUs;
  return {
    ackedPerSecond,
    cpuUsPerMessage: cpuUs / stats.acked,
    pubackP99Ms: latency.p99Us / 1000,
    peakMemoryMb: readMemory(pid).peakKb / 1024,
    faults: stats.strayAcks + stats.outOfOrderAcks + stats.disconnects + stats.resent,
  };
}

async function startCopy(
  scope: Scope,
  folder: Folder,
  env: Readonly<Record<string, string>>,
): Promise<PathNadi> {
  const dataDir = tempFolder(scope);
  cpSync(folder.dataDir, dataDir, { recursive: true });
  return startPathNadi(scope, { dataDir, operator: folder.operator, env });
}

function fromItsAddress(device: LoadDevice, index: number): LoadDevice {
  const address = 1 + Math.floor(index / connectionsOfAddress);
  return address === 1 ? device : { ...device, localAddress: `127.0.0.${address}` };
}

async function benchBacklog(
  scope: Scope,
  country: Folder,
  { plan, progress }: KitchensOptions,
): Promise<KitchensResult["backlog"]> {
  const results: KitchensResult["backlog"] = [];
  const most = plan.kitchensMax;
  const points: BacklogPoint[] = [
    ...[1, ...plan.between].map((kitchens) => ({ kitchens, devices: kitchens })),
    // As many devices and sensors as the country: between the two only the kitchens differ.
    { kitchens: 1, devices: most },
    { kitchens: most, devices: most },
  ];
  for (const point of points) {
    const { kitchens, devices } = point;
    progress(`path, kitchens, a backlog of ${kitchens} with ${devices} devices`);
    const each = devices / kitchens;
    const folder = kitchens === most ? country : await provisionFolder(scope, { kitchens, each });
    const figures = await inScope((own) => measureBacklog(own, folder, { point, plan }));
    progress(`path, kitchens: ${figures.cpuUsPerMessage?.toFixed(2)} µs a reading`);
    results.push({ point, figures });
  }
  return results;
}

/** The worker alone: nobody is connected, and the journal is full. */
async function measureBacklog(
  scope: Scope,
  folder: Folder,
  { point, plan }: { point: BacklogPoint; plan: KitchensPlan },
): Promise<BacklogFigures> {
  const dataDir = tempFolder(scope);
  cpSync(folder.dataDir, dataDir, { recursive: true });
  const entries = plan.backlogEntries;
  const perSecond = kitchensRatePerSecond;
  const { kitchens } = point;
  const devices = point.devices / kitchens;
  const backlog = { entries, kitchens, devices, channels: sensorsOfDevice, perSecond };
  await prefill(scope, dataDir, backlog);
  const start = () => startPathNadi(scope, { dataDir, operator: folder.operator });
  const { cpuUs, ms, pid, nadi } = await workOff(await start(), folder);
  const peakMemoryMb = readMemory(pid).peakKb / 1024;
  await nadi.process.stop();
  // A start costs something by itself: this one finds nothing to do.
  const idle = await workOff(await start(), folder);
  return {
    cpuUsPerMessage: (cpuUs - idle.cpuUs) / entries,
    perSecond: (entries * 1000) / (ms - idle.ms),
    peakMemoryMb,
  };
}

/** From the spawn until recorder and monitor have nothing to do. */
async function workOff(nadi: PathNadi, { devices }: Folder) {
  const [device] = devices;
  if (device === undefined) throw new Error("no device was provisioned");
  const pid = nadi.process.pid();
  await untilStored(nadi, device, 300_000);
  while ((await readMetric(nadi.process.httpUrl, "nadi_monitor_lag_entries")) > 10) await delay(50);
  const ms = performance.now() - nadi.process.spawnedAtMs;
  return { cpuUs: readCpuUs(pid), ms, pid, nadi };
}
