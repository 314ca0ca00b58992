import { expect, test } from "vitest";
import {
  limitsOf,
  type RuleVersion,
} from "../../../../../dashboard/web/pages/kitchen/sensor-limits.ts";
import { ReadingRate } from "../../../../../dashboard/web/pages/kitchen/reading-rate.ts";
import { stateOf } from "../../../../../dashboard/web/pages/kitchen/sensor-state.ts";
import type { Sensor } from "../../../../../dashboard/web/realtime/domain-view.ts";
import { alertRow } from "../../realtime/messages.ts";

const nowMs = 1_000_000;

function sensorOf(
  celsius: number | null,
  own: Partial<Sensor> = {},
  receivedTimeMs = nowMs,
): Sensor {
  const series = { deviceId: "probe-1", channel: "0", reading: "temperature" } as const;
  const facts = { key: "probe-1/0/temperature", place: "coldStore", ...series } as const;
  return {
    ...facts,
    name: null,
    kind: "temperature-probe",
    gatewayId: null,
    expectedIntervalSeconds: 30,
    number: null,
    hasSiblings: false,
    values: {
      ...facts,
      domain: "production",
      fields: celsius === null ? null : { celsius },
      eventTimeMs: receivedTimeMs,
      receivedTimeMs,
      batteryPct: null,
      flags: [],
      position: "0".repeat(20),
    },
    ...own,
  };
}

type Rule = RuleVersion["rule"];
type Threshold = Extract<Rule, { kind: "threshold" }>;

function ruleOf(key: string, own: Partial<Threshold>, isEnabled = true): RuleVersion {
  const rule: Threshold = {
    kind: "threshold",
    key,
    severity: "critical",
    scope: { place: "coldStore" },
    quietSeconds: 0,
    reading: "temperature",
    field: "celsius",
    when: "above",
    limit: 5,
    clearLimit: 4.5,
    minDurationSeconds: 0,
    clearDurationSeconds: 0,
    limitSource: { source: "form", sourceKind: "regulation" },
    ...own,
  };
  return { sppgId: "sppg-jakarta-001", key, version: 1, changeSeq: 0, isEnabled, rule };
}

function severityOf(sensor: Sensor, alerts: Parameters<typeof stateOf>[1]["alerts"] = []) {
  const limits = limitsOf([ruleOf("limit", {})], sensor, "celsius");
  return stateOf(sensor, { alerts, limits, nowMs }).severity;
}

test("the narrowest rule of each severity is the limit that shows, critical first", () => {
  const rules = [
    ruleOf("warn", { severity: "warning", limit: 4 }),
    ruleOf("place", { limit: 5 }),
    ruleOf("own", { limit: 7, scope: { deviceId: "probe-1" } }),
    ruleOf("off", { limit: 1, scope: { deviceId: "probe-1", place: "coldStore" } }, false),
    ruleOf("elsewhere", { limit: 2, scope: { place: "freezer" } }),
    ruleOf("other-field", { limit: 3, field: "humidityPct" }),
  ];
  const limits = limitsOf(rules, sensorOf(4), "celsius");
  expect(limits.map(({ severity, value }) => [severity, value])).toEqual([
    ["critical", 7],
    ["warning", 4],
  ]);
});

test("a value within its limit and its time is safe", () => {
  expect(severityOf(sensorOf(5))).toBe("safe");
});

test("an open alert makes its sensor what the alert is, another sensor's does not", () => {
  expect(severityOf(sensorOf(9), [alertRow("a")])).toBe("critical");
  expect(severityOf(sensorOf(4), [alertRow("a", { deviceId: "probe-2" })])).toBe("safe");
  expect(severityOf(sensorOf(4), [alertRow("a", { condition: "cleared" })])).toBe("safe");
  const device = alertRow("a", { channel: null, reading: null, severity: "warning" });
  expect(severityOf(sensorOf(4), [device]), "about the whole device").toBe("warning");
});

test("a value beyond its limit is no green check, even before the alert opens", () => {
  expect(severityOf(sensorOf(5.1))).toBe("warning");
});

test("a sensor that is late or silent says so before all that is less", () => {
  expect(severityOf(sensorOf(4, {}, nowMs - 91_000))).toBe("late");
  expect(severityOf(sensorOf(9, {}, nowMs - 301_000))).toBe("silent");
});

test("a sensor that has never sent has no value and no zero", () => {
  const sensor = sensorOf(null, { values: null, reading: null });
  expect(stateOf(sensor, { alerts: [], limits: [], nowMs })).toMatchObject({
    severity: "info",
    value: null,
  });
});

test("equipment that is off breaks no limit", () => {
  const hot = { when: "below", limit: 60, idleLimit: 40 } as const;
  const limits = limitsOf([ruleOf("hot", hot)], sensorOf(30), "celsius");
  const state = stateOf(sensorOf(30), { alerts: [], limits, nowMs });
  expect(state).toMatchObject({ severity: "safe", isIdle: true, isBeyond: false });
  expect(stateOf(sensorOf(50), { alerts: [], limits, nowMs })).toMatchObject({ isBeyond: true });
});

test("readings a minute are counted over the last sixty seconds, once there were sixty", () => {
  const rate = new ReadingRate(0);
  rate.count(500);
  rate.count(30_000);
  expect(rate.perMinute(59_000)).toBeNull();
  expect(rate.perMinute(60_000), "the first second is over").toBe(1);
  expect(rate.perMinute(89_000)).toBe(1);
  expect(rate.perMinute(90_000)).toBe(0);
  rate.count(600_000);
  expect(rate.perMinute(600_000)).toBe(1);
});
