// What happens to the processes of `roles-site.ts` under load, and how long it is felt.
import { setTimeout as delay } from "node:timers/promises";
import type { CrashPoint } from "../../broker/journal/crash-points.ts";
import type { Role } from "../../devices/index.ts";
import type { LoadProcess } from "../../simulators/index.ts";
import { eventually } from "../support/kitchen.ts";
import type { Scope } from "../support/nadi-process.ts";
import { type ForetoldAlerts, foretellAlerts } from "./roles-alerts.ts";
import { signInAt } from "./roles-people.ts";
import type { RoleProcess, RolesSite } from "./roles-site.ts";
import { loadedPerKitchen, loadIds, kitchenIds } from "./roles-site.ts";
import { slowly } from "./site.ts";
import type { StoreReport } from "./store-contents.ts";

/** Five times what R18 and the takeover of partitions allow. */
const backWithinMs = 50_000;
/** What the others do without those that stand still is counted for so long. */
const frozenOnMs = 1_000;
export const loadedDevices = kitchenIds.length * loadedPerKitchen;

/** A site, and what sends there: one of each, what another would send is foreign to it. */
export interface LoadedRoles {
  site: RolesSite;
  load: LoadProcess;
  foretold: ForetoldAlerts;
  perSecond: number;
}

/** @param plan the signals of the cold stores last for `lastsMs` */
export async function loadRoles(
  scope: Scope,
  site: RolesSite,
  plan: { perSecond: number; seed: number; lastsMs: number },
): Promise<LoadedRoles> {
  const { perSecond, seed, lastsMs } = plan;
  const load = await site.startLoad(perSecond, seed);
  return { site, load, foretold: await foretellAlerts(scope, site, lastsMs), perSecond };
}

/** After a comparison. */
export async function goOn({ load, foretold, perSecond }: LoadedRoles): Promise<void> {
  foretold.resume();
  await load.pace({ kind: "rate", perSecond });
}

/** What must hold of the load's readings, in words; empty when all does. */
export function faultsOfStored({ missing, duplicates, foreign }: StoreReport): string[] {
  return [
    ...missing.map((one) => `lost: ${one}`),
    ...duplicates.map((one) => `stored twice: ${one}`),
    ...foreign.map((one) => `never sent: ${one}`),
  ];
}

async function untilAllLive(load: LoadProcess): Promise<void> {
  await eventually(
    slowly(() => load.stats()),
    ({ live }) => live === loadedDevices,
    backWithinMs,
  );
}

/** Every kitchen can be read by an operator of that dashboard. */
async function untilShown(site: RolesSite): Promise<void> {
  const [dashboard] = site.running("dashboard");
  if (dashboard === undefined) throw new Error("no dashboard runs");
  const isReady = async (): Promise<boolean> => (await fetch(`${dashboard.httpUrl}/readyz`)).ok;
  await eventually(slowly(isReady), Boolean, backWithinMs);
}

/**
 * `kill -9` of one process of a role; what is left goes on, and another one is started then.
 * Answers how long it took until those who are left had all of it: clients, or partitions.
 */
export async function killOne(site: RolesSite, load: LoadProcess, role: Role): Promise<number> {
  const [victim] = site.running(role);
  if (victim === undefined) throw new Error(`no ${role} runs`);
  const startMs = performance.now();
  await victim.kill();
  if (role === "broker") await untilAllLive(load);
  else if (role === "ingest") await site.untilOwned();
  else await untilShown(site);
  const ms = performance.now() - startMs;
  await site.start(role);
  await site.untilOwned();
  return ms;
}

/** Places at which an ingest process has done one thing and not yet the next. */
export const ingestPoints = [
  "alert-row-written",
  "outbox-published",
  "state-row-written",
  "store-written",
  "store-synced",
] as const satisfies readonly CrashPoint[];

