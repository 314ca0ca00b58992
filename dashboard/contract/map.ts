import * as z from "zod/mini";

/** What lies under the vehicles on the map, as the operator has configured it. */
export const mapSchema = z
  .object({
    ground: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("bundled") }),
      z.object({
        kind: z.literal("pmtiles"),
        url: z.string().check(z.describe("Answers ranges of the file, to who is signed in")),
      }),
      z.object({
        kind: z.literal("raster"),
        urlTemplate: z.string().check(z.describe("With {z}, {x} and {y}")),
      }),
    ]),
    attribution: z.string().check(z.describe("Whose data it is; shown on the map")),
  })
  .check(z.meta({ id: "Map" }));
