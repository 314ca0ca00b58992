import { findReadingType } from "../../../../devices/browser.ts";
import { isBeyond } from "../../charts/limit.ts";
import { type Freshness, freshnessOf } from "../../components/freshness.ts";
import { compareSeverity, type Severity } from "../../components/severity.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import type { AlertRow } from "../../realtime/kitchen-state.ts";
import type { SensorLimit } from "./sensor-limits.ts";

/** What a tile says of one sensor. */
export interface SensorState {
  severity: Severity;
  value: number | null;
  /** The equipment is off or empty: its value says nothing about food. */
  isIdle: boolean;
  /** Beyond its critical limit now, whether an alert is open already or not. */
  isBeyond: boolean;
}

/** The field that is shown for a sensor; `null` before its first reading. */
export function shownField(sensor: Pick<Sensor, "reading">): string | null {
  return sensor.reading === null ? null : (findReadingType(sensor.reading)?.primaryField ?? null);
}

export function shownValue(sensor: Sensor): number | null {
  const field = shownField(sensor);
  return field === null ? null : (sensor.values?.fields?.[field] ?? null);
}

export function stateOf(
  sensor: Sensor,
  facts: { alerts: readonly AlertRow[]; limits: readonly SensorLimit[]; nowMs: number },
): SensorState {
  const { alerts, limits, nowMs } = facts;
  const value = shownValue(sensor);
  const isIdle = value !== null && limits.some((limit) => isIdleAt(value, limit));
  const broken = value === null || isIdle ? [] : limits.filter((limit) => isBeyond(value, limit));
  const isCritical = broken.some(({ severity }) => severity === "critical");
  const candidates: Severity[] = [freshnessSeverity(sensor, nowMs)];
  for (const alert of alerts) {
    if (alert.condition === "active" && isOf(alert, sensor)) candidates.push(alert.severity);
  }
  // A limit that is broken for a moment is no alert yet, but no green check either.
  if (broken.length > 0) candidates.push("warning");
  const [severity = "safe"] = candidates.toSorted(compareSeverity);
  return { severity, value, isIdle, isBeyond: isCritical };
}

function freshnessSeverity(sensor: Sensor, nowMs: number): Severity {
  const { values, expectedIntervalSeconds } = sensor;
  const heard = { lastHeardAtMs: values?.receivedTimeMs ?? null, expectedIntervalSeconds };
  return severityOfFreshness[freshnessOf(heard, nowMs)];
}

const severityOfFreshness = {
  silent: "silent",
  late: "late",
  missing: "info",
  fresh: "safe",
} as const satisfies Record<Freshness, Severity>;

function isIdleAt(value: number, { side, idleLimit }: SensorLimit): boolean {
  return idleLimit !== null && isBeyond(value, { value: idleLimit, side });
}

/** An alert about the device as a whole is about each of its sensors. */
export function isOf(alert: AlertRow, sensor: Sensor): boolean {
  return (
    alert.deviceId === sensor.deviceId &&
    (alert.channel === null || alert.channel === sensor.channel) &&
    (alert.reading === null || alert.reading === sensor.reading)
  );
}