/** One ingest process has all partitions, and dies at this point; two others take over. */
export async function crashIngest(site: RolesSite, point: CrashPoint): Promise<void> {
  const before = site.running("ingest");
  const doomed = await site.start("ingest", { env: { NADI_CRASH_POINT: `${point}:1` } });
  await Promise.all(before.map((one) => one.stop()));
  await eventually(
    slowly(async () => doomed.hasEnded()),
    Boolean,
    backWithinMs,
  );
  const { signal } = await doomed.exited;
  if (signal !== "SIGKILL") throw new Error(`it did not end at ${point}:\n${doomed.stderr()}`);
  await Promise.all([site.start("ingest"), site.start("ingest")]);
  await site.untilOwned();
}

export interface RestartReport {
  /** How often a client had to come back, on average. */
  reconnectsPerClient: number;
  /** Exit codes other than 0. */
  failed: number;
}

/**
 * A deployment: of each role the new processes come first, then SIGTERM ends the old ones. Brokers
 * of one port stop accepting at once, so that a client finds a new one when it comes back.
 */
export async function restartAll(
  site: RolesSite,
  load: LoadProcess,
  roles: readonly Role[],
): Promise<RestartReport> {
  const before = await load.stats();
  let failed = 0;
  for (const role of roles) {
    const old = site.running(role);
    await Promise.all(old.map(() => site.start(role)));
    const exits = await Promise.all(old.map((one) => one.stop()));
    failed += exits.filter(({ code }) => code !== 0).length;
    await site.untilOwned();
    await untilAllLive(load);
  }
  const { disconnects } = await load.stats();
  return { reconnectsPerClient: (disconnects - before.disconnects) / loadedDevices, failed };
}

interface DeviceStatuses {
  statuses: { deviceId: string; presence: { isOnline: boolean } | null }[];
}

/** How many devices of the load are online, as each of these dashboards tells it. */
async function onlineCounts(
  site: RolesSite,
  dashboards: readonly RoleProcess[],
): Promise<() => Promise<number[]>> {
  const apis = await Promise.all(dashboards.map((one) => signInAt(one, site)));
  const loaded = new Set(loadIds());
  return () =>
    Promise.all(
      apis.map(async (api) => {
        const of = (id: string) => api.get<DeviceStatuses>(`/api/kitchens/${id}/device-status`);
        const told = (await Promise.all(kitchenIds.map(of))).flatMap(({ statuses }) => statuses);
        return told.filter(
          ({ deviceId, presence }) => loaded.has(deviceId) && presence?.isOnline === true,
        ).length;
      }),
    );
}

export interface FreezeOfTwoReport {
  /** At the other broker, while they stood still. */
  ackedMeanwhile: number;
  /** From the SIGSTOP until the other dashboard told that the devices of the broker are away. */
  awayMs: number;
  /** From the SIGCONT until both dashboards told that all devices are online. */
  onlineMs: number;
  disconnects: number;
}

/**
 * A broker and a dashboard stand still until the others take the broker for dead. Its devices keep
 * their connections, and it goes on with them.
 */
export async function freezeTwo(site: RolesSite, load: LoadProcess): Promise<FreezeOfTwoReport> {
  const [broker] = site.running("broker");
  const [dashboard, other] = site.running("dashboard");
  if (broker === undefined || dashboard === undefined || other === undefined) {
    throw new Error("two of each role must run");
  }
  await untilAllLive(load);
  const online = await onlineCounts(site, [dashboard, other]);
  const areAll = (counts: readonly number[]): boolean =>
    counts.every((count) => count === loadedDevices);
  await eventually(slowly(online), areAll, backWithinMs);
  const onlineAtOther = await onlineCounts(site, [other]);
  const before = await load.stats();
  const startMs = performance.now();
  for (const one of [broker, dashboard]) one.signal("SIGSTOP");
  await eventually(slowly(onlineAtOther), (counts) => !areAll(counts), backWithinMs);
  const awayMs = performance.now() - startMs;
  const { acked } = await load.stats();
  await delay(frozenOnMs);
  const ackedMeanwhile = (await load.stats()).acked - acked;
  for (const one of [broker, dashboard]) one.signal("SIGCONT");
  const thawedMs = performance.now();
  await eventually(slowly(online), areAll, backWithinMs);
  const onlineMs = performance.now() - thawedMs;
  const disconnects = (await load.stats()).disconnects - before.disconnects;
  return { ackedMeanwhile, awayMs, onlineMs, disconnects };
}
