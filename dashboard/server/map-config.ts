import * as z from "zod";

/** Three words and a year fit; it stands in one line at the map's foot. */
const attributionCharactersMax = 120;

/** The environment of the map; part of `httpConfigShape`. */
export const mapConfigShape = {
  NADI_MAP_PMTILES: z
    .string()
    .optional()
    .describe("Path of a PMTiles file (vector tiles, Protomaps schema): the map shows streets"),
  NADI_MAP_TILES_URL: z
    .string()
    .refine(isTileTemplate, "must be an address like https://tiles.example/{z}/{x}/{y}.png")
    .optional()
    .describe("Image tiles for the map instead, with {z}, {x} and {y}; browsers ask that server"),
  NADI_MAP_ATTRIBUTION: z
    .string()
    .max(attributionCharactersMax)
    .optional()
    .describe("Whose map it is, as shown on it; OpenStreetMap for a PMTiles file unless set"),
};

export type MapConfig = (
  | { readonly kind: "bundled" }
  | { readonly kind: "pmtiles"; readonly file: string }
  /** `origin` is what the page's policy lets images come from. */
  | { readonly kind: "raster"; readonly urlTemplate: string; readonly origin: string }
) & { readonly attribution: string };

type MapEnvironment = z.output<z.ZodObject<typeof mapConfigShape>>;

/** What is wrong with it beyond single keys. */
export function findMapProblem(values: MapEnvironment): { key: string; message: string } | null {
  if (values.NADI_MAP_PMTILES === undefined || values.NADI_MAP_TILES_URL === undefined) return null;
  return { key: "NADI_MAP_TILES_URL", message: "stands beside NADI_MAP_PMTILES: set one of them" };
}

export function readMapConfig(values: MapEnvironment): MapConfig {
  const { NADI_MAP_PMTILES: file, NADI_MAP_TILES_URL: urlTemplate } = values;
  const attribution = values.NADI_MAP_ATTRIBUTION;
  if (file !== undefined) {
    // The licence of its data (ODbL) asks for it.
    const named = attribution ?? "© OpenStreetMap (ODbL) · Protomaps";
    return Object.freeze({ kind: "pmtiles", file, attribution: named });
  }
  if (urlTemplate !== undefined) {
    const { origin, host } = new URL(fillIn(urlTemplate));
    const named = attribution ?? host;
    return Object.freeze({ kind: "raster", urlTemplate, origin, attribution: named });
  }
  return Object.freeze({ kind: "bundled", attribution: attribution ?? "Natural Earth" });
}

/** One server, each of the three numbers once, and no password that every browser would learn. */
function isTileTemplate(text: string): boolean {
  const url = URL.parse(fillIn(text));
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  if (url.username !== "" || url.password !== "" || /[{}]/.test(fillIn(text))) return false;
  const [scheme = "", rest = ""] = text.split("://");
  const [host = ""] = rest.split("/");
  return !/[{}]/.test(scheme + host) && ["{z}", "{x}", "{y}"].every((name) => text.includes(name));
}

function fillIn(template: string): string {
  return template.replace("{z}", "0").replace("{x}", "0").replace("{y}", "0");
}
