import fc from "fast-check";
import { expect, test } from "vitest";
import { disconnectedCelsius, powerOnCelsius } from "../../../simulators/kitchen/probe.ts";
import { day, longestMinutes, midnight, readingsOf, world } from "../world/worlds.ts";

const seeds = fc.integer({ min: 0, max: 5000 });
const thermometers = [
  { deviceId: "cold-store-1", perMinuteMax: 1 },
  { deviceId: "freezer-1", perMinuteMax: 1 },
  { deviceId: "dry-store-1", perMinuteMax: 1 },
  { deviceId: "hot-holding-1", perMinuteMax: 10 },
  // A bare probe goes into a pot and out of it.
  { deviceId: "cook-probe-1", perMinuteMax: 40 },
  { deviceId: "box-1", perMinuteMax: 30 },
];

test("no temperature jumps, not even at midnight", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...thermometers), (seed, { deviceId, perMinuteMax }) => {
      const kitchen = world({ seed });
      for (let minute = -120; minute < 24 * 60 + 120; minute += 1) {
        const timeMs = midnight + minute * 60_000;
        const before = kitchen.truth(deviceId, timeMs - 60_000)["celsius"] ?? 0;
        const now = kitchen.truth(deviceId, timeMs)["celsius"] ?? 0;
        expect(Math.abs(now - before)).toBeLessThan(perMinuteMax);
      }
      const edge = [midnight - 1, midnight].map((ms) => kitchen.truth(deviceId, ms)["celsius"]);
      expect(Math.abs((edge[0] ?? 0) - (edge[1] ?? 99))).toBeLessThan(0.01);
    }),
    { numRuns: 15 },
  );
});

test("on a normal day every batch meets its core target and every store keeps its limit", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const kitchen = world({ seed });
      const plan = kitchen.day(midnight);
      for (const probe of ["cook-probe-1", "cook-probe-2"]) {
        const { batches } = plan.cooking(probe);
        expect(batches.length).toBeGreaterThan(2);
        for (const { targetMetMs, fromMs, toMs, peakCelsius } of batches) {
          expect(targetMetMs).not.toBeNull();
          expect(peakCelsius).toBeGreaterThan(74);
          expect(toMs - (targetMetMs ?? 0)).toBeGreaterThanOrEqual(12 * 60_000);
          expect(toMs - fromMs).toBeLessThan(110 * 60_000);
        }
      }
      expect(longestMinutes(kitchen, "cold-store-1", ({ celsius = 0 }) => celsius > 5)).toBe(0);
      expect(longestMinutes(kitchen, "freezer-1", ({ celsius = 0 }) => celsius > -15)).toBe(0);
      for (const [box, vehicle] of [
        ["box-1", "vehicle-1"],
        ["box-2", "vehicle-2"],
      ] as const) {
        const withFood = plan.vehicle(vehicle).trips.filter(({ wave }) => wave < 3);
        for (const { stops } of withFood) {
          const { celsius = 0 } = kitchen.truth(box, stops.at(-1)?.leaveMs ?? 0);
          expect(celsius).toBeGreaterThan(63);
        }
      }
    }),
    { numRuns: 10 },
  );
});

test("a probe reads in steps of 1/16 °C, near the truth, and rarely one of its fault codes", () => {
  const kitchen = world({ seed: 7 });
  const readings = readingsOf(kitchen, midnight, midnight + day).filter(
    ({ reading }) => reading === "temperature",
  );
  const values = readings.map(({ deviceId, ts, fields }) => {
    const { celsius = Number.NaN } = fields;
    const { celsius: truth = 0 } = kitchen.truth(deviceId, ts);
    return { celsius, isNear: Math.abs(celsius - truth) < 0.5 };
  });
  for (const { celsius } of values) expect(celsius * 16).toBe(Math.round(celsius * 16));
  const faults = values.filter(({ isNear }) => !isNear);
  for (const { celsius } of faults) {
    expect([powerOnCelsius, disconnectedCelsius]).toContain(celsius);
  }
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.length / readings.length).toBeLessThan(0.001);
});

test("a battery goes down over weeks, and up only when somebody replaces it", () => {
  const kitchen = world();
  const readings = [0, 10, 20, 30].flatMap((later) =>
    readingsOf(kitchen, midnight + later * day, midnight + later * day + 3_600_000),
  );
  const levels = readings.flatMap(({ deviceId, fields }) =>
    deviceId === "box-1" && fields["batteryPct"] !== undefined ? [fields["batteryPct"]] : [],
  );
  expect(levels.length).toBeGreaterThan(20);
  for (const level of levels) expect(level).toBeGreaterThanOrEqual(12);
  const rises = levels.filter((level, at) => at > 0 && level > (levels[at - 1] ?? 0));
  expect(rises.length).toBeLessThanOrEqual(1);
  expect(new Set(levels).size).toBeGreaterThan(2);
});
