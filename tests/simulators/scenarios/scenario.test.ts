import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { defaultRules } from "../../../ingest/rules/defaults.ts";
import { ruleSchema } from "../../../ingest/rules/rule.ts";
import { loadScenario, scenarioNames } from "../../../simulators/index.ts";
import { tempFolder } from "../../support/nadi-process.ts";
import { day, hour, longestMinutes, midnight, readingsOf, world } from "../world/worlds.ts";
import { judgeDay } from "./judge.ts";

const clock = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return midnight + hours * hour + minutes * 60_000;
};

describe.each(scenarioNames())("%s", (name) => {
  const scenario = loadScenario(name);

  test("names devices, default rules and kitchen rules that exist", () => {
    const devices = new Set(world().devices.map(({ deviceId }) => deviceId));
    for (const { device } of [...scenario.changes, ...scenario.expectedAlerts]) {
      expect(devices).toContain(device);
    }
    const severities = new Map(defaultRules.map(({ key, severity }) => [key, severity]));
    for (const { ruleKey, severity } of scenario.expectedAlerts) {
      expect(severities.get(ruleKey)).toBe(severity);
    }
    for (const rule of scenario.kitchenRules) ruleSchema.parse(rule);
    expect(scenario.name).toBe(name);
  });

  test.each([1, 2])("opens exactly the alerts that it claims, seed %i", (seed) => {
    const judged = judgeDay(world({ seed, scenario: name }));
    const left = [...judged];
    for (const expected of scenario.expectedAlerts) {
      const at = left.findIndex(
        ({ ruleKey, deviceId }) => ruleKey === expected.ruleKey && deviceId === expected.device,
      );
      const found = left[at];
      if (found === undefined) throw new Error(`${expected.ruleKey}: ${JSON.stringify(judged)}`);
      left.splice(at, 1);
      expect(found.openedMs).toBeGreaterThanOrEqual(clock(expected.opensFrom));
      expect(found.openedMs).toBeLessThan(clock(expected.opensTo));
      const isCleared = found.clearedMs !== null && found.clearedMs <= clock(scenario.to);
      expect(isCleared).toBe(expected.clears);
    }
    expect(left).toEqual([]);
  });
});

test("normal days of many kitchens open no alert at all", () => {
  for (let seed = 100; seed < 106; seed += 1) {
    expect(judgeDay(world({ seed, scenario: "normal-day" })), `seed ${seed}`).toEqual([]);
  }
});

test("a dead compressor keeps the store above 5 °C for more than 15 minutes", () => {
  const minutes = (scenario: string): number =>
    longestMinutes(world({ scenario }), "cold-store-1", ({ celsius = 0 }) => celsius > 5);
  expect(minutes("cold-chain-break")).toBeGreaterThan(60);
  expect(minutes("door-left-open")).toBeGreaterThan(30);
});

test("an undercooked batch stays below its target for all of its time, and only that one", () => {
  const plan = world({ scenario: "undercooked-batch" }).day(midnight);
  const batches = plan.cooking("cook-probe-1").batches;
  expect(batches.map(({ targetMetMs }) => targetMetMs === null)).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(batches[1]?.peakCelsius).toBeGreaterThan(60);
  expect(batches[1]?.peakCelsius).toBeLessThan(68);
});

test("a broken-down vehicle stands still, and its last schools wait for more than an hour", () => {
  const usual = world().day(midnight).vehicle("vehicle-1").trips[0];
  const late = world({ scenario: "late-vehicle" }).day(midnight).vehicle("vehicle-1").trips[0];
  const delayMs = (late?.stops.at(-1)?.arriveMs ?? 0) - (usual?.stops.at(-1)?.arriveMs ?? 0);
  expect(delayMs).toBeGreaterThan(hour);
  expect(late?.stops[1]?.arriveMs).toBe(usual?.stops[1]?.arriveMs);
});

test("the rice runs out before the supplier comes, which the kitchen's own rule says", () => {
  const scenario = loadScenario("stock-run-out");
  const kitchen = world({ scenario: "stock-run-out" });
  const { weightKg = 99 } = kitchen.truth("scale-rice", clock("22:00"));
  expect(weightKg).toBeLessThan(20);
  expect(kitchen.truth("scale-rice", clock("22:45"))["weightKg"]).toBeGreaterThan(300);
  const own = scenario.kitchenRules.map((rule) => ruleSchema.parse(rule));
  expect(judgeDay(kitchen, own).map(({ ruleKey }) => ruleKey)).toEqual(["rice-low"]);
  expect(judgeDay(world(), own)).toEqual([]);
});

test("a loose probe says nothing but its fault code, and only in its time", () => {
  const readings = readingsOf(world({ scenario: "sensor-fault" }), midnight, midnight + day).filter(
    ({ deviceId }) => deviceId === "cold-store-1",
  );
  const faulty = readings.filter(({ fields }) => fields["celsius"] === -127);
  expect(faulty.length).toBeGreaterThan(45);
  const within = faulty.filter(({ ts }) => ts >= clock("03:00") && ts < clock("03:25"));
  expect(faulty.length - within.length).toBeLessThan(3);
});

test("a wrong scenario is refused with all that is wrong in it", (t) => {
  const folder = tempFolder(t);
  const file = path.join(folder, "mine.json");
  writeFileSync(file, JSON.stringify({ name: "Mine!", from: "25:00" }));
  expect(() => loadScenario(file)).toThrow(/name.*title.*from/s);
  writeFileSync(file, "{");
  expect(() => loadScenario(file)).toThrow(/JSON/);
  expect(() => loadScenario("no-such-thing")).toThrow(/take one of cold-chain-break/);
});

test("a scenario of one's own is read from a file", (t) => {
  const file = path.join(tempFolder(t), "mine.json");
  writeFileSync(file, JSON.stringify({ ...loadScenario("normal-day"), name: "mine" }));
  expect(loadScenario(file).name).toBe("mine");
});
