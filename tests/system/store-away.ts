// `node tests/system/store-away.ts --minutes 60 --rate 1000 [--influx]`: the telemetry store can't
// be written for so long (`--readings`: until so many wait; `--warm`: so many seconds after the
// start) while devices go on; what goes on meanwhile, and what is there when it is back. With
// `--influx` the store is a real InfluxDB 1.x, killed and started again.
import { setTimeout as delay } from "node:timers/promises";
import type { AlertRow } from "../../ingest/index.ts";
import type { InfluxConfig } from "../../ingest/store/influx/influx-config.ts";
import { initInfluxStore } from "../../ingest/store/influx/setup.ts";
import { defaultStoreKeep } from "../../ingest/store/retention.ts";
import { type AckedDevice, type Load, startLoad } from "../../simulators/index.ts";
import { type AlertListener, listenToAlerts } from "../support/alert-listener.ts";
import { findWrongSums } from "../ingest/store/influx/recount-influx.ts";
import { holdStore } from "../support/held-store.ts";
import { type InfluxServer, startInfluxServer } from "../support/influx-server.ts";
import { readMetric } from "../support/metrics.ts";
import { eventually } from "../support/kitchen.ts";
import { type KitchenClient, openKitchens } from "../support/kitchen-client.ts";
import {
  type NadiProcess,
  type Scope,
  startNadi,
  tempFolder,
  withScope,
} from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { watchMemory } from "../support/process-watch.ts";
import { temperatures } from "../support/rule-examples.ts";
import { parseWords } from "../support/words.ts";
import { compareInflux, influxEnv } from "./influx-site.ts";
import { compareStore, findWrongBuckets, type StoreReport } from "./store-contents.ts";

export interface StoreAwayPlan {
  /** At least so long; it ends no sooner than `/readyz` has noticed. */
  awayMs: number;
  /** Messages a second, over all devices. */
  rate: number;
  /**
   * Before the store goes; the most memory of this time is the base. At 1,000/s a fresh process
   * grows by 70 MB in its first half minute, whether or not it has a store.
   */
  warmUpMs: number;
  /** The store, instead of files. */
  influx?: InfluxServer;
  progress?: (text: string) => void;
}

export interface StoreAwayReport {
  ackedWhileAway: number;
  storedWhileAway: number;
  disconnects: number;
  /** From the publish that broke the rule to the alert over HTTP; of the newest value likewise. */
  alertMs: number;
  liveMs: number;
  /** From the loss of the store to `/readyz` saying so. */
  notReadyMs: number;
  /** `away`: what must not grow. `back`: what catching up takes on top, for some seconds. */
  residentMb: { base: number; away: number; back: number };
  /** The most of each tenth of the time away: does it rise, or is it where it will stay? */
  awayTenthsMb: number[];
  /** Readings that waited when the store came back. */
  backlog: number;
  /** From the first write that succeeded to nothing but the last second waiting. */
  catchUpMs: number;
  catchUpPerSecond: number;
  store: StoreReport;
  /** `null`: too many rows to count them again. */
  wrongBuckets: string[] | null;
  /** Of the store that was too warm, at the end; and the messages about them. */
  alerts: AlertRow[];
  messages: string[];
}

const sppgId = "sppg-store-away";
const coldId = "cold-1";
/** Its probe says nothing while the store is away: in a long run that is told too, and rightly. */
const silentKey = "cold-store-silent";
const warmMinutes = 17;
const loadDevices = 20;
const visibleWithinMs = 5_000;
/** Readiness gives the recorder 30 s; five times that is our patience. */
const notReadyWithinMs = 150_000;
const readyWithinMs = 60_000;
/** Beyond them sums are not counted again. */
const summedRowsMax = 1_000_000;
/** A reading waits a second for others before it is written. */
const pendingMs = 1_000;

interface Site {
  /** `null`: the store is the data folder's files. */
  influx: InfluxConfig | null;
  nadi: NadiProcess;
  dataDir: string;
  kitchen: KitchenClient;
  load: Load;
  heard: AlertListener;
}

