import type { RouteAnswer } from "../../../contract/index.ts";
import type { ChartLimit } from "../../charts/limit.ts";
import type { Sensor } from "../../realtime/domain-view.ts";

export type RuleVersion = RouteAnswer<"listRules">["rules"][number];
type Rule = RuleVersion["rule"];
type Threshold = Extract<Rule, { kind: "threshold" }>;

/** A limit that is in force for one sensor. */
export interface SensorLimit extends Omit<ChartLimit, "label"> {
  source: string;
  /** Beyond it the equipment is off or empty, and no limit counts. */
  idleLimit: number | null;
}

/** Of the field that is shown. Critical first; of rules of one severity and side the narrowest. */
export function limitsOf(
  rules: readonly RuleVersion[],
  sensor: Pick<Sensor, "deviceId" | "kind" | "place" | "reading">,
  field: string,
): SensorLimit[] {
  const narrowest = new Map<string, Threshold>();
  for (const { isEnabled, rule } of rules) {
    if (!isEnabled || rule.kind !== "threshold" || !isAbout(rule, sensor)) continue;
    if (rule.reading !== sensor.reading || rule.field !== field) continue;
    const key = `${rule.severity} ${rule.when}`;
    const known = narrowest.get(key);
    if (known === undefined || narrowness(rule) > narrowness(known)) narrowest.set(key, rule);
  }
  return [...narrowest.values()]
    .toSorted((a, b) => a.severity.localeCompare(b.severity))
    .map(({ limit: value, when: side, severity, limitSource, idleLimit }) => ({
      value,
      side,
      severity,
      source: limitSource.source,
      idleLimit: idleLimit ?? null,
    }));
}

function isAbout({ scope }: Rule, { deviceId, kind, place }: Scoped) {
  return (
    (scope.deviceKind === undefined || scope.deviceKind === kind) &&
    (scope.place === undefined || scope.place === place) &&
    (scope.deviceId === undefined || scope.deviceId === deviceId)
  );
}

type Scoped = Pick<Sensor, "deviceId" | "kind" | "place">;

/** A device before a place, a place before a kind, as the monitor has it. */
function narrowness({ scope }: Rule): number {
  return (
    (scope.deviceId === undefined ? 0 : 4) +
    (scope.place === undefined ? 0 : 2) +
    (scope.deviceKind === undefined ? 0 : 1)
  );
}
