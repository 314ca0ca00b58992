// What happens to the processes of `roles-site.ts` under load, and how long it is felt.
import type { CrashPoint } from "../../broker/journal/crash-points.ts";
import type { Role } from "../../devices/index.ts";
import type { LoadProcess } from "../../simulators/index.ts";
import { eventually } from "../support/kitchen.ts";
import type { RolesSite } from "./roles-site.ts";
import { loadedPerKitchen, kitchenIds } from "./roles-site.ts";
import { slowly } from "./site.ts";

/** Five times what R18 and the takeover of partitions allow. */
const backWithinMs = 50_000;
export const loadedDevices = kitchenIds.length * loadedPerKitchen;

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