async function startSite(scope: Scope, { rate, influx: server }: StoreAwayPlan): Promise<Site> {
  const influx = server?.config() ?? null;
  if (influx !== null) await initInfluxStore(influx, defaultStoreKeep);
  const dataDir = tempFolder(scope);
  const loadIds = Array.from({ length: loadDevices }, (_, index) => `probe-${index}`);
  const kind = "temperature-probe";
  const hot = loadIds.map((deviceId) => ({ deviceId, kind, place: "hotHolding" }) as const);
  const devices = [...hot, { deviceId: coldId, kind, place: "coldStore" } as const];
  const prepared = await prepareKitchens(dataDir, [{ sppgId, devices }]);
  const nadi = await startNadi(scope, { dataDir, env: influx === null ? {} : influxEnv(influx) });
  const { api, kitchen } = await openKitchens(scope, nadi, prepared);
  const heard = await listenToAlerts(scope, { httpUrl: nadi.httpUrl, api }, sppgId);
  const load = await startLoad({
    port: nadi.mqttPort,
    devices: loadIds.map((deviceId) => {
      const { topic: topicName, ...login } = prepared.login(sppgId, deviceId);
      return { ...login, topicName };
    }),
    pace: { kind: "rate", perSecond: rate },
    reconnect: null,
  });
  scope.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });
  return { influx, nadi, dataDir, kitchen: kitchen(sppgId), load, heard };
}

function stored({ nadi }: Site): Promise<number> {
  return readMetric(nadi.httpUrl, "nadi_recorder_stored_total");
}

async function isReady({ nadi }: Site): Promise<boolean> {
  return (await fetch(`${nadi.httpUrl}/readyz`)).ok;
}

/** A cold store that is too warm for 16 minutes, as its probe's backlog. */
function warmBacklog(nowMs: number) {
  const readings = temperatures([{ celsius: 8, minutes: warmMinutes }], nowMs);
  return readings.map((reading, seq) => ({ ...reading, seq }));
}

interface Snapshot {
  latest: { deviceId: string; receivedTimeMs: number }[];
}

/** How old the newest value of the load is when it can be seen, after one that is sent now. */
async function measureLive({ kitchen }: Site): Promise<number> {
  const startMs = performance.now();
  const sinceMs = Date.now();
  await eventually(
    () => kitchen.api.get<Snapshot>(`/api/kitchens/${sppgId}/snapshot`),
    ({ latest }) =>
      latest.some(
        ({ deviceId, receivedTimeMs }) => deviceId !== coldId && receivedTimeMs > sinceMs,
      ),
    visibleWithinMs,
  );
  return performance.now() - startMs;
}

async function measureAlert({ kitchen }: Site, backlog: readonly object[]): Promise<number> {
  const startMs = performance.now();
  await kitchen.sendReadings(coldId, backlog);
  await eventually(
    () => kitchen.alerts(),
    (alerts) => alerts.some(({ deviceId }) => deviceId === coldId),
    visibleWithinMs,
  );
  return performance.now() - startMs;
}

async function measureNotReady(site: Site, goneAtMs: number): Promise<number> {
  await eventually(
    async () => {
      await delay(100);
      return isReady(site);
    },
    (ready) => !ready,
    notReadyWithinMs,
  );
  return performance.now() - goneAtMs;
}

interface CatchUp {
  backlog: number;
  catchUpMs: number;
  catchUpPerSecond: number;
}

/** The clock starts with the last look before the store takes anything. */
async function measureCatchUp(site: Site, rate: number): Promise<CatchUp> {
  const { load } = site;
  const before = await stored(site);
  const { acked: ackedBefore } = load.stats();
  let startMs = performance.now();
  let last = { count: before, atMs: startMs };
  for (;;) {
    const atMs = performance.now();
    const now = await stored(site);
    if (now !== last.count) last = { count: now, atMs };
    if (now === before) startMs = atMs;
    else if (load.stats().acked - now <= (rate * pendingMs) / 1000) {
      const catchUpMs = performance.now() - startMs;
      const catchUpPerSecond = ((now - before) / catchUpMs) * 1000;
      return { backlog: ackedBefore - before, catchUpMs, catchUpPerSecond };
    }
    if (atMs - last.atMs > readyWithinMs) throw new Error(`${now - before} stored since, no more`);
  }
}

