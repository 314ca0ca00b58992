import { connect } from "mqtt";
import { decodeRealtimeMessage } from "../../devices/index.ts";
import type { AlertRow } from "../../ingest/index.ts";
import { type ApiClient, eventually } from "./kitchen.ts";
import type { Scope } from "./nadi-process.ts";

export interface LivePage {
  /** Alerts that it has heard of or read. */
  readonly known: ReadonlySet<string>;
  /** Live values heard so far. */
  readonly liveCount: number;
  readonly connects: number;
  readonly failures: readonly unknown[];
}

const openWithinMs = 25_000;

/**
 * What a page does with a kitchen: it shows what it hears, and after each loss it connects and
 * reads all alerts anew.
 */
export async function openLivePage(
  scope: Scope,
  { httpUrl, api }: { httpUrl: string; api: ApiClient },
  sppgId: string,
): Promise<LivePage> {
  const client = connect(`${httpUrl.replace("http", "ws")}/mqtt`, {
    protocolVersion: 4,
    reconnectPeriod: 200,
    resubscribe: false,
    wsOptions: { origin: httpUrl, headers: { cookie: api.cookie } },
  });
  const known = new Set<string>();
  const failures: unknown[] = [];
  const page = { known, liveCount: 0, connects: 0, failures };
  client.on("message", (_topic, payload) => {
    const decoded = decodeRealtimeMessage(String(payload));
    if (!decoded.ok) throw new Error(decoded.issues.join("; "));
    const { message } = decoded;
    if (message.type === "production_alert") known.add(message.data.alertId);
    else page.liveCount += 1;
  });
  const read = async (): Promise<void> => {
    await client.subscribeAsync(`sppg/${sppgId}/production/#`, { qos: 1 });
    for (const { alertId } of await allAlerts(api, sppgId)) known.add(alertId);
    page.connects += 1;
  };
  client.on("connect", () => void read().catch((error: unknown) => failures.push(error)));
  scope.onTestFinished(async () => {
    await client.endAsync(true);
  });
  await eventually(
    async () => page.connects,
    (connects) => connects > 0,
    openWithinMs,
  );
  return page;
}

export async function allAlerts(api: ApiClient, sppgId: string): Promise<AlertRow[]> {
  const path = `/api/kitchens/${sppgId}/alerts?state=all&limit=500`;
  return (await api.get<{ alerts: AlertRow[] }>(path)).alerts;
}
