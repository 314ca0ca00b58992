import { expect, test } from "vitest";
import { findRuleFaults } from "../../../ingest/rules/check-rule.ts";
import { defaultRules } from "../../../ingest/rules/defaults.ts";
import { ruleSchema, type ThresholdRule } from "../../../ingest/rules/rule.ts";

function threshold(key: string): ThresholdRule {
  const rule = defaultRules.find((rule) => rule.key === key);
  if (rule?.kind !== "threshold") throw new Error(`${key} is no threshold rule`);
  return rule;
}

test("every default passes its schema unchanged and makes sense", () => {
  for (const rule of defaultRules) {
    expect(ruleSchema.parse(rule)).toEqual(rule);
    expect(findRuleFaults(rule), rule.key).toEqual([]);
  }
});

test("no two defaults share a key", () => {
  expect(new Set(defaultRules.map(({ key }) => key)).size).toBe(defaultRules.length);
});

test("critical limits are the ones of the domain notes, with their source", () => {
  const limits = ["cold-store-limit", "freezer-limit", "hot-holding-limit"].map((key) => {
    const { severity, when, limit, limitSource } = threshold(key);
    return [key, severity, when, limit, limitSource.sourceKind];
  });
  expect(limits).toEqual([
    ["cold-store-limit", "critical", "above", 5, "regulation"],
    ["freezer-limit", "critical", "above", -18, "guidance"],
    ["hot-holding-limit", "critical", "below", 60, "regulation"],
  ]);
  expect(threshold("cold-store-limit").minDurationSeconds).toBe(15 * 60);
  expect(threshold("freezer-warning").limit).toBe(-15);
  expect(threshold("dry-store-warm")).toMatchObject({ limit: 22, severity: "warning" });
});

test("a clear value on the broken side is a fault", () => {
  const rule = { ...threshold("cold-store-limit"), clearLimit: 5.5 };
  expect(findRuleFaults(rule)).toEqual([
    { path: "clearLimit", message: "5.5 must be at or below 5" },
  ]);
  expect(findRuleFaults({ ...threshold("hot-holding-limit"), clearLimit: 59 })).toHaveLength(1);
});

test("an idle limit on the good side is a fault", () => {
  const rule = { ...threshold("hot-holding-limit"), idleLimit: 60 };
  expect(findRuleFaults(rule)).toEqual([{ path: "idleLimit", message: "60 must be below 60" }]);
});

test("a field that the reading does not have is a fault", () => {
  const rule = { ...threshold("cold-store-limit"), field: "weightKg" };
  expect(findRuleFaults(rule)).toEqual([
    { path: "field", message: "temperature has no weightKg, only celsius" },
  ]);
});

test("every threshold has a clear value apart from its limit", () => {
  const thresholds = defaultRules.filter((rule) => rule.kind === "threshold");
  expect(thresholds.filter(({ limit, clearLimit }) => limit === clearLimit)).toEqual([]);
});