async function watchTenths(pid: number, ms: number): Promise<number[]> {
  const tenths: number[] = [];
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const memory = watchMemory(pid);
    await delay(ms / 10);
    tenths.push(memory.stop());
  }
  return tenths;
}

/** What was promised to the load and to the cold store's probe. */
function ackedOf(load: Load, clientId: string): AckedDevice[] {
  const ranges: AckedDevice["ranges"] = [[0, warmMinutes - 1]];
  return [...load.acked(), { clientId, boot: null, sentBelow: warmMinutes, ranges }];
}

/** Answers how it comes back. */
async function takeAway(
  { dataDir }: Site,
  { awayMs, influx: server }: StoreAwayPlan,
): Promise<() => Promise<void>> {
  if (server === undefined) {
    const giveBack = holdStore(dataDir, awayMs);
    return async () => giveBack();
  }
  await server.kill("SIGKILL");
  return () => server.start();
}

async function readStore(
  { influx, dataDir }: Site,
  { influx: server }: StoreAwayPlan,
  acked: AckedDevice[],
): Promise<Pick<StoreAwayReport, "store" | "wrongBuckets">> {
  if (influx === null || server === undefined) {
    const log = { acked, isBad: () => false, isRight: () => true };
    return { store: compareStore(dataDir, log), wrongBuckets: await findWrongBuckets(dataDir) };
  }
  const store = await compareInflux(server, { influx }, acked);
  // More than this is more than one answer of InfluxDB should hold.
  const isSummed = store.rows <= summedRowsMax;
  return { store, wrongBuckets: isSummed ? await findWrongSums(server, influx.bucket) : null };
}

export async function runStoreAway(scope: Scope, plan: StoreAwayPlan): Promise<StoreAwayReport> {
  const { awayMs, rate, warmUpMs, progress = () => undefined } = plan;
  const site = await startSite(scope, plan);
  const { nadi, kitchen, load, heard } = site;
  const warming = watchMemory(nadi.pid());
  const warm = Date.now() + warmUpMs;
  await eventually(
    async () => (await delay(100), stored(site)),
    (count) => count > 0 && Date.now() >= warm,
    warmUpMs + visibleWithinMs,
  );
  const base = warming.stop();
  const memory = watchMemory(nadi.pid());

  const giveBack = await takeAway(site, plan);
  const goneAtMs = performance.now();
  // A write may have been under way.
  await eventually(
    () => readMetric(nadi.httpUrl, "nadi_store_available"),
    (available) => available === 0,
    visibleWithinMs,
  );
  const [ackedBefore, storedBefore] = [load.stats().acked, await stored(site)];
  progress("the store is away");
  const backlog = warmBacklog(Date.now());
  const alertMs = await measureAlert(site, backlog);
  const liveMs = await measureLive(site);
  const notReadyMs = await measureNotReady(site, goneAtMs);
  progress(`not ready after ${Math.round(notReadyMs)} ms`);
  const leftMs = Math.max(0, awayMs - (performance.now() - goneAtMs));
  const awayTenthsMb = await watchTenths(nadi.pid(), leftMs);
  const ackedWhileAway = load.stats().acked - ackedBefore;
  const storedWhileAway = (await stored(site)) - storedBefore;
  const away = memory.stop();
  const catchingUp = watchMemory(nadi.pid());
  await giveBack();
  progress("the store is back");
  const catchUp = await measureCatchUp(site, rate);
  const back = catchingUp.stop();
  await eventually(() => isReady(site), Boolean, readyWithinMs);

  // As a device that did not hear its acknowledgements would.
  await kitchen.sendReadings(coldId, backlog);
  await kitchen.settled();
  const alerts = (await kitchen.alerts()).filter(
    ({ deviceId, rule }) => deviceId === coldId && rule.key !== silentKey,
  );
  const { disconnects } = await load.stop();
  await nadi.stop();
  const acked = ackedOf(load, `${sppgId}.${coldId}`);
  return {
    ackedWhileAway,
    storedWhileAway,
    disconnects,
    alertMs,
    liveMs,
    notReadyMs,
    residentMb: { base, away, back },
    awayTenthsMb,
    ...catchUp,
    ...(await readStore(site, plan, acked)),
    alerts,
    messages: heard.messages.map(({ id }) => id),
  };
}

