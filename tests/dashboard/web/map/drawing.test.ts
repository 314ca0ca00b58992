import { expect, test } from "vitest";
import { clusterVehicles } from "../../../../dashboard/web/map/clusters.ts";
import { FreeRoom } from "../../../../dashboard/web/map/free-room.ts";
import { withAlpha } from "../../../../dashboard/web/map/with-alpha.ts";
import {
  bearingDeg,
  circleAround,
  destination,
  distanceMeters,
  project,
  unproject,
} from "../../../../dashboard/web/map/mercator.ts";
import { scaleFor } from "../../../../dashboard/web/map/scale-length.ts";
import { ScreenGrid } from "../../../../dashboard/web/map/screen-grid.ts";

const jakarta = { lat: -6.1754, lon: 106.8272 };
const surabaya = { lat: -7.2459, lon: 112.7378 };

test("distances and directions are those of the ground", () => {
  // A degree of a meridian of the sphere of mean radius, which is 111.195 km.
  expect(distanceMeters({ lat: 0, lon: 100 }, { lat: 1, lon: 100 })).toBeCloseTo(111_195, -1);
  expect(distanceMeters(jakarta, jakarta)).toBe(0);
  expect(bearingDeg({ lat: 0, lon: 100 }, { lat: 0, lon: 101 })).toBeCloseTo(90, 6);
  expect(bearingDeg({ lat: 1, lon: 100 }, { lat: 0, lon: 100 })).toBeCloseTo(180, 6);
  const meters = distanceMeters(jakarta, surabaya);
  const there = destination(jakarta, meters, bearingDeg(jakarta, surabaya));
  expect(there.lat).toBeCloseTo(surabaya.lat, 6);
  expect(there.lon).toBeCloseTo(surabaya.lon, 6);
});

test("a place comes back from the map as it went in, and the poles stay on it", () => {
  const back = unproject(project(jakarta));
  expect(back.lat).toBeCloseTo(jakarta.lat, 9);
  expect(back.lon).toBeCloseTo(jakarta.lon, 9);
  // EPSG:3857 of 180 degrees, from its own definition.
  expect(project({ lat: 0, lon: 180 }).x).toBeCloseTo(20_037_508.342_789, 3);
  expect(project({ lat: 90, lon: 0 }).y).toBeCloseTo(20_037_508.342_789, 0);
});

test("every corner of a ring is as far from the kitchen as the ring says", () => {
  const ring = circleAround(jakarta, 6_000);
  expect(ring[0]?.lat).toBeCloseTo(ring.at(-1)?.lat ?? 0, 9);
  for (const corner of ring) expect(distanceMeters(jakarta, corner)).toBeCloseTo(6_000, 2);
});

test("the scale is a round length that fits", () => {
  expect(scaleFor(10)).toEqual({ meters: 1_000, pixels: 100 });
  expect(scaleFor(5)).toEqual({ meters: 500, pixels: 100 });
  expect(scaleFor(1.9)).toEqual({ meters: 200, pixels: 200 / 1.9 });
  expect(scaleFor(4_000).meters).toBe(200_000);
});

test("a press finds what is within a finger's reach, the nearest first", () => {
  const x = Float32Array.of(100, 110, 130, 400);
  const y = Float32Array.of(100, 100, 100, 100);
  const grid = new ScreenGrid({ x, y, visible: [0, 1, 2, 3] });
  expect(grid.near(109, 100)).toEqual([1, 0, 2]);
  expect(grid.near(100, 121)).toEqual([0]);
  expect(grid.near(100, 123)).toEqual([]);
  expect(grid.near(395, 105)).toEqual([3]);
});

test("what is out of view can't be pressed, and the edge of the screen is no border", () => {
  const grid = new ScreenGrid({
    x: Float32Array.of(-10, 200),
    y: Float32Array.of(-10, 200),
    visible: [0],
  });
  expect(grid.near(0, 0)).toEqual([0]);
  expect(grid.near(200, 200)).toEqual([]);
});

test("vehicles of one square of the ground are one cluster, in the middle of them", () => {
  const drawn = {
    count: 4,
    x: Float64Array.of(10, 30, 110, 10, 9_999),
    y: Float64Array.of(10, 50, 10, -10, 9_999),
    headingDeg: new Float32Array(5),
    state: new Uint8Array(5),
  };
  const clusters = clusterVehicles(drawn, 100);
  // West and south of the origin begins another square; what is not counted is not there.
  expect(clusters).toEqual([
    { x: 20, y: 30, indices: [0, 1] },
    { x: 110, y: 10, indices: [2] },
    { x: 10, y: -10, indices: [3] },
  ]);
});

test("names that would cover each other are left out", () => {
  const room = new FreeRoom();
  const box = { left: 0, top: 0, width: 50, height: 20 };
  expect(room.take(box)).toBe(true);
  expect(room.take({ ...box, left: 49, top: 19 })).toBe(false);
  expect(room.take({ ...box, left: 50 })).toBe(true);
});

test("a colour is seen through also in the short form that a build makes of it", () => {
  expect(withAlpha("#ffffff", 0.5)).toBe("#ffffff80");
  expect(withAlpha("#fff", 0.5)).toBe("#ffffff80");
  expect(withAlpha("#2a48a0", 0.01)).toBe("#2a48a003");
});
