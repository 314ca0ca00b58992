import TileLayer from "ol/layer/Tile.js";
import XYZ from "ol/source/XYZ.js";
import type { Ground } from "./ground.ts";

/** Image tiles of one server; the page's policy names its origin and no other. */
export function openRasterGround(urlTemplate: string): Ground {
  const layer = new TileLayer({ source: new XYZ({ url: urlTemplate, wrapX: false }) });
  // Pictures have the colours that they have.
  return { layers: [layer], names: null, isDetailed: true, restyle: () => undefined };
}