/** What must hold, in words; empty when all does. */
export function faultsOf(report: StoreAwayReport, plan: StoreAwayPlan): string[] {
  const { store, residentMb, alerts, messages } = report;
  const repeated = messages.length - new Set(messages).size;
  const claims: [isRight: boolean, text: string][] = [
    [store.missing.length === 0, `${store.missing.length} missing: ${store.missing[0]}`],
    [store.duplicates.length === 0, `${store.duplicates.length} twice: ${store.duplicates[0]}`],
    [store.foreign.length === 0, `${store.foreign.length} never sent: ${store.foreign[0]}`],
    [!report.wrongBuckets?.length, `wrong sums: ${report.wrongBuckets?.[0]}`],
    [report.storedWhileAway === 0, `${report.storedWhileAway} stored while the store was away`],
    [report.disconnects === 0, `${report.disconnects} disconnects`],
    [report.ackedWhileAway > (plan.rate * report.notReadyMs) / 2_000, "acknowledgements stalled"],
    [residentMb.away <= residentMb.base + 64, `${residentMb.base} MB became ${residentMb.away}`],
    [alerts.length === 1 && alerts[0]?.occurrences === 1, `${alerts.length} alerts instead of 1`],
    [repeated === 0, `${repeated} messages came twice`],
  ];
  return claims.flatMap(([isRight, text]) => (isRight ? [] : [text]));
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      minutes: { type: "string", default: "60" },
      readings: { type: "string" },
      rate: { type: "string", default: "1000" },
      warm: { type: "string", default: "60" },
      influx: { type: "boolean", default: false },
    },
  });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const rate = Number(values.rate);
  const minutes = Number(values.minutes);
  const awayMs =
    values.readings === undefined ? minutes * 60_000 : (Number(values.readings) / rate) * 1_000;
  const plan = { awayMs, rate, warmUpMs: Number(values.warm) * 1_000, progress: say };
  const report = await withScope(async (scope) => {
    if (!values.influx) return runStoreAway(scope, plan);
    const influx = await startInfluxServer();
    scope.onTestFinished(() => influx.stop());
    return runStoreAway(scope, { ...plan, influx });
  });
  const { residentMb, catchUpPerSecond } = report;
  const whole = Math.round;
  say(`acknowledged meanwhile  ${report.ackedWhileAway}`);
  say(`alert, live value       ${whole(report.alertMs)} ms, ${whole(report.liveMs)} ms`);
  say(`/readyz red             after ${whole(report.notReadyMs)} ms`);
  const [base, away, back] = [residentMb.base, residentMb.away, residentMb.back].map(whole);
  say(`resident memory         ${base} MB, away ${away} MB, catching up ${back} MB`);
  say(`away, by tenths         ${report.awayTenthsMb.map(whole).join(" ")} MB`);
  say(`waiting at the return   ${report.backlog}, caught up in ${whole(report.catchUpMs)} ms`);
  const timesLive = whole(catchUpPerSecond / rate);
  say(`catch-up                ${whole(catchUpPerSecond)}/s, ${timesLive} × the live rate`);
  say(`rows                    ${report.store.rows}`);
  if (report.wrongBuckets === null) say("sums                    not counted again");
  const faults = faultsOf(report, plan);
  if (catchUpPerSecond < 3 * rate) faults.push("caught up at less than 3 × the live rate");
  for (const fault of faults) say(`fault: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
