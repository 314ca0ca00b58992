import { type Flavor, layers, namedFlavor } from "@protomaps/basemaps";
import { stylefunction } from "ol-mapbox-style";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { PMTilesVectorSource } from "ol-pmtiles";
import type { Ground } from "./ground.ts";
import type { MapPalette } from "./map-palette.ts";

/** The name that the style's layers call the file by. */
const sourceName = "protomaps";

/** Streets of a PMTiles file with the Protomaps schema, in our own ground colours. */
export function openPmtilesGround(url: string, palette: MapPalette): Ground {
  const layer = new VectorTileLayer({
    source: new PMTilesVectorSource({ url, wrapX: false }),
    declutter: "names",
  });
  const restyle = (next: MapPalette): void => {
    stylefunction(layer, styleOf(next), sourceName, undefined, undefined, undefined, () => [
      next.font,
    ]);
    layer.changed();
  };
  restyle(palette);
  return { layers: [layer], names: null, isDetailed: true, restyle };
}

/** Without `glyphs` and `sprite`: fonts are the device's own, and nothing is asked elsewhere. */
function styleOf(palette: MapPalette) {
  const { land, water, isDark } = palette;
  const named = namedFlavor(isDark ? "dark" : "light");
  const flavor: Flavor = { ...named, background: water, water, earth: land };
  // Pictures of shops and shields of roads come from a sprite, which we do not load.
  const drawn = layers(sourceName, flavor, { lang: "id" }).filter(
    (one) => !("layout" in one && one.layout !== undefined && "icon-image" in one.layout),
  );
  return { version: 8, sources: { [sourceName]: { type: "vector" } }, layers: drawn };
}
