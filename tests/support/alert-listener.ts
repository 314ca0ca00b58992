import { connectAsync } from "mqtt";
import type { RealtimeMessage } from "../../devices/index.ts";
import type { ApiClient } from "./kitchen.ts";
import type { Scope } from "./nadi-process.ts";

export type AlertMessage = Extract<RealtimeMessage, { type: "production_alert" }>;

/** What a page hears of a kitchen's production alerts, from now on; the array grows. */
export async function listenToAlerts(
  scope: Scope,
  { httpUrl, api }: { httpUrl: string; api: ApiClient },
  sppgId: string,
): Promise<readonly AlertMessage[]> {
  const client = await connectAsync(`${httpUrl.replace("http", "ws")}/mqtt`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    wsOptions: { origin: httpUrl, headers: { cookie: api.cookie } },
  });
  scope.onTestFinished(async () => {
    await client.endAsync(true);
  });
  const messages: AlertMessage[] = [];
  client.on("message", (_topic, payload) => {
    // The broker's own, checked when it was encoded.
    messages.push(JSON.parse(String(payload)) as AlertMessage);
  });
  await client.subscribeAsync(`sppg/${sppgId}/production/alerts`, { qos: 1 });
  return messages;
}
