// The alerts that cold stores of `roles-site.ts` foretell: the rows of them in PostgreSQL, and the
// messages of them that the channels' Redis carries, whoever has sent them.
import { decodeRealtimeMessage } from "../../devices/index.ts";
import { eventually } from "../support/kitchen.ts";
import type { Scope } from "../support/nadi-process.ts";
import { query } from "../support/postgres.ts";
import { psubscribe } from "../support/redis.ts";
import { ColdStore } from "./cold-store.ts";
import { readingsMax, signalDays } from "./cold-store-signal.ts";
import { readInfluxRows } from "./influx-site.ts";
import { countAcked } from "./journal-contents.ts";
import { type AlertReport, compareAlertRows, type Row, waitingQuery } from "./records-contents.ts";
import { coldStoreIn, kitchenIds, type RolesSite } from "./roles-site.ts";
import { senderLog } from "./sender-log.ts";
import { slowly } from "./site.ts";
import { compareRows, type StoreReport } from "./store-contents.ts";

export interface ForetoldReport {
  /** Readings of the cold stores. */
  acked: number;
  store: StoreReport;
  alerts: AlertReport;
  /** Messages by their ids, and how many came again. */
  messages: { ids: number; repeated: number; wrong: string[] };
}

export interface ForetoldAlerts {
  /** Readings that were acknowledged so far. */
  readonly acked: number;
  /** Of alerts, so far. */
  countRows(): Promise<number>;
  /** Hears the messages again, after a loss of Redis. */
  listen(password: string): Promise<void>;
  /** Nothing new is sent, and what was is acknowledged and compared. */
  compare(): Promise<ForetoldReport>;
  /** After a comparison. */
  resume(): void;
}

interface Message {
  id: string;
  deviceId: string;
  text: string;
}

const windowOfStore = 4;
/** Partitions may be on their way to another owner; what is still found by then is right. */
const comparedWithinMs = 60_000;
const alertsQuery = `
  SELECT alert_id, revision, machine_json, severity FROM alert
  WHERE machine_json LIKE '%"deviceId":"cold-%'`;

/**
 * A cold store in each kitchen sends from now on.
 * @param lastsMs so long their signals must last
 */
export async function foretellAlerts(
  scope: Scope,
  site: RolesSite,
  lastsMs: number,
): Promise<ForetoldAlerts> {
  const { servers } = site;
  const look = { pattern: "*:production:alerts" };
  const heard = [await psubscribe(scope, servers.redis, look)];
  const startMs = Date.now() - signalDays * 86_400_000;
  const pauseMs = Math.max(20, (lastsMs * windowOfStore * 1.1) / readingsMax);
  const stores = kitchenIds.map((sppgId, index) => {
    const device = site.device(sppgId, coldStoreIn(sppgId));
    return new ColdStore(scope, {
      port: site.mqttPort,
      device,
      signal: { index, startMs },
      pauseMs,
    });
  });
  const compareOnce = async (): Promise<ForetoldReport> => {
    const acked = stores.map((store) => store.acked());
    const rows = await readInfluxRows(servers.influx, servers.influxConfig, acked);
    const alerts = await query(servers.databaseUrl, alertsQuery);
    const waiting = await query(servers.databaseUrl, waitingQuery);
    return {
      acked: countAcked(acked),
      store: compareRows(rows, senderLog(stores, acked)),
      alerts: compareAlertRows({ alerts, waiting }, stores),
      messages: compareMessages(
        heard.flat().map(({ text }) => parse(text)),
        alerts,
      ),
    };
  };
  return {
    get acked() {
      return stores.reduce((sum, { ackedBelow }) => sum + ackedBelow, 0);
    },
    countRows: async () => (await query(servers.databaseUrl, alertsQuery)).length,
    async listen(password) {
      heard.push(await psubscribe(scope, servers.redis, { ...look, password }));
    },
    async compare() {
      await Promise.all(stores.map((store) => store.pause()));
      const isRight = (report: ForetoldReport): boolean => faultsOfForetold(report).length === 0;
      return eventually(slowly(compareOnce), isRight, comparedWithinMs).catch(compareOnce);
    },
    resume() {
      for (const store of stores) store.resume();
    },
  };
}

function parse(text: string): Message {
  const decoded = decodeRealtimeMessage(text);
  if (!decoded.ok) throw new Error(decoded.issues.join("; "));
  const { message } = decoded;
  if (message.type !== "production_alert") throw new Error(`${message.type} among the alerts`);
  const { deviceId } = message.data;
  return { id: message.id, deviceId: deviceId ?? "", text };
}

/** Each move of each row has been told, by one id that always says the same, and nothing else. */
function compareMessages(
  heard: readonly Message[],
  rows: readonly Row[],
): ForetoldReport["messages"] {
  const wrong: string[] = [];
  const byId = new Map<string, Message[]>();
  for (const message of heard) {
    if (!message.deviceId.startsWith("cold-")) continue;
    byId.set(message.id, [...(byId.get(message.id) ?? []), message]);
  }
  const due = new Set<string>();
  for (const row of rows) {
    const revisions = Number(row["revision"]);
    for (let at = 1; at <= revisions; at += 1) due.add(`${String(row["alert_id"])}.${at}`);
  }
  for (const id of due) if (!byId.has(id)) wrong.push(`never told: ${id}`);
  for (const [id, messages] of byId) {
    if (!due.has(id)) wrong.push(`of no alert: ${id}`);
    const texts = new Set(messages.map(({ text }) => text));
    if (texts.size > 1) wrong.push(`${texts.size} texts of one id: ${[...texts].join(" | ")}`);
  }
  const repeated = [...byId.values()].reduce((sum, { length }) => sum + length - 1, 0);
  return { ids: byId.size, repeated, wrong };
}

/** What must hold, in words; empty when all does. */
export function faultsOfForetold({ acked, store, alerts, messages }: ForetoldReport): string[] {
  const some = (what: string, found: readonly string[]): string[] =>
    found.length === 0 ? [] : [`${found.length} ${what}, the first: ${found[0]}`];
  return [
    ...some("readings of cold stores lost", store.missing),
    ...some("stored twice", store.duplicates),
    ...some("never sent", store.foreign),
    ...some("wrong alerts", alerts.wrong),
    ...some("wrong alert messages", messages.wrong),
    ...(alerts.unpublished > 0 ? [`${alerts.unpublished} alert messages not published`] : []),
    ...(acked === 0 || alerts.expected === 0 ? ["no alert was foretold: this shows nothing"] : []),
  ];
}
