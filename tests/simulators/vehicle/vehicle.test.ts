import fc from "fast-check";
import { expect, test } from "vitest";
import { distanceMeters, toPoint } from "../../../simulators/vehicle/geo.ts";
import { gpsErrorMetersMax } from "../../../simulators/vehicle/gps.ts";
import { speedKmhMax } from "../../../simulators/vehicle/motion.ts";
import { deliveryRadiusMeters, kitchenSites, places } from "../../../simulators/vehicle/places.ts";
import { roadBetween } from "../../../simulators/vehicle/road.ts";
import { day, hour, midnight, readingsOf, world } from "../world/worlds.ts";

const seeds = fc.integer({ min: 0, max: 5000 });
const vehicles = fc.constantFrom("vehicle-1", "vehicle-2");

/** The first site is as good a centre of a plane as any within the city. */
const plane = (at: { lat?: number; lon?: number }) =>
  toPoint(kitchenSites[0] ?? { name: "", lat: 0, lon: 0 }, { lat: at.lat ?? 0, lon: at.lon ?? 0 });

test("every place lies within the delivery radius of every kitchen", () => {
  for (const site of kitchenSites) {
    for (const place of places) {
      const away = distanceMeters({ east: 0, north: 0 }, toPoint(site, place));
      expect(away, `${site.name} to ${place.name}`).toBeLessThan(deliveryRadiusMeters);
    }
  }
});

test("a vehicle moves without jumps and never faster than its limit", () => {
  fc.assert(
    fc.property(seeds, vehicles, (seed, deviceId) => {
      const kitchen = world({ seed });
      let before = kitchen.truth(deviceId, midnight + 6 * hour);
      for (let second = 5; second < 9 * 3600; second += 5) {
        const now = kitchen.truth(deviceId, midnight + 6 * hour + second * 1000);
        expect(now["speedKmh"]).toBeLessThanOrEqual(speedKmhMax + 0.001);
        expect(distanceMeters(plane(before), plane(now))).toBeLessThan((speedKmhMax / 3.6) * 5 + 3);
        before = now;
      }
    }),
    { numRuns: 8 },
  );
});

test("its fixes lie near where it is, and creep while it is parked", () => {
  const kitchen = world({ seed: 5 });
  const fixes = readingsOf(kitchen, midnight, midnight + day).filter(
    ({ deviceId }) => deviceId === "vehicle-1",
  );
  for (const { ts, fields } of fixes) {
    const away = distanceMeters(plane(fields), plane(kitchen.truth("vehicle-1", ts)));
    expect(away).toBeLessThan(gpsErrorMetersMax + 0.2);
  }
  const parked = fixes.filter(({ ts }) => ts < midnight + 5 * hour).map(({ fields }) => fields);
  expect(new Set(parked.map(({ lat }) => lat)).size).toBeGreaterThan(10);
  expect(Math.max(...parked.map(({ speedKmh = 0 }) => speedKmh))).toBeLessThan(2);
});

test("it leaves in waves, stands at its stops and is home again", () => {
  fc.assert(
    fc.property(seeds, vehicles, (seed, deviceId) => {
      const kitchen = world({ seed });
      const { trips } = kitchen.day(midnight).vehicle(deviceId);
      expect(trips.map(({ wave }) => wave)).toEqual([1, 2, 3]);
      let freeMs = midnight;
      for (const { departMs, stops, returnMs } of trips) {
        expect(departMs).toBeGreaterThan(freeMs);
        freeMs = departMs;
        for (const { place, arriveMs, leaveMs } of stops) {
          expect(arriveMs).toBeGreaterThan(freeMs);
          expect(leaveMs - arriveMs).toBeGreaterThan(2.9 * 60_000);
          const here = kitchen.truth(deviceId, (arriveMs + leaveMs) / 2);
          expect(distanceMeters(plane(here), plane(place))).toBeLessThan(2);
          expect(here["speedKmh"]).toBe(0);
          freeMs = leaveMs;
        }
        expect(returnMs).toBeGreaterThan(freeMs);
        freeMs = returnMs;
      }
      const [home, night] = [freeMs + hour, midnight - hour].map((ms) =>
        plane(kitchen.truth(deviceId, ms)),
      );
      if (home === undefined || night === undefined) throw new Error("unreachable");
      expect(distanceMeters(home, night)).toBeLessThan(1);
    }),
    { numRuns: 15 },
  );
});

test("roads bend: longer than the bird's way, and the same each day", () => {
  const from = { east: 0, north: 0 };
  const to = { east: 1900, north: -1400 };
  const road = roadBetween(1, from, to);
  const meters = road.reduce(
    (sum, point, at) => sum + (at === 0 ? 0 : distanceMeters(road[at - 1] ?? point, point)),
    0,
  );
  expect(road.length).toBeGreaterThan(4);
  expect(meters / distanceMeters(from, to)).toBeGreaterThan(1.1);
  expect(meters / distanceMeters(from, to)).toBeLessThan(1.7);
  expect(roadBetween(1, from, to)).toEqual(road);
});

test("under a bridge there is no fix, and a late one comes after a newer one now and then", () => {
  const kitchens = [1, 2, 3].map((seed) => world({ seed }));
  const blind = kitchens.flatMap((kitchen) => kitchen.day(midnight).vehicle("vehicle-1").blind);
  expect(blind.length).toBeGreaterThan(0);
  const fixes = kitchens.flatMap((kitchen) => {
    const own = kitchen.day(midnight).vehicle("vehicle-1").blind;
    const sent = readingsOf(kitchen, midnight, midnight + day).filter(
      ({ deviceId }) => deviceId === "vehicle-1",
    );
    for (const { ts } of sent) {
      expect(own.some(({ fromMs, toMs }) => ts >= fromMs && ts < toMs)).toBe(false);
    }
    let newestMs = 0;
    return sent.map(({ ts }) => {
      const isLate = ts < newestMs;
      newestMs = Math.max(newestMs, ts);
      return isLate;
    });
  });
  const share = fixes.filter(Boolean).length / fixes.length;
  // Half a percent, and the backlogs of outages.
  expect(share).toBeGreaterThan(0.001);
  expect(share).toBeLessThan(0.05);
});
