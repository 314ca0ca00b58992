import type { RateOfChangeRule, ThresholdRule } from "../../../../ingest/rules/rule.ts";

const common = {
  severity: "warning",
  scope: {},
  reading: "temperature",
  field: "celsius",
  limitSource: { source: "this test", sourceKind: "project" },
} as const;

/** Above 10 at once, cleared at 8 at once; other places than the defaults watch. */
export function thresholdRule(more: Partial<ThresholdRule> = {}): ThresholdRule {
  return {
    kind: "threshold",
    ...common,
    key: "limit",
    when: "above",
    limit: 10,
    clearLimit: 8,
    minDurationSeconds: 0,
    clearDurationSeconds: 0,
    quietSeconds: 0,
    ...more,
  };
}

/** More than 1 °C a minute over 10 min. */
export function rateRule(more: Partial<RateOfChangeRule> = {}): RateOfChangeRule {
  return {
    kind: "rateOfChange",
    ...common,
    key: "rate",
    direction: "rising",
    perMinuteMax: 1,
    windowSeconds: 600,
    quietSeconds: 0,
    ...more,
  };
}
