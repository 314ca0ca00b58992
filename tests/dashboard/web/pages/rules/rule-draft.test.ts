import { expect, test } from "vitest";
import {
  draftOf,
  isLimitChanged,
  newRule,
  parseNumber,
  type RuleDraft,
  ruleOf,
  sourceKindOf,
} from "../../../../../dashboard/web/pages/rules/rule-draft.ts";
import type { RuleVersion } from "../../../../../dashboard/web/pages/rules/rule-types.ts";
import { ruleBodySchema } from "../../../../../dashboard/contract/index.ts";
import { defaultRules } from "../../../../../ingest/rules/defaults.ts";
import { thresholdRule } from "../../../../support/rule-examples.ts";

const coldRule = thresholdRule("cold-store-limit");
const sppgId = "sppg-jakarta-001";

function versionOf(rule: RuleVersion["rule"]): RuleVersion {
  return { sppgId, key: rule.key, version: 0, changeSeq: 0, isEnabled: true, rule };
}

function typed(numbers: RuleDraft["numbers"], more: Partial<RuleDraft> = {}): RuleDraft {
  const draft = draftOf(versionOf(coldRule), "id");
  return { ...draft, ...more, numbers: { ...draft.numbers, ...numbers } };
}

test("every default comes through the form as it was, in both languages", () => {
  for (const rule of defaultRules) {
    for (const language of ["id", "en"] as const) {
      expect(ruleOf(draftOf(versionOf(rule), language), rule)).toEqual({ rule, faults: null });
    }
  }
});

test("numbers are read with comma or point, and shown as the language writes them", () => {
  expect(parseNumber(" 4,5 ", "id")).toBe(4.5);
  expect(parseNumber("4.5", "id")).toBe(4.5);
  expect(parseNumber("−18", "id")).toBe(-18);
  for (const text of ["", "4,5,1", "1e3", "NaN", "4 kg", "0x10"]) {
    expect([text, parseNumber(text, "id")]).toEqual([text, null]);
  }
  expect(draftOf(versionOf(coldRule), "id").numbers).toMatchObject({
    clearLimit: "4,5",
    minDuration: "15",
  });
  expect(draftOf(versionOf(coldRule), "en").numbers.clearLimit).toBe("4.5");
});

test("a limit that may be a thousand or one is asked again, and never halved in silence", () => {
  expect([parseNumber("1.500", "id"), parseNumber("1,500", "en")]).toEqual([null, null]);
  expect([parseNumber("1,500", "id"), parseNumber("1.500", "en")]).toEqual([1.5, 1.5]);
  expect([parseNumber("0.125", "id"), parseNumber("1500", "id")]).toEqual([0.125, 1_500]);
  const { faults } = ruleOf(typed({ limit: "1.500" }), coldRule);
  expect(faults?.get("limit")).toBe("number");
});

test("Nadi's own limit is not called the kitchen's", () => {
  const project = { sourceKind: "project" } as const;
  const kindOf = (source: string) => sourceKindOf({ ...project, source });
  expect(kindOf("Nadi: a store's door stands open for 5 min")).toBe("nadi");
  expect(kindOf("Surat dinas 12/2026")).toBe("project");
  expect(sourceKindOf({ source: "x", sourceKind: "guidance" })).toBe("guidance");
});

test("what is typed becomes the rule, and what the form does not show stays", () => {
  const draft = typed({ limit: "4", clearLimit: "3,5", minDuration: "7,5" });
  const { rule } = ruleOf({ ...draft, severity: "warning", deviceId: "cold-1" }, coldRule);
  expect(rule).toEqual({
    ...coldRule,
    severity: "warning",
    limit: 4,
    clearLimit: 3.5,
    minDurationSeconds: 450,
    scope: { place: "coldStore", deviceId: "cold-1" },
  });
  expect(ruleBodySchema.safeParse(rule).success).toBe(true);
});

test("each fault is told at its field", () => {
  const faultsOf = (draft: RuleDraft, base = coldRule) => {
    const { faults } = ruleOf(draft, base);
    return Object.fromEntries(faults ?? []);
  };
  expect(faultsOf(typed({ limit: "" }))).toEqual({ limit: "number" });
  expect(faultsOf(typed({ minDuration: "-1" }))).toEqual({ minDuration: "range" });
  expect(faultsOf(typed({ clearLimit: "6" }))).toEqual({ clearLimit: "clearSide" });
  expect(faultsOf(typed({}, { source: "  " }))).toEqual({ source: "source" });
  expect(ruleOf(typed({ limit: "4", clearLimit: "4" }, { source: "" }), coldRule)).toMatchObject({
    rule: null,
    unsourced: { limit: 4, limitSource: { source: "?" } },
  });
  const hot = thresholdRule("hot-holding-limit");
  const hotDraft = draftOf(versionOf(hot), "id");
  const below = { ...hotDraft.numbers, limit: "35", clearLimit: "36" };
  expect(faultsOf({ ...hotDraft, numbers: below }, hot)).toEqual({ limit: "idle" });
});

test("a limit is another one only if its number is", () => {
  expect(isLimitChanged(typed({ limit: "5,0" }), coldRule)).toBe(false);
  expect(isLimitChanged(typed({ limit: "4,9" }), coldRule)).toBe(true);
  expect(isLimitChanged(typed({ minDuration: "1" }), coldRule)).toBe(false);
});

test("a new rule is about one device, has a key of its own, and no limit yet", () => {
  const asked = { deviceId: "Scale_Rice.1", reading: "weight" } as const;
  const rule = newRule(asked, []);
  expect(rule).toMatchObject({
    key: "own-scale-rice-1-weight",
    scope: { deviceId: "Scale_Rice.1" },
    when: "below",
    field: "weightKg",
  });
  expect(newRule(asked, [rule.key]).key).toBe("own-scale-rice-1-weight-2");
  const draft = draftOf(versionOf(rule), "id");
  expect(draft.numbers.limit).toBe("");
  const faults = [...(ruleOf(draft, rule).faults?.keys() ?? [])];
  expect(faults.toSorted((a, b) => a.localeCompare(b))).toEqual(["clearLimit", "limit", "source"]);
  const full = { ...draft.numbers, limit: "50", clearLimit: "55" };
  const made = ruleOf({ ...draft, numbers: full, source: "Kepala dapur" }, rule);
  expect(ruleBodySchema.safeParse(made.rule).success).toBe(true);
});
