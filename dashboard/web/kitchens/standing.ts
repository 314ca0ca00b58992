import type { RouteAnswer } from "../../contract/index.ts";
import { alertSeverity, compareAlerts } from "../alerts/alert-kind.ts";
import { type Freshness, freshnessOf } from "../components/freshness.ts";
import { compareSeverity, type Severity } from "../components/severity.ts";
import type { HeardDevice, Snapshot } from "./sensor-number.ts";

export type AlertRow = RouteAnswer<"listAlerts">["alerts"][number];

/** How a kitchen stands at a moment, from its snapshot. */
export interface Standing {
  snapshot: Snapshot;
  severity: Severity;
  /** Why, worst first; what clears by itself and waits for people is behind what is so now. */
  alerts: readonly AlertRow[];
  unacknowledgedCount: number;
  sensors: Readonly<Record<Freshness, number>> & { total: number };
  /** Nothing behind this gateway has been heard since; `null`: some or all are heard. */
  silentGateway: { deviceId: string; sinceMs: number; sensorCount: number } | null;
  lastHeardAtMs: number | null;
  /** The shortest of its sensors: what tells whether the kitchen as a whole is fresh. */
  expectedIntervalSeconds: number;
}

/** `nowMs` and the snapshot's times are of one clock. */
export function standingOf(snapshot: Snapshot, nowMs: number): Standing {
  const devices = snapshot.devices.filter(({ enabled, kind }) => enabled && kind !== "gateway");
  const counts = { fresh: 0, late: 0, silent: 0, missing: 0, total: devices.length };
  for (const device of devices) counts[freshnessOf(device, nowMs)] += 1;
  const alerts = snapshot.alerts.toSorted(compareAlerts);
  const heard = devices.map(({ lastHeardAtMs }) => lastHeardAtMs).filter((at) => at !== null);
  const silentGateway = findSilentGateway(devices, nowMs);
  return {
    snapshot,
    severity: severityOf(alerts, counts),
    alerts,
    unacknowledgedCount: alerts.filter(({ response }) => response === "unacknowledged").length,
    sensors: counts,
    silentGateway,
    lastHeardAtMs: heard.length === 0 ? null : Math.max(...heard),
    expectedIntervalSeconds: Math.min(
      ...devices.map(({ expectedIntervalSeconds }) => expectedIntervalSeconds),
      longestIntervalSeconds,
    ),
  };
}

/** What the registry allows at most is far below; it stands for a kitchen without sensors. */
const longestIntervalSeconds = 3_600;

function severityOf(alerts: readonly AlertRow[], counts: Standing["sensors"]): Severity {
  const states: Severity[] = alerts
    .filter(({ condition }) => condition === "active")
    .map(alertSeverity);
  if (counts.silent > 0) states.push("silent");
  if (counts.late > 0) states.push("late");
  if (alerts.length > 0) states.push("info");
  return states.toSorted(compareSeverity)[0] ?? "safe";
}

function findSilentGateway(
  devices: readonly HeardDevice[],
  nowMs: number,
): Standing["silentGateway"] {
  const groups = Map.groupBy(devices, ({ gatewayId }) => gatewayId);
  for (const [deviceId, behind] of groups) {
    if (deviceId === null) continue;
    const heard = behind.filter((device) => device.lastHeardAtMs !== null);
    const isSilent = heard.length > 0 && heard.every((one) => freshnessOf(one, nowMs) === "silent");
    if (!isSilent) continue;
    const sinceMs = Math.max(...heard.map(({ lastHeardAtMs }) => lastHeardAtMs ?? 0));
    return { deviceId, sinceMs, sensorCount: behind.length };
  }
  return null;
}

const nameOrder = new Intl.Collator("id", { numeric: true });

/** Worst first; among equals more unacknowledged alerts first, then by name. */
export function compareStandings(a: Standing, b: Standing): number {
  return (
    compareSeverity(a.severity, b.severity) ||
    b.unacknowledgedCount - a.unacknowledgedCount ||
    nameOrder.compare(a.snapshot.kitchen.name, b.snapshot.kitchen.name)
  );
}

/**
 * In the order that the person sees, new ones last: what one aims at does not move. `null`: there
 * is no order yet.
 */
export function keepOrder(
  worstFirst: readonly Standing[],
  order: readonly string[] | null,
): { shown: readonly Standing[]; isOtherOrder: boolean } {
  if (order === null) return { shown: worstFirst, isOtherOrder: false };
  const rank = (standing: Standing): number => {
    const at = order.indexOf(standing.snapshot.kitchen.sppgId);
    return at === -1 ? order.length : at;
  };
  const shown = worstFirst.toSorted((a, b) => rank(a) - rank(b));
  return { shown, isOtherOrder: shown.some((standing, at) => standing !== worstFirst[at]) };
}
