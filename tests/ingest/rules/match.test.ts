import { expect, test } from "vitest";
import { compileRule } from "../../../ingest/rules/compile.ts";
import { defaultRules } from "../../../ingest/rules/defaults.ts";
import { type RuleTarget, selectRules, withDefaults } from "../../../ingest/rules/match.ts";
import { createRuleBook, rulesPerTargetMax } from "../../../ingest/rules/rule-book.ts";
import type { Rule, RuleVersion } from "../../../ingest/rules/rule.ts";
import { thresholdRule } from "../monitor/support/rules.ts";

const sppgId = "sppg-jakarta-001";
const coldProbe: RuleTarget = {
  deviceId: "probe-1",
  kind: "temperature-probe",
  place: "coldStore",
};

function own(rule: Rule, more: Partial<RuleVersion> = {}): RuleVersion {
  return { sppgId, key: rule.key, version: 1, changeSeq: 1, isEnabled: true, rule, ...more };
}

const keysOf = (versions: readonly RuleVersion[]) => versions.map(({ key }) => key);

test("a cold store has its limit, its warning, its rise, its silence and its faults", () => {
  expect(keysOf(selectRules(withDefaults(sppgId, []), coldProbe)).toSorted()).toEqual([
    "cold-store-door",
    "cold-store-limit",
    "cold-store-rising",
    "cold-store-silent",
    "cold-store-warning",
    "sensor-fault",
  ]);
});

test("a kitchen's version replaces the default of the same key, in its place", () => {
  const mine = own(thresholdRule({ key: "cold-store-limit", limit: 7, clearLimit: 6 }));
  const versions = withDefaults(sppgId, [mine]);
  expect(versions).toHaveLength(defaultRules.length);
  expect(versions[0]).toEqual(mine);
});

test("a disabled rule is listed, and applies to nothing", () => {
  const limit = defaultRules[0];
  if (limit === undefined) throw new Error("no defaults");
  const versions = withDefaults(sppgId, [own(limit, { isEnabled: false })]);
  expect(keysOf(versions)).toContain(limit.key);
  expect(keysOf(selectRules(versions, coldProbe))).not.toContain(limit.key);
});

test("the order of a kitchen's rules does not depend on the order in which they came", () => {
  const rules = ["b", "c", "a"].map((name) => own(thresholdRule({ key: `own-${name}` })));
  expect(withDefaults(sppgId, rules)).toEqual(withDefaults(sppgId, rules.toReversed()));
});

test("of rules about the same thing the narrowest counts: device, place, kind, all", () => {
  const scopes: Rule["scope"][] = [
    {},
    { deviceKind: "temperature-probe" },
    { place: "coldStore" },
    { place: "coldStore", deviceKind: "temperature-probe" },
    { deviceId: "probe-1" },
  ];
  for (const count of [1, 2, 3, 4, 5]) {
    const rules = scopes
      .slice(0, count)
      .map((scope, at) => own(thresholdRule({ key: `own-${at}`, scope })));
    expect(keysOf(selectRules(rules.toReversed(), coldProbe))).toEqual([`own-${count - 1}`]);
  }
});

test("a warning and a critical limit, and a limit above and below, are different things", () => {
  const rules = [
    own(thresholdRule({ key: "wide" })),
    own(thresholdRule({ key: "critical", severity: "critical", scope: { place: "coldStore" } })),
    own(thresholdRule({ key: "cold", when: "below", limit: 0, clearLimit: 1 })),
  ];
  expect(keysOf(selectRules(rules, coldProbe))).toEqual(["wide", "critical", "cold"]);
});

test("a rule about another device, place or kind does not apply", () => {
  const scopes: Rule["scope"][] = [
    { deviceId: "probe-2" },
    { place: "freezer" },
    { deviceKind: "gateway" },
    { place: "coldStore", deviceId: "probe-2" },
  ];
  const rules = scopes.map((scope, at) => own(thresholdRule({ key: `own-${at}`, scope })));
  expect(selectRules(rules, coldProbe)).toEqual([]);
});

test("kitchens without rules of their own share what is compiled", () => {
  const book = createRuleBook([]);
  const other = { ...coldProbe, deviceId: "probe-2" };
  expect(book.seriesRules("sppg-a-1", coldProbe, "temperature")).toBe(
    book.seriesRules("sppg-b-2", other, "temperature"),
  );
  expect(book.deviceRules(sppgId, coldProbe).map(({ key }) => key)).toEqual(["cold-store-silent"]);
  expect(book.seriesRules(sppgId, coldProbe, "humidity").map(({ key }) => key)).toEqual([
    "sensor-fault",
  ]);
});

test("the book takes a newer version and ignores an older one", () => {
  const book = createRuleBook([]);
  const at = (version: number, limit: number) =>
    own(thresholdRule({ key: "cold-store-limit", severity: "critical", limit }), { version });
  book.put(at(2, 20));
  book.put(at(1, 30));
  const found = book
    .seriesRules(sppgId, coldProbe, "temperature")
    .find(({ key }) => key === "cold-store-limit");
  expect(found).toMatchObject({ version: 2, limit: 20 });
});

test("a device has at most so many rules as a person can read", () => {
  const scope = { deviceId: "probe-1" };
  const rules = Array.from({ length: 100 }, (_, at) =>
    own(thresholdRule({ key: `own-${at}`, scope })),
  );
  const book = createRuleBook(rules);
  expect(book.seriesRules(sppgId, coldProbe, "temperature")).toHaveLength(rulesPerTargetMax);
});

test("every default fits into an alert: its unit and key are short enough", () => {
  for (const rule of defaultRules) {
    const { alertLimit } = compileRule(own(rule));
    expect(alertLimit?.unit.length ?? 1, rule.key).toBeLessThanOrEqual(16);
    expect(alertLimit?.unit ?? "", rule.key).not.toContain("unknown");
  }
});
