import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Point from "ol/geom/Point.js";
import Graticule from "ol/layer/Graticule.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { cities } from "./cities.ts";
import type { Ground } from "./ground.ts";
import type { MapPalette } from "./map-palette.ts";
import { project } from "./mercator.ts";

/** Served by our own origin, under a name with its hash. */
const fileUrl = new URL("./indonesia.topo.json", import.meta.url);

/** From here on towns that are no capital have their names, too. */
const townZoomMin = 7;

type Basemap = Topology<Record<"indonesia" | "near" | "far", GeometryCollection>>;

/** Indonesia's coasts and provinces, the neighbours, names of towns: no street, and no request. */
export async function openBundledGround(palette: MapPalette): Promise<Ground> {
  const response = await fetch(fileUrl);
  if (!response.ok) throw new Error(`the basemap answers ${response.status}`);
  // Our own file, of the same build.
  const basemap = (await response.json()) as Basemap;
  const land = new VectorLayer({ source: readAreas(basemap) });
  const borders = new VectorLayer({ source: readBorders(basemap) });
  const names = new VectorLayer({ source: placeCities(), declutter: "names" });
  const meridians = new Stroke({ color: palette.grid, width: 1 });
  const graticule = new Graticule({ strokeStyle: meridians, wrapX: false, showLabels: false });
  const ground: Ground = {
    layers: [land, borders, graticule],
    names,
    isDetailed: false,
    restyle(next) {
      land.setStyle(landStyle(next));
      borders.setStyle(new Style({ stroke: new Stroke({ color: next.line, width: 1 }) }));
      names.setStyle(nameStyle(next));
      meridians.setColor(next.grid);
      graticule.changed();
    },
  };
  ground.restyle(palette);
  return ground;
}

/** Polygon by polygon, so that islands out of sight cost nothing. */
function readAreas(basemap: Basemap): VectorSource {
  const format = new GeoJSON({ featureProjection: "EPSG:3857" });
  const source = new VectorSource();
  for (const name of ["far", "near", "indonesia"] as const) {
    const { features } = feature(basemap, basemap.objects[name]);
    for (const { geometry } of features) {
      if (geometry.type !== "Polygon" && geometry.type !== "MultiPolygon") continue;
      const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
      for (const coordinates of parts) {
        source.addFeatures(
          format.readFeatures({ type: "Feature", geometry: { type: "Polygon", coordinates } }),
        );
      }
    }
  }
  return source;
}

/** Lines between provinces, and between countries; thin, since some are older than the law. */
function readBorders(basemap: Basemap): VectorSource {
  const { indonesia, near } = basemap.objects;
  const both: GeometryCollection = {
    type: "GeometryCollection",
    geometries: [...indonesia.geometries, ...near.geometries],
  };
  const lines = mesh(basemap, both, (a, b) => a !== b);
  const format = new GeoJSON({ featureProjection: "EPSG:3857" });
  const features = lines.coordinates.flatMap((coordinates) =>
    format.readFeatures({ type: "Feature", geometry: { type: "LineString", coordinates } }),
  );
  return new VectorSource({ features });
}

function placeCities(): VectorSource {
  const features = cities.map(({ name, isCapital, ...place }) => {
    const { x, y } = project(place);
    return new Feature({ geometry: new Point([x, y]), name, isCapital });
  });
  return new VectorSource({ features });
}

function landStyle({ land, line }: MapPalette): Style {
  const stroke = new Stroke({ color: line, width: 1 });
  return new Style({ fill: new Fill({ color: land }), stroke });
}

function nameStyle({ textQuiet, land, font }: MapPalette) {
  const image = new CircleStyle({ radius: 2, fill: new Fill({ color: textQuiet }) });
  return (city: { get(key: string): unknown }, resolution: number): Style | undefined => {
    const isCapital = city.get("isCapital") === true;
    if (!isCapital && resolution > resolutionAtZero / 2 ** townZoomMin) return undefined;
    const text = new Text({
      text: String(city.get("name")),
      font: `${isCapital ? 500 : 400} 12px ${font}`,
      fill: new Fill({ color: textQuiet }),
      stroke: new Stroke({ color: land, width: 3 }),
      textAlign: "left",
      offsetX: 7,
    });
    return new Style({ text, image, zIndex: isCapital ? 1 : 0 });
  };
}

const resolutionAtZero = 156_543.033_928_04;
