import fc from "fast-check";
import { expect, test } from "vitest";
import { day, hour, midnight, readingsOf, world } from "../world/worlds.ts";

const seeds = fc.integer({ min: 0, max: 5000 });
const scales = ["scale-rice", "scale-chicken", "scale-vegetables", "scale-oil"] as const;

test("one midnight leads to the next: what came and what went is what changed", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...scales), (seed, deviceId) => {
      const kitchen = world({ seed });
      const today = kitchen.day(midnight).stock(deviceId);
      const tomorrow = kitchen.day(midnight + day).stock(deviceId);
      const change = today.events.reduce(
        (sum, { kind, kg }) => sum + (kind === "hand" ? 0 : kind === "receipt" ? kg : -kg),
        0,
      );
      expect(today.midnightKg + change).toBeCloseTo(tomorrow.midnightKg, 6);
      const receipts = today.events.filter(({ kind }) => kind === "receipt");
      expect(receipts).toHaveLength(1);
      expect(receipts[0]?.kg).toBeGreaterThan(0);
      const receivedMs = receipts[0]?.fromMs ?? 0;
      expect(receivedMs).toBeGreaterThan(midnight + 8 * hour);
      expect(receivedMs).toBeLessThan(midnight + 12 * hour);
      for (let minute = 0; minute < 1440; minute += 5) {
        const truth = kitchen.truth(deviceId, midnight + minute * 60_000);
        expect(truth["weightKg"]).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 20 },
  );
});

test("a weight never jumps without an event: noise and drift are small", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...scales), (seed, deviceId) => {
      const kitchen = world({ seed });
      const { events } = kitchen.day(midnight).stock(deviceId);
      const division = { "scale-rice": 0.1, "scale-oil": 0.02 }[deviceId as string] ?? 0.05;
      const readings = readingsOf(kitchen, midnight, midnight + day)
        .filter((reading) => reading.deviceId === deviceId && reading.ts >= midnight)
        .toSorted((a, b) => a.ts - b.ts);
      expect(readings.length).toBeGreaterThan(2500);
      const settleMs = 9000;
      const steps = readings.map(({ ts, fields }, at) => {
        const before = readings[at - 1];
        if (before === undefined) return 0;
        const isTouched = events.some(
          ({ fromMs, toMs }) => fromMs <= ts && toMs + settleMs >= before.ts,
        );
        const step = Math.abs((fields["weightKg"] ?? 0) - (before.fields["weightKg"] ?? 0));
        return isTouched ? 0 : step;
      });
      expect(Math.max(...steps)).toBeLessThan(5 * division + 0.02);
    }),
    { numRuns: 3 },
  );
});

test("a lifted can reads below zero and comes back lighter; that is not consumption of it all", () => {
  const kitchen = world({ seed: 2 });
  const lifts = kitchen
    .day(midnight)
    .stock("scale-oil")
    .events.filter(({ kind }) => kind === "liftOff");
  expect(lifts.length).toBeGreaterThan(1);
  for (const { fromMs, toMs, kg } of lifts) {
    const at = (ms: number): number => kitchen.sample("scale-oil", ms)[0]?.fields["weightKg"] ?? 0;
    expect(at((fromMs + toMs) / 2)).toBeLessThan(-1);
    expect(at(fromMs - 10_000) - at(toMs + 10_000)).toBeCloseTo(kg, 0);
  }
});

test("a platform swings after a load has changed and is still again within seconds", () => {
  const kitchen = world({ seed: 2 });
  const taking = kitchen
    .day(midnight)
    .stock("scale-rice")
    .events.find(({ kind, kg }) => kind === "withdrawal" && kg > 10);
  if (taking === undefined) throw new Error("nothing was taken");
  const swing = (afterMs: number): number => {
    const timeMs = taking.toMs + afterMs;
    const { weightKg = 0 } = kitchen.sample("scale-rice", timeMs)[0]?.fields ?? {};
    return Math.abs(weightKg - (kitchen.truth("scale-rice", timeMs)["weightKg"] ?? 0));
  };
  const early = Math.max(...[0, 100, 200, 300, 400].map(swing));
  expect(early).toBeGreaterThan(Math.max(...[9000, 10_000, 12_000].map(swing)));
});
