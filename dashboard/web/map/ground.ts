import type BaseLayer from "ol/layer/Base.js";
import type { MapPalette } from "./map-palette.ts";

/** What lies under the vehicles. */
export type GroundSource =
  | { kind: "bundled" }
  /** A PMTiles file of our own server, in vector tiles of the Protomaps schema or as images. */
  | { kind: "pmtiles"; url: string }
  /** Image tiles; `{z}`, `{x}` and `{y}` are filled in. */
  | { kind: "raster"; urlTemplate: string };

export interface Ground {
  /** The lowest first. */
  layers: readonly BaseLayer[];
  /** What is written on it, above rings; `null`: it is among the layers. */
  names: BaseLayer | null;
  /** Has streets and areas of its own: what stands above it must not cover it. */
  isDetailed: boolean;
  restyle(palette: MapPalette): void;
}

/** Loads what the source needs, and only that. Rejects if it can't be had. */
export async function openGround(source: GroundSource, palette: MapPalette): Promise<Ground> {
  switch (source.kind) {
    case "bundled": {
      const { openBundledGround } = await import("./bundled-ground.ts");
      return openBundledGround(palette);
    }
    case "pmtiles": {
      const { openPmtilesGround } = await import("./pmtiles-ground.ts");
      return openPmtilesGround(source.url, palette);
    }
    case "raster": {
      const { openRasterGround } = await import("./raster-ground.ts");
      return openRasterGround(source.urlTemplate);
    }
    default:
      return source satisfies never;
  }
}
