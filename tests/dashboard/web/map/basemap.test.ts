import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { expect, test } from "vitest";
import { cities } from "../../../../dashboard/web/map/cities.ts";
import type { Place } from "../../../../dashboard/web/map/map-port.ts";
import { distanceMeters } from "../../../../dashboard/web/map/mercator.ts";
import { basemapFile, makeBasemap } from "../../../support/basemap.ts";

/** What the map may cost a phone before its first tile; 1 KB is 1024 bytes. */
const gzipBytesMax = 40 * 1024;

const text = readFileSync(basemapFile, "utf8");
const basemap = JSON.parse(text) as Topology<Record<string, GeometryCollection>>;

test("the bundled map is what its generator makes of the packages", async () => {
  const made = await makeBasemap();
  expect(made === text, "run: node tests/support/make-basemap.ts").toBe(true);
});

test("it is small, and says no name of a border that the law has changed since", () => {
  expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(gzipBytesMax);
  for (const { geometries } of Object.values(basemap.objects)) {
    expect(geometries.filter(({ properties }) => properties !== undefined)).toEqual([]);
  }
});

test("all 38 capitals and every town stand on Indonesian ground, or in a harbour of it", () => {
  expect(cities.filter(({ isCapital }) => isCapital)).toHaveLength(38);
  expect(new Set(cities.map(({ name }) => name)).size).toBe(cities.length);
  const { indonesia } = basemap.objects;
  if (indonesia === undefined) throw new Error("there is no Indonesia");
  const rings = feature(basemap, indonesia).features.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : [],
  );
  /** Coasts are simplified, and small islands are left out. */
  const harbourMeters = 25_000;
  const elsewhere = cities.filter((city) => {
    const isInside = rings.some((ring) => isWithin(ring, city));
    const isNear = shoreMeters(city, rings) < harbourMeters;
    return !isInside && !isNear;
  });
  expect(elsewhere).toEqual([]);
});

/** Metres to the nearest corner of a coast. */
function shoreMeters(city: Place, rings: readonly GeoJSON.Position[][]): number {
  const distances = rings.flatMap((corners) =>
    corners.map(([lon = 0, lat = 0]) => distanceMeters(city, { lat, lon })),
  );
  return distances.reduce((least, distance) => Math.min(least, distance), Infinity);
}

/** By the crossings of a line to the east: odd within. */
function isWithin(corners: readonly GeoJSON.Position[], { lat, lon }: Place): boolean {
  let isInside = false;
  for (const [at, [x = 0, y = 0]] of corners.entries()) {
    const [fromX = 0, fromY = 0] = corners.at(at - 1) ?? [];
    if (y > lat === fromY > lat) continue;
    if (lon < ((fromX - x) * (lat - y)) / (fromY - y) + x) isInside = !isInside;
  }
  return isInside;
}
