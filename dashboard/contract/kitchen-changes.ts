import * as z from "zod/mini";
import { kitchenTimeZones, sppgIdSchema } from "../../devices/browser.ts";
import { kitchenSchema } from "./kitchens.ts";
import { timeMs } from "./fields.ts";

export const kitchenVersionSchema = z
  .object({
    ...kitchenSchema.shape,
    createdAtMs: timeMs,
    version: z
      .int()
      .check(z.describe("Raised by each change; quoted, it is the ETag, and `expectedVersion`")),
  })
  .check(z.meta({ id: "KitchenVersion" }));

/** One line: it is shown on screens and in terminals. The registry has the same rule. */
const kitchenName = z
  .string()
  .check(
    z.trim(),
    z.minLength(1),
    z.maxLength(200),
    z.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "must be one line of printable characters"),
  );

/** Degrees (WGS 84), both or neither; the registry says more of what is no place. */
const place = {
  latitude: z.optional(z.nullable(z.number().check(z.minimum(-90), z.maximum(90)))),
  longitude: z.optional(z.nullable(z.number().check(z.minimum(-180), z.maximum(180)))),
};

export const addKitchenBody = z
  .strictObject({
    sppgId: sppgIdSchema,
    name: kitchenName,
    timeZone: z.enum(kitchenTimeZones),
    ...place,
  })
  .check(z.meta({ id: "NewKitchen" }));

export const putKitchenBody = z
  .strictObject({
    name: kitchenName,
    timeZone: z.enum(kitchenTimeZones),
    ...place,
    expectedVersion: z.optional(z.int().check(z.minimum(1))),
  })
  .check(z.meta({ id: "KitchenChange" }));
