import Feature from "ol/Feature.js";
import LineString from "ol/geom/LineString.js";
import Point from "ol/geom/Point.js";
import Polygon from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { MapPalette } from "./map-palette.ts";
import type { MapSite, Place, Trail } from "./map-port.ts";
import { circleAround, destination, project } from "./mercator.ts";
import { withAlpha } from "./with-alpha.ts";

/** Rings round a kitchen: the programme lets it deliver within 6 km. */
export const ringKilometers = [1, 2, 4, 6] as const;
/** Where a ring has its length written, clockwise from north: below the rings' usual middle. */
const ringLabelDeg = 150;
/** Kitchens have their names from here on; farther out they would cover each other. */
const nameResolutionMax = 600;
const iconPixels = 26;

/** Kitchens with their rings, and the trail of one vehicle. */
export class SiteLayer {
  readonly #rings = new VectorSource();
  readonly #kitchens = new VectorSource();
  readonly #trail = new VectorSource();
  readonly #ringLayer = new VectorLayer({ source: this.#rings });
  readonly #trailLayer = new VectorLayer({ source: this.#trail, updateWhileInteracting: true });
  readonly #kitchenLayer = new VectorLayer({ source: this.#kitchens, declutter: "kitchens" });
  /** The lowest first. */
  readonly layers = [this.#ringLayer, this.#trailLayer, this.#kitchenLayer];
  #isDetailed = false;

  setSites(sites: readonly MapSite[]): void {
    this.#rings.clear();
    this.#kitchens.clear();
    for (const site of sites) {
      this.#kitchens.addFeature(new Feature({ geometry: pointAt(site), label: site.label }));
      if (!site.hasRings) continue;
      for (const kilometers of ringKilometers.toReversed()) {
        const meters = kilometers * 1_000;
        const geometry = new Polygon([circleAround(site, meters).map(toMap)]);
        const label = pointAt(destination(site, meters, ringLabelDeg));
        this.#rings.addFeature(new Feature({ geometry }));
        this.#rings.addFeature(new Feature({ geometry: label, label: `${kilometers} km` }));
      }
    }
  }

  setTrail(trail: Trail): void {
    this.#trail.clear();
    const lines = trail.filter((places) => places.length > 1);
    this.#trail.addFeatures(
      lines.map((places) => new Feature({ geometry: new LineString(places.map(toMap)) })),
    );
  }

  /** `isDetailed`: there are streets below, which rings must not cover. */
  restyle(palette: MapPalette, isDetailed = this.#isDetailed): void {
    this.#isDetailed = isDetailed;
    this.#ringLayer.setStyle(ringStyle(palette, isDetailed));
    this.#trailLayer.setStyle(trailStyle(palette));
    this.#kitchenLayer.setStyle(kitchenStyle(palette));
  }
}

function toMap(place: Place): [number, number] {
  const { x, y } = project(place);
  return [x, y];
}

function pointAt(place: Place): Point {
  return new Point(toMap(place));
}

function ringStyle(palette: MapPalette, isDetailed: boolean) {
  const { surface, border, textQuiet, land, font } = palette;
  const stroke = new Stroke({ color: withAlpha(border, 0.5), width: 1 });
  const fill = isDetailed ? {} : { fill: new Fill({ color: withAlpha(surface, 0.33) }) };
  const ring = new Style({ stroke, ...fill });
  return (feature: { get(key: string): unknown }): Style => {
    const label = feature.get("label");
    if (typeof label !== "string") return ring;
    const text = new Text({
      text: label,
      font: `400 12px ${font}`,
      fill: new Fill({ color: textQuiet }),
      stroke: new Stroke({ color: isDetailed ? surface : land, width: 4 }),
    });
    return new Style({ text });
  };
}

function trailStyle({ trail }: MapPalette): Style {
  const stroke = new Stroke({ color: withAlpha(trail, 0.55), width: 3.5, lineCap: "round" });
  return new Style({ stroke });
}

function kitchenStyle({ text: ink, surface, font }: MapPalette) {
  const size = { width: iconPixels, height: iconPixels };
  // Names make room for each other; a kitchen itself is always there.
  const image = new Icon({ img: drawKitchen(ink, surface), ...size, declutterMode: "none" });
  return (site: { get(key: string): unknown }, resolution: number): Style => {
    if (resolution > nameResolutionMax) return new Style({ image });
    const text = new Text({
      text: String(site.get("label")),
      font: `600 13px ${font}`,
      fill: new Fill({ color: ink }),
      stroke: new Stroke({ color: surface, width: 4 }),
      // Beside it stand vehicles with their names.
      offsetY: iconPixels + 2,
    });
    return new Style({ image, text });
  };
}

/** A filled square with a pot; twice as large as it is shown, for fine screens. */
function drawKitchen(ground: string, ink: string): HTMLCanvasElement {
  const image = document.createElement("canvas");
  image.width = image.height = iconPixels * 2;
  const context = image.getContext("2d");
  if (context === null) throw new Error("this browser gives no 2D canvas");
  context.scale(image.width / 24, image.height / 24);
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(0.5, 0.5, 23, 23, 5);
  context.fill();
  context.strokeStyle = ink;
  context.lineWidth = 1.6;
  context.lineCap = context.lineJoin = "round";
  context.stroke(new Path2D("M6.5 10.5h11v4.5a3 3 0 0 1-3 3h-5a3 3 0 0 1-3-3z M4 10.5h16"));
  context.stroke(new Path2D("M9.5 5c-.7 1 .7 1.6 0 2.7M14.5 5c-.7 1 .7 1.6 0 2.7"));
  return image;
}
