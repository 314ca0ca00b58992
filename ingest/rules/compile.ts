import { type AlertData, findReadingType } from "../../devices/index.ts";
import type { RateOfChangeRule, Rule, RuleKind, RuleVersion, ThresholdRule } from "./rule.ts";

/** Which of two values is the worse one; `none`: the first one stays. */
export type Worse = "higher" | "lower" | "magnitude" | "none";

/** A rule with everything worked out that its judge needs a hundred thousand times a second. */
export interface CompiledRule {
  key: string;
  version: number;
  kind: RuleKind;
  rule: Rule;
  /** `""` for a rule that no single reading is about. */
  reading: string;
  field: string;
  isAbove: boolean;
  limit: number;
  clearLimit: number;
  /** An infinity on the broken side if there is none. */
  idleLimit: number;
  minDurationMs: number;
  clearDurationMs: number;
  quietMs: number;
  worse: Worse;
  /** As an alert shows it. */
  alertLimit: AlertData["limit"];
}

export function compileRule({ rule, version }: RuleVersion): CompiledRule {
  const common: CompiledRule = {
    key: rule.key,
    version,
    kind: rule.kind,
    rule,
    reading: "",
    field: "",
    isAbove: true,
    limit: 0,
    clearLimit: 0,
    idleLimit: Number.POSITIVE_INFINITY,
    minDurationMs: 0,
    clearDurationMs: 0,
    quietMs: Math.round(rule.quietSeconds * 1000),
    worse: "none",
    alertLimit: null,
  };
  if (rule.kind === "threshold") return { ...common, ...compileThreshold(rule) };
  return rule.kind === "rateOfChange" ? { ...common, ...compileRate(rule) } : common;
}

function compileThreshold(rule: ThresholdRule): Partial<CompiledRule> {
  const isAbove = rule.when === "above";
  const noIdle = isAbove ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return {
    reading: rule.reading,
    field: rule.field,
    isAbove,
    limit: rule.limit,
    clearLimit: rule.clearLimit,
    idleLimit: rule.idleLimit ?? noIdle,
    minDurationMs: Math.round(rule.minDurationSeconds * 1000),
    clearDurationMs: Math.round(rule.clearDurationSeconds * 1000),
    worse: isAbove ? "higher" : "lower",
    alertLimit: {
      key: rule.key,
      value: rule.limit,
      unit: unitOf(rule),
      ...rule.limitSource,
    },
  };
}

const worseByDirection = { rising: "higher", falling: "lower", either: "magnitude" } as const;

function compileRate(rule: RateOfChangeRule): Partial<CompiledRule> {
  return {
    reading: rule.reading,
    field: rule.field,
    limit: rule.perMinuteMax,
    worse: worseByDirection[rule.direction],
    alertLimit: {
      key: rule.key,
      value: rule.perMinuteMax,
      unit: `${unitOf(rule)}/min`,
      ...rule.limitSource,
    },
  };
}

function unitOf({ reading, field }: ThresholdRule | RateOfChangeRule): string {
  return findReadingType(reading)?.fields[field]?.unit ?? "unknown";
}

export function isWorse(rule: CompiledRule, value: number, than: number): boolean {
  if (rule.worse === "higher") return value > than;
  if (rule.worse === "lower") return value < than;
  return rule.worse === "magnitude" && Math.abs(value) > Math.abs(than);
}
