import { defaultRules } from "../../ingest/rules/defaults.ts";
import type { NoDataRule, ThresholdRule } from "../../ingest/rules/rule.ts";

export const minuteMs = 60_000;

/** A default rule with some of its values changed, as a kitchen would put it. */
export function thresholdRule(key: string, changes: Partial<ThresholdRule> = {}): ThresholdRule {
  const rule = defaultRules.find((one) => one.key === key);
  if (rule?.kind !== "threshold") throw new Error(`no default threshold ${key}`);
  return { ...rule, ...changes };
}

/** The default rules about silence, with another patience. */
export function silenceRules(graceSeconds: number): NoDataRule[] {
  return defaultRules
    .filter((rule) => rule.kind === "noData")
    .map((rule) => ({ ...rule, graceSeconds, intervalsMissed: 1 }));
}

export interface Stretch {
  celsius: number;
  minutes: number;
}

/** A reading a minute, stretch after stretch; the last one at `endMs`. */
export function temperatures(
  stretches: readonly Stretch[],
  endMs: number,
): { ts: number; celsius: number }[] {
  const values = stretches.flatMap(({ celsius, minutes }) => Array(minutes).fill(celsius));
  return values.map((celsius: number, index) => ({
    ts: endMs - (values.length - 1 - index) * minuteMs,
    celsius,
  }));
}
