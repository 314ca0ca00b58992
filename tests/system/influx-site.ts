import type { InfluxConfig } from "../../ingest/store/influx/influx-config.ts";
import { type AckedDevice, type Load, startLoad } from "../../simulators/index.ts";
import type { InfluxServer } from "../support/influx-server.ts";
import { eventually } from "../support/kitchen.ts";
import { type KitchenClient, openKitchens } from "../support/kitchen-client.ts";
import { readMetric } from "../support/metrics.ts";
import {
  type NadiProcess,
  runNadi,
  type Scope,
  startNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { compareRows, type StoredRow, type StoreReport } from "./store-contents.ts";

export const sppgId = "sppg-influx";
export const coldId = "cold-1";
export const scaleId = "scale-1";
const loadDevices = 10;

export interface InfluxSite {
  nadi: NadiProcess;
  dataDir: string;
  influx: InfluxConfig;
  env: Readonly<Record<string, string>>;
  kitchen: KitchenClient;
  /** At so many messages a second, over all devices. */
  startLoad(perSecond: number): Promise<Load>;
}

export function influxEnv({ url, bucket }: InfluxConfig): Readonly<Record<string, string>> {
  return { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: "1", NADI_INFLUX_BUCKET: bucket };
}

/** A kitchen whose readings go to a database of their own. */
export async function startInfluxSite(
  scope: Scope,
  server: InfluxServer,
  url: string = server.url,
): Promise<InfluxSite> {
  const dataDir = tempFolder(scope);
  const influx = server.config();
  const init = await runNadi(dataDir, ["store", "init"], influxEnv(influx));
  if (init.code !== 0) throw new Error(`nadi store init: ${init.stderr}`);
  const loadIds = Array.from({ length: loadDevices }, (_, index) => `probe-${index}`);
  const kind = "temperature-probe";
  const prepared = await prepareKitchens(dataDir, [
    {
      sppgId,
      devices: [
        ...loadIds.map((deviceId) => ({ deviceId, kind, place: "hotHolding" }) as const),
        { deviceId: coldId, kind, place: "coldStore" },
        { deviceId: scaleId, kind: "smart-scale" },
      ],
    },
  ]);
  const env = influxEnv({ ...influx, url });
  const nadi = await startNadi(scope, { dataDir, env });
  const { kitchen } = await openKitchens(scope, nadi, prepared);
  return {
    nadi,
    dataDir,
    influx,
    env,
    kitchen: kitchen(sppgId),
    async startLoad(perSecond) {
      const load = await startLoad({
        port: nadi.mqttPort,
        devices: loadIds.map((deviceId) => {
          const { topic: topicName, ...login } = prepared.login(sppgId, deviceId);
          return { ...login, topicName };
        }),
        pace: { kind: "rate", perSecond },
        reconnect: null,
      });
      scope.onTestFinished(async () => {
        await load.stop({ drainMs: 0 });
      });
      return load;
    },
  };
}

export function storedCount({ nadi }: Pick<InfluxSite, "nadi">): Promise<number> {
  return readMetric(nadi.httpUrl, "nadi_recorder_stored_total");
}

export function isStoreAvailable({ nadi }: Pick<InfluxSite, "nadi">): Promise<boolean> {
  return readMetric(nadi.httpUrl, "nadi_store_available").then((value) => value === 1);
}

/** Waits until nothing that was acknowledged is left to be stored. */
export async function untilStored(site: Pick<InfluxSite, "nadi">, withinMs: number): Promise<void> {
  await eventually(
    () => readMetric(site.nadi.httpUrl, "nadi_recorder_lag_entries"),
    (lag) => lag <= 2,
    withinMs,
  );
}

/** What InfluxDB holds against what was acknowledged, read past Nadi, a device after the other. */
export async function compareInflux(
  server: InfluxServer,
  { influx }: Pick<InfluxSite, "influx">,
  acked: readonly AckedDevice[],
): Promise<StoreReport> {
  const report: StoreReport = { rows: 0, missing: [], duplicates: [], foreign: [] };
  for (const device of acked) {
    const rows = await readInfluxRows(server, influx, [device]);
    const its = compareRows(rows, { acked: [device], isBad: () => false, isRight: () => true });
    report.rows += its.rows;
    // A run that has gone wrong may miss more than a call can have arguments.
    for (const what of ["missing", "duplicates", "foreign"] as const) {
      report[what] = report[what].concat(its[what]);
    }
  }
  return report;
}

/** Every temperature that InfluxDB holds of these devices. */
export async function readInfluxRows(
  server: InfluxServer,
  influx: InfluxConfig,
  devices: readonly { clientId: string }[],
): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for (const { clientId } of devices) {
    const [sppgId, deviceId] = clientId.split(".");
    const answer = (await server.query(
      `SELECT * FROM "raw"."temperature" WHERE sppgId = '${sppgId}' AND deviceId = '${deviceId}'`,
      influx.bucket,
    )) as { results: { series?: { columns: string[]; values: unknown[][] }[] }[] };
    const { columns, values } = answer.results[0]?.series?.[0] ?? { columns: [], values: [] };
    const at = (name: string): number => columns.indexOf(name);
    for (const row of values) {
      const [, ms = "", slot = ""] = timePattern.exec(String(row[at("time")])) ?? [];
      // Where nobody believed the device's clock, what it sent stands beside what is believed.
      const seq = row[at("originalSeq")] ?? row[at("seq")] ?? Number(slot.padEnd(6, "0"));
      rows.push({
        clientId,
        series: `${sppgId}/${deviceId}`,
        t: Number(row[at("originalMs")] ?? Date.parse(`${ms}Z`)),
        seq: Number(seq),
        index: Number(row[at("index")] ?? 0),
        value: Number(row[at("celsius")] ?? row[at("celsius_flagged")]),
        flags: Number(row[at("flags")] ?? 0),
      });
    }
  }
  return rows;
}

/** Ms, and the six digits behind them. */
const timePattern = /^(.{19}(?:\.\d{1,3})?)(\d*)Z$/;
