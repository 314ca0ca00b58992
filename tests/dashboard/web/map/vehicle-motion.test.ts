import { expect, test } from "vitest";
import type { MapVehicle } from "../../../../dashboard/web/map/map-port.ts";
import { project } from "../../../../dashboard/web/map/mercator.ts";
import { VehicleMotion } from "../../../../dashboard/web/map/vehicle-motion.ts";

const intervalSeconds = 10;
const home = { lat: -6.2, lon: 106.8 };

function vehicleAt(lon: number, fixAtMs: number, change: Partial<MapVehicle> = {}): MapVehicle {
  return {
    ...home,
    id: "one",
    label: "Mobil 1",
    state: "moving",
    headingDeg: null,
    expectedIntervalSeconds: intervalSeconds,
    lon,
    fixAtMs,
    ...change,
  };
}

/** Degrees of longitude that the first vehicle is drawn at. */
function drawnLon(motion: VehicleMotion): number {
  const perDegree = project({ lat: 0, lon: 1 }).x;
  return Number(((motion.drawn.x[0] ?? 0) / perDegree).toFixed(6));
}

test("a vehicle drives to its newest fix in the time that it took, and stops there", () => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 0)], 1_000, true);
  expect(drawnLon(motion)).toBe(106.8);
  motion.set([vehicleAt(106.81, 10_000)], 11_000, true);
  expect(drawnLon(motion)).toBe(106.8);
  expect(motion.advance(16_000)).toBe(true);
  expect(drawnLon(motion)).toBe(106.805);
  expect(motion.advance(21_000)).toBe(false);
  expect(drawnLon(motion)).toBe(106.81);
  // No fix, no step further: it is never drawn where it may be by now.
  motion.advance(60_000);
  expect(drawnLon(motion)).toBe(106.81);
});

test("after a gap it takes no longer than one and a half intervals", () => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 0)], 0, true);
  motion.set([vehicleAt(106.83, 300_000)], 300_000, true);
  expect(motion.advance(314_900)).toBe(true);
  expect(motion.advance(315_000)).toBe(false);
  expect(drawnLon(motion)).toBe(106.83);
});

test("a fix that comes on the way bends it from where the vehicle is drawn, without a jump", () => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 0)], 0, true);
  motion.set([vehicleAt(106.81, 10_000)], 10_000, true);
  motion.advance(15_000);
  motion.set([vehicleAt(106.82, 20_000)], 15_000, true);
  expect(drawnLon(motion)).toBe(106.805);
  motion.advance(25_000);
  expect(drawnLon(motion)).toBe(106.82);
});

test("a list that says the same again changes nothing on the way", () => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 0)], 0, true);
  motion.set([vehicleAt(106.81, 10_000)], 10_000, true);
  motion.set([vehicleAt(106.81, 10_000, { label: "Mobil 1 · 30 km/j" })], 14_000, true);
  motion.advance(15_000);
  expect(drawnLon(motion)).toBe(106.805);
});

test.for([
  ["reduced motion", 20_000, {}, false],
  ["a silent vehicle", 20_000, { state: "silent" }, true],
  ["a fix older than the last one", 5_000, {}, true],
] as const)("%s is put where the fix is, at once", ([, fixAtMs, change, isAnimated]) => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 10_000)], 10_000, true);
  motion.set([vehicleAt(106.81, fixAtMs, change)], 20_000, isAnimated);
  expect(drawnLon(motion)).toBe(106.81);
  expect(motion.advance(20_001)).toBe(false);
});

test("vehicles keep their way when others come before them, and go", () => {
  const motion = new VehicleMotion();
  const other = vehicleAt(110, 0, { id: "two" });
  motion.set([vehicleAt(106.8, 0)], 0, true);
  motion.set([vehicleAt(106.81, 10_000)], 10_000, true);
  motion.set([other, vehicleAt(106.81, 10_000)], 12_000, true);
  expect(motion.indexOf("one")).toBe(1);
  motion.advance(15_000);
  expect(motion.drawn.count).toBe(2);
  motion.set([vehicleAt(106.81, 10_000)], 15_000, true);
  expect(drawnLon(motion)).toBe(106.805);
  expect(motion.indexOf("two")).toBeNull();
  expect(motion.drawn.count).toBe(1);
});

test("a tracker without a compass looks where it has come from", () => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 0)], 0, true);
  motion.set([vehicleAt(106.81, 10_000)], 10_000, true);
  expect(motion.drawn.headingDeg[0]).toBeCloseTo(90, 0);
  // Standing still it keeps looking there.
  motion.set([vehicleAt(106.81, 20_000)], 20_000, true);
  expect(motion.drawn.headingDeg[0]).toBeCloseTo(90, 0);
  motion.set([vehicleAt(106.82, 30_000, { headingDeg: 200 })], 30_000, true);
  expect(motion.drawn.headingDeg[0]).toBe(200);
});

test("the fastest one under way says how soon the next drawing is due", () => {
  const motion = new VehicleMotion();
  motion.set([vehicleAt(106.8, 0)], 0, true);
  expect(motion.speedMax(0)).toBe(0);
  motion.set([vehicleAt(106.81, 10_000)], 10_000, true);
  const meters = project({ lat: 0, lon: 0.01 }).x;
  expect(motion.speedMax(12_000)).toBeCloseTo(meters / 10_000, 6);
  expect(motion.speedMax(20_000)).toBe(0);
});

test("five thousand vehicles go on in the same lists: no frame leaves anything to collect", () => {
  const motion = new VehicleMotion();
  const many = (fixAtMs: number) =>
    Array.from({ length: 5_000 }, (_none, at) =>
      vehicleAt(100 + at / 1_000 + fixAtMs / 1e8, fixAtMs, { id: `v${at}` }),
    );
  motion.set(many(0), 0, true);
  const lists = { ...motion.drawn };
  motion.set(many(10_000), 10_000, true);
  motion.advance(15_000);
  expect(motion.drawn.x).toBe(lists.x);
  expect(motion.drawn.headingDeg).toBe(lists.headingDeg);
  expect(motion.drawn.count).toBe(5_000);
});
