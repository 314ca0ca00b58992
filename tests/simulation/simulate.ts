import { limitRule } from "../ingest/monitor/support/replay.ts";
import type { KitchenSnapshot } from "../../ingest/monitor/monitor.ts";
import { sites } from "./sites.ts";
import { judge } from "./verdict.ts";
import { World, type WorldOptions } from "./world.ts";

export interface Outcome {
  seed: number;
  /** Empty when every promise was kept. */
  violations: readonly string[];
  /** Of every step: the same seed gives the same one. */
  traceHash: string;
  counts: Counts;
}

export type Counts = Readonly<
  World["counts"] & {
    steps: number;
    simulatedMs: number;
    acks: number;
    entries: number;
    stored: number;
    alerts: number;
    messages: number;
    starts: number;
  }
>;

/** How long a world is troubled. */
const troubledMs = { min: 8_000, max: 40_000 };
/** Then nothing goes wrong any more, and within this all must have come to rest by itself. */
const restMsMax = 300_000;
/** Longer than the longest pause between two attempts. */
const quietMs = 12_000;

/** Lives one seed's world from its beginning to its verdict. */
export async function simulate(seed: number, options: WorldOptions = {}): Promise<Outcome> {
  const world = await World.make(seed, options);
  const { scheduler, weather, oracle } = world;
  try {
    world.boot();
    for (const device of world.devices) device.start();
    happen(world);
    const { min, max } = troubledMs;
    const calmAtMs = min + weather.random() * (max - min);
    const isWell = (): boolean => oracle.violations.length === 0;
    while (isWell() && scheduler.nowMs < calmAtMs && (await scheduler.step())) {
      if (weather.hits("crash")) world.crash("between two steps");
    }
    if (isWell()) await comeToRest(world);
    return {
      seed,
      violations: oracle.violations,
      traceHash: scheduler.traceHash,
      counts: countsOf(world),
    };
  } finally {
    await world.records.records.close();
  }
}

/** What people, clocks and the machines around do, now and then. */
function happen(world: World): void {
  const { scheduler, weather } = world;
  const { random } = weather;
  const again = (): void => {
    if (weather.isCalm) return;
    weather.maybeOutage();
    if (weather.hits("clockStep")) {
      world.stepClock([-7_200_000, 7_200_000, 259_200_000, -1_500][Math.floor(random() * 4)] ?? 0);
    }
    if (weather.hits("stop")) world.stop();
    if (random() < 0.4) void actOnAlert(world);
    if (random() < 0.05) void changeRule(world);
    scheduler.after(random() * 2_000, { label: "happen", run: again, owner: null });
  };
  scheduler.after(random() * 2_000, { label: "happen", run: again, owner: null });
}

async function actOnAlert(world: World): Promise<void> {
  const { life, weather } = world;
  if (life === null || !life.isServing) return;
  const { desk } = life.records;
  const { sppgId } = sites[Math.floor(weather.random() * sites.length)] ?? { sppgId: "" };
  const by = { email: "head@example.org", address: null };
  try {
    const alerts = await desk.listAlerts({ sppgId, state: "open", limit: 10 });
    const alert = alerts[Math.floor(weather.random() * alerts.length)];
    if (alert === undefined) return;
    const { alertId } = alert;
    const act = { sppgId, alertId, note: null };
    if (weather.random() < 0.5) await desk.acknowledgeAlert(act, by);
    else await desk.resolveAlert({ ...act, correctiveAction: "thrown away" }, by);
    world.counts.acts += 1;
  } catch (error) {
    // The records may be away, as a person would be told; anything else is a fault of ours.
    if (!isAway(error)) world.fatal(life, error);
  }
}

async function changeRule(world: World): Promise<void> {
  const { life, weather, records } = world;
  if (life === null || !life.isServing) return;
  const { sppgId } = sites[Math.floor(weather.random() * sites.length)] ?? { sppgId: "" };
  const rule = limitRule([10, 8, 14][Math.floor(weather.random() * 3)] ?? 10);
  const isEnabled = weather.random() < 0.8;
  try {
    const known = await records.direct.desk.listRules(sppgId);
    const expectedVersion = known.find(({ key }) => key === rule.key)?.version ?? 0;
    await life.records.desk.putRule({ sppgId, rule, isEnabled, expectedVersion }, "user:head");
  } catch (error) {
    if (!isAway(error)) world.fatal(life, error);
  }
}

function isAway(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "RECORDS_UNAVAILABLE" || code === "INGEST_RULE_CONFLICT";
}

/** Without any more trouble everything is worked off, by itself; then it is looked at. */
async function comeToRest(world: World): Promise<void> {
  const { scheduler, weather, oracle } = world;
  weather.calm();
  scheduler.note("calm");
  const calmAtMs = scheduler.nowMs;
  const untilMs = calmAtMs + restMsMax;
  const isQuiet = (): boolean =>
    scheduler.nowMs > calmAtMs + quietMs &&
    world.life?.isServing === true &&
    world.devices.every(({ waiting }) => waiting === 0);
  if (!(await runUntil(world, isQuiet, untilMs))) return;
  world.life?.stopTicking();
  if (!(await runUntil(world, () => isWorkedOff(world), untilMs))) return;
  const snapshots = new Map<string, KitchenSnapshot>();
  for (const sppgId of world.directory.kitchens()) {
    const snapshot = world.life?.service?.snapshot(sppgId);
    if (snapshot !== undefined) snapshots.set(sppgId, snapshot);
  }
  const { starts } = oracle;
  world.stop();
  // The next start looks at every promise once more.
  if (!(await runUntil(world, () => oracle.starts > starts, untilMs))) return;
  world.life?.die();
  await judge(world, snapshots);
}

function isWorkedOff({ life }: World): boolean {
  const { journal, service } = life ?? {};
  if (journal === null || service === null || journal === undefined || service === undefined) {
    return false;
  }
  const { recorder, monitor } = service.status();
  const end = journal.syncedOffset + 1;
  const isIdle = journal.stats().entriesPending === 0 && monitor.effectsPending === 0;
  return isIdle && recorder.nextOffset >= end && monitor.lag === 0 && monitor.nextOffset >= end;
}

/** `false`: it never came to that, which nobody has to mend by hand. */
async function runUntil(world: World, isThere: () => boolean, untilMs: number): Promise<boolean> {
  const { scheduler, oracle } = world;
  while (!isThere()) {
    if (oracle.violations.length > 0) return false;
    if (scheduler.nowMs > untilMs || !(await scheduler.step())) {
      oracle.broken("all comes to rest by itself", `not within ${restMsMax / 1_000} s`);
      return false;
    }
  }
  return oracle.violations.length === 0;
}

function countsOf({ scheduler, oracle, store, channels, counts }: World): Counts {
  return {
    ...counts,
    steps: scheduler.steps,
    simulatedMs: Math.round(scheduler.nowMs),
    acks: oracle.acks,
    entries: oracle.entries.size,
    stored: store.kept.size,
    alerts: new Set([...channels.taken.keys()].map((id) => id.split(".")[0])).size,
    messages: channels.taken.size,
    starts: oracle.starts,
  };
}
