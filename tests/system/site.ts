// A kitchen under load whose acknowledgements foretell what its store and its records must hold.
// At rest all of it is compared, as often as a test likes, while serve goes on.
import { setTimeout as delay } from "node:timers/promises";
import { recordsPath } from "../../devices/records/records.ts";
import { type LoadProcess, startLoadProcess } from "../../simulators/index.ts";
import { eventually } from "../support/kitchen.ts";
import { readMetric } from "../support/metrics.ts";
import {
  fixedPort,
  type NadiProcess,
  type Scope,
  startNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import { query } from "../support/postgres.ts";
import { ColdStore } from "./cold-store.ts";
import { expectedAlerts, readingsMax, signalDays } from "./cold-store-signal.ts";
import { readInfluxRows } from "./influx-site.ts";
import { countAcked } from "./journal-contents.ts";
import { provisionKitchen, ruledStoreId, sppgId } from "./kill-kitchen.ts";
import {
  type AlertReport,
  alertsQuery,
  compareAlertRows,
  compareLetterRows,
  type LetterReport,
  lettersQuery,
  readRows,
  type Row,
  waitingQuery,
} from "./records-contents.ts";
import { senderLog } from "./sender-log.ts";
import { type Servers, serversEnv, type ServerName } from "./servers.ts";
import {
  influxIdentities,
  type SimulatedKitchen,
  startSimulatedKitchen,
  storedIdentities,
} from "./simulated-kitchen.ts";
import { compareRows, rowsAsSent, type StoredRow, type StoreReport } from "./store-contents.ts";

export interface SitePlan {
  scope: Scope;
  seed: number;
  /** `null`: everything is embedded. */
  servers: Servers | null;
  /** Other addresses that lead to them. */
  urls?: Partial<Record<ServerName, string>>;
  /** Messages a second over all devices of the load. */
  perSecond: number;
  /** So long the signals of the cold stores must last; default 2 minutes. */
  lastsMs?: number;
  loadedDevices?: number;
  env?: Readonly<Record<string, string>>;
  /** Words before node's. */
  wrap?: readonly string[];
  /** Default: a temporary folder. */
  dataDir?: string;
  /** Whether serve's wall clock will be stepped: then the load's times may be doubted. */
  isClockStepped?: boolean;
  /** Whether a simulated kitchen runs beside the load; default no. */
  hasSimulated?: boolean;
}

/** What was compared at rest. */
export interface SiteReport {
  acked: number;
  store: StoreReport;
  alerts: AlertReport;
  letters: LetterReport;
  /** Readings of the simulated kitchen that were acknowledged, and those that are not stored. */
  simulated: { acked: number; missing: string[] };
}

const coldStores = 5;
const windowOfStore = 4;
/** Five times the second in which an alert shall be visible. */
const alertWithinMs = 5_000;
const ackedWithinMs = 30_000;
/** InfluxDB's requests have 15 s, Redis and PostgreSQL less: what was under way is given up. */
const levelWithinMs = 60_000;
/** A comparison that still finds something by then is right. */
const comparedWithinMs = 10_000;

/** One serve under load; it may be killed and started again on the same port and data. */
export class Site {
  readonly plan: SitePlan;
  readonly port: number;
  /** Further devices of the kitchen, which the load does not use. */
  readonly idle: Awaited<ReturnType<typeof provisionKitchen>>["loaded"];
  #nadi: NadiProcess;
  #dataDir: string;
  readonly load: LoadProcess;
  readonly stores: readonly ColdStore[];
  /** `null` unless the plan wants one. */
  readonly simulated: SimulatedKitchen | null;

  constructor(plan: SitePlan, parts: SiteParts) {
    this.plan = plan;
    this.#dataDir = parts.dataDir;
    this.port = parts.port;
    this.idle = parts.idle;
    this.load = parts.load;
    this.stores = parts.stores;
    this.simulated = parts.simulated;
    this.#nadi = parts.nadi;
  }

  get dataDir(): string {
    return this.#dataDir;
  }

  get nadi(): NadiProcess {
    return this.#nadi;
  }

  /**
   * After the end of the process before, by whatever means.
   * @param dataDir where its data folder is now
   */
  async startAgain(dataDir: string = this.#dataDir): Promise<void> {
    this.#dataDir = dataDir;
    this.#nadi = await launch(this.plan, { dataDir, port: this.port });
  }

  metric(name: string): Promise<number> {
    return readMetric(this.#nadi.httpUrl, name);
  }

  isReady(): Promise<boolean> {
    return isReady(this.#nadi);
  }

  /**
   * Under load: `/readyz` is green, Redis and the store are used, and no more entries wait than
   * what is always on its way.
   */
  async hasConverged(): Promise<boolean> {
    if (!(await this.isReady())) return false;
    const available = ["nadi_channels_available", "nadi_live_view_available"];
    for (const name of [...available, "nadi_store_available"]) {
      if ((await this.metric(name)) !== 1) return false;
    }
    // Readings wait a second for others before they are written.
    const onTheirWay = 3 * this.plan.perSecond;
    const lags = ["nadi_recorder_lag_entries", "nadi_monitor_lag_entries"];
    for (const name of lags) if ((await this.metric(name)) > onTheirWay) return false;
    return true;
  }

  /** Nothing new is sent; resolves when all is acknowledged and both consumers are level. */
  async rest(): Promise<{ levelMs: number }> {
    await this.load.pace({ kind: "idle" });
    const paused = Promise.all(this.stores.map((store) => store.pause()));
    const isAcked = async (): Promise<boolean> => (await this.load.stats()).inFlight === 0;
    await eventually(slowly(isAcked), Boolean, ackedWithinMs);
    await inTime(paused, ackedWithinMs);
    const startMs = performance.now();
    for (const name of ["nadi_recorder_lag_entries", "nadi_monitor_lag_entries"]) {
      await eventually(
        slowly(() => this.metric(name)),
        (lag) => lag <= 2,
        levelWithinMs,
      );
    }
    return { levelMs: performance.now() - startMs };
  }

  async resume(): Promise<void> {
    for (const store of this.stores) store.resume();
    await this.load.pace({ kind: "rate", perSecond: this.plan.perSecond });
  }

  /** So many alerts do the readings foretell that are acknowledged now. */
  alertsDue(): number {
    return this.stores
      .filter(({ device }) => !device.clientId.endsWith(ruledStoreId))
      .flatMap(({ signal, ackedBelow }) => expectedAlerts(signal, ackedBelow)).length;
  }

  /** Under load: the time until every alert that is due now is a row, in ms. */
  async alertsFollow(): Promise<number> {
    const due = this.alertsDue();
    if (due === 0) throw new Error("no alert is due yet: this would show nothing");
    const startMs = performance.now();
    await eventually(
      slowly(async () => {
        const { alerts } = await this.#readRecords();
        return alerts.filter((row) => !String(row["machine_json"]).includes(ruledStoreId)).length;
      }),
      (count) => count >= due,
      alertWithinMs,
    );
    return performance.now() - startMs;
  }

  /** At rest. What is on its way to the store, or to the channels, is waited for. */
  async compare(): Promise<SiteReport> {
    return eventually(
      slowly(() => this.#compareOnce()),
      (report) => faultsOfSite(report).length === 0,
      comparedWithinMs,
    ).catch(() => this.#compareOnce());
  }

  async #compareOnce(): Promise<SiteReport> {
    const acked = [...(await this.load.acked()), ...this.stores.map((store) => store.acked())];
    const isClockStepped = this.plan.isClockStepped ?? false;
    const log = senderLog(this.stores, acked, { isClockStepped });
    const { alerts, waiting, letters } = await this.#readRecords();
    return {
      acked: countAcked(acked),
      store: compareRows(await this.#rows(acked), log),
      alerts: compareAlertRows({ alerts, waiting }, this.stores),
      letters: compareLetterRows(letters, this.stores),
      simulated: await this.#compareSimulated(),
    };
  }

  async #compareSimulated(): Promise<SiteReport["simulated"]> {
    const { simulated } = this;
    if (simulated === null) return { acked: 0, missing: [] };
    const acked = simulated.acked();
    const { servers } = this.plan;
    const { sppgId } = simulated;
    const stored =
      servers === null
        ? storedIdentities(this.dataDir, sppgId)
        : await influxIdentities(servers.influx, servers.influxConfig, sppgId);
    return { acked: acked.size, missing: [...acked].filter((one) => !stored.has(one)) };
  }

  async #rows(acked: readonly { clientId: string }[]): Promise<Iterable<StoredRow>> {
    const { servers } = this.plan;
    if (servers === null) return ownRows(this.dataDir);
    return readInfluxRows(servers.influx, servers.influxConfig, acked);
  }

  async #readRecords(): Promise<{ alerts: Row[]; waiting: Row[]; letters: Row[] }> {
    const { servers } = this.plan;
    const read = async (text: string): Promise<Row[]> =>
      servers === null
        ? readRows(recordsPath(this.dataDir), text)
        : query(servers.databaseUrl, text);
    return {
      alerts: await read(alertsQuery),
      waiting: await read(waitingQuery),
      letters: await read(lettersQuery),
    };
  }
}

interface SiteParts {
  dataDir: string;
  port: number;
  idle: Site["idle"];
  nadi: NadiProcess;
  load: LoadProcess;
  stores: ColdStore[];
  simulated: SimulatedKitchen | null;
}

/** @param idleDevices devices that are registered and do not connect */
export async function startSite(plan: SitePlan, idleDevices = 0): Promise<Site> {
  const { scope, seed, servers, perSecond, loadedDevices = 20, lastsMs = 120_000 } = plan;
  const dataDir = plan.dataDir ?? tempFolder(scope);
  const place = servers === null ? { path: recordsPath(dataDir) } : { url: servers.databaseUrl };
  const loaded = loadedDevices + idleDevices;
  const kitchen = await provisionKitchen(place, { loaded, coldStores });
  const port = await fixedPort();
  const nadi = await launch(plan, { dataDir, port });
  const load = await startLoadProcess({
    port,
    devices: kitchen.loaded.slice(0, loadedDevices),
    pace: { kind: "rate", perSecond },
    boot: seed,
    reconnect: { minMs: 20, maxMs: 500 },
    seed,
  });
  scope.onTestFinished(() => load.kill());
  const startMs = Date.now() - signalDays * 86_400_000;
  // A tenth of the signal stays unused, so that its end never comes before the run's.
  const pauseMs = Math.max(20, (lastsMs * windowOfStore * 1.1) / readingsMax);
  const stores = kitchen.coldStores.map(
    (device, index) => new ColdStore(scope, { port, device, signal: { index, startMs }, pauseMs }),
  );
  const idle = kitchen.loaded.slice(loadedDevices);
  const simulated =
    plan.hasSimulated === true
      ? await startSimulatedKitchen(scope, { records: place, port, seed })
      : null;
  return new Site(plan, { dataDir, port, idle, nadi, load, stores, simulated });
}

/** Of the kitchen whose readings are foretold. */
function* ownRows(dataDir: string): Generator<StoredRow> {
  for (const row of rowsAsSent(dataDir)) if (row.clientId.startsWith(`${sppgId}.`)) yield row;
}

function launch(
  { scope, servers, urls, env, wrap = [] }: SitePlan,
  { dataDir, port }: { dataDir: string; port: number },
): Promise<NadiProcess> {
  const addresses = servers === null ? {} : serversEnv(servers, urls);
  return startNadi(scope, { dataDir, mqttPort: port, env: { ...addresses, ...env }, wrap });
}

export async function isReady({ httpUrl }: NadiProcess): Promise<boolean> {
  return (await fetch(`${httpUrl}/readyz`)).ok;
}

const lookEveryMs = 50;

/** Whoever looks more often takes the time of what he looks at. */
export function slowly<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  return async () => {
    await delay(lookEveryMs);
    return ask();
  };
}

async function inTime(work: Promise<unknown>, withinMs: number): Promise<void> {
  const end = new AbortController();
  const late = delay(withinMs, "late", { signal: end.signal });
  const first = await Promise.race([work, late]);
  end.abort();
  await late.catch(() => "aborted");
  if (first === "late") throw new Error(`not acknowledged within ${withinMs} ms`);
}

/** What must hold at rest, in words; empty when all does. */
export function faultsOfSite(report: SiteReport): string[] {
  const { store, alerts, letters, simulated, acked } = report;
  const some = (what: string, found: readonly string[]): string[] =>
    found.length === 0 ? [] : [`${found.length} ${what}, the first: ${found[0]}`];
  return [
    ...some("lost", store.missing),
    ...some("lost of the simulated kitchen", simulated.missing),
    ...some("stored twice", store.duplicates),
    ...some("never sent", store.foreign),
    ...some("wrong alerts", alerts.wrong),
    ...some("devices with wrong dead letters", letters.wrong),
    ...(alerts.unpublished > 0 ? [`${alerts.unpublished} alert messages not published`] : []),
    ...(acked === 0 ? ["nothing was acknowledged: this shows nothing"] : []),
  ];
}
