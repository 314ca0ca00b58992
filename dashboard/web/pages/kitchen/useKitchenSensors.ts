import { useMemo, useState } from "react";
import type { AlertRow } from "../../realtime/kitchen-state.ts";
import { compareSeverity } from "../../components/severity.ts";
import type { Sensor } from "../../realtime/domain-view.ts";
import { limitsOf, type RuleVersion, type SensorLimit } from "./sensor-limits.ts";
import { type SensorState, shownField, stateOf } from "./sensor-state.ts";

export interface JudgedSensor {
  sensor: Sensor;
  limits: readonly SensorLimit[];
  state: SensorState;
}

/** Each sensor with its limits and how it stands now. */
export function useJudgedSensors(
  sensors: readonly Sensor[],
  facts: { rules: readonly RuleVersion[]; alerts: readonly AlertRow[]; nowMs: number },
): readonly JudgedSensor[] {
  const { rules, alerts, nowMs } = facts;
  // By what a limit depends on: charts are made anew when theirs change, not at each value.
  const signature = sensors.map(({ key, reading }) => `${key} ${reading ?? ""}`).join();
  const limits = useMemo(
    () =>
      new Map(
        sensors.map((sensor) => [
          sensor.key,
          limitsOf(rules, sensor, shownField(sensor) ?? "").slice(0, limitsMax),
        ]),
      ),
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [rules, signature],
  );
  return sensors.map((sensor) => {
    const own = limits.get(sensor.key) ?? noLimits;
    return { sensor, limits: own, state: stateOf(sensor, { alerts, limits: own, nowMs }) };
  });
}

/** More lines than a critical one and a warning on each side nobody reads. */
const limitsMax = 4;
const noLimits: readonly SensorLimit[] = [];

/**
 * Worst first, as it was when the page was opened: what somebody is about to press does not move.
 * `reorder` is for the chip that says that the order has changed.
 */
export function useSteadyOrder(judged: readonly JudgedSensor[]) {
  const worstFirst = judged.toSorted((a, b) => compareSeverity(a.state.severity, b.state.severity));
  const keys = worstFirst.map(({ sensor }) => sensor.key);
  const [order, setOrder] = useState<readonly string[] | null>(null);
  if (order === null && keys.length > 0) setOrder(keys);
  const rank = (key: string): number => {
    const at = (order ?? keys).indexOf(key);
    return at === -1 ? keys.length : at;
  };
  const shown = worstFirst.toSorted((a, b) => rank(a.sensor.key) - rank(b.sensor.key));
  const isOther = shown.some(({ state }, at) => state.severity !== worstFirst[at]?.state.severity);
  return { shown, isOther, reorder: () => setOrder(keys) };
}
