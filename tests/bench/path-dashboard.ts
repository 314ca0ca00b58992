import { connectAsync } from "mqtt";
import { type AlertData, formatRealtimeTopic, type RealtimeMessage } from "../../devices/index.ts";
import type { Scope } from "../support/nadi-process.ts";
import type { PathNadi } from "./path-nadi.ts";

/** How long messages took from their reading's own time to this process, in ms. */
export interface Delays {
  live: number[];
  /** Of the device that sends more often than live values go out: they wait for their turn. */
  conflated: number[];
  alerts: number[];
}

/** A signed-in person who watches one kitchen, as a page does: MQTT over a WebSocket. */
export interface Dashboard {
  readonly delays: Delays;
  /** A warm-up ends here. */
  reset(): void;
}

export interface DashboardOptions {
  sppgId: string;
  /** Only this rule's alerts count. */
  ruleKey: string;
  /** Sends above 4 Hz: what its values wait is conflation's, not the path's. */
  conflatedDeviceId: string;
}

/** Rejects where the service has no WebSocket yet, or refuses it. */
export async function watchKitchen(
  scope: Scope,
  nadi: PathNadi,
  { sppgId, ruleKey, conflatedDeviceId }: DashboardOptions,
): Promise<Dashboard> {
  const { httpUrl } = nadi.process;
  const client = await connectAsync(`${httpUrl.replace(/^http/, "ws")}/mqtt`, {
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    wsOptions: { headers: { cookie: nadi.api.cookie, origin: httpUrl } },
  });
  scope.onTestFinished(() => client.endAsync(true));
  const delays: Delays = { live: [], conflated: [], alerts: [] };
  const seen = new Set<string>();
  client.on("message", (_topicName, payload) => {
    // The wall clock, which the reading's time is of, with a fraction.
    const atMs = performance.timeOrigin + performance.now();
    const message = JSON.parse(payload.toString()) as RealtimeMessage;
    if (message.type === "production_update") {
      const { deviceId, eventTimeMs } = message.data;
      const its = deviceId === conflatedDeviceId ? delays.conflated : delays.live;
      its.push(atMs - eventTimeMs);
    }
    if (message.type !== "production_alert" || message.data.rule.key !== ruleKey) return;
    const { alertId, condition } = message.data;
    const sinceMs = changedAtMs(message.data);
    // What is told again, of a worse value or by a repeat, is another moment's.
    if (sinceMs !== null && !seen.has(alertId + condition)) delays.alerts.push(atMs - sinceMs);
    seen.add(alertId + condition);
  });
  const address = { sppgId, domain: "production" } as const;
  await client.subscribeAsync(formatRealtimeTopic({ ...address, type: "temperature" }), { qos: 0 });
  await client.subscribeAsync(formatRealtimeTopic({ ...address, type: "alerts" }), { qos: 1 });
  return {
    delays,
    reset() {
      delays.live = [];
      delays.conflated = [];
      delays.alerts = [];
    },
  };
}

/** The time of the reading that this message is about. */
function changedAtMs(alert: AlertData): number | null {
  if (alert.condition === "cleared") return alert.clearedAtMs;
  // One that came back keeps the time of its first opening, which is another reading's.
  return alert.occurrences === 1 ? alert.openedAtMs : null;
}
