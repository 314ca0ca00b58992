import type { ThresholdRule } from "../../ingest/rules/rule.ts";

/** Of the probe `probe-1`, without patience: warm above 8 degrees, until 6. */
export const warmRule: ThresholdRule = {
  kind: "threshold",
  key: "too-warm",
  severity: "critical",
  scope: { deviceId: "probe-1" },
  quietSeconds: 0,
  reading: "temperature",
  field: "celsius",
  when: "above",
  limit: 8,
  clearLimit: 6,
  minDurationSeconds: 0,
  clearDurationSeconds: 0,
  limitSource: { source: "This kitchen", sourceKind: "project" },
};
