import * as z from "zod/mini";
import { alertSchema, sppgIdSchema } from "../../devices/browser.ts";
import { freeText, kitchenParams, timeParameter, wholeParameter } from "./fields.ts";

export const alertRowSchema = z
  .extend(alertSchema, {
    sppgId: sppgIdSchema,
    domain: z.enum(["production", "distribution", "inventory"]),
    note: z.nullable(z.string()),
    clearedBy: z.nullable(z.enum(["value", "person", "rule"])),
    isResolved: z.boolean().check(z.describe("Cleared and acknowledged")),
    changeCount: z.int().check(z.describe("Raised by each change; quoted, it is the ETag")),
  })
  .check(z.meta({ id: "Alert" }));

export const alertsSchema = z.object({
  alerts: z.array(alertRowSchema),
  nextCursor: z.nullable(z.string()).check(z.describe("For the page behind this one")),
});

const alertsLimit = { min: 1, max: 500, about: "How many alerts, 100 unless told" };

export const alertsQuery = z.strictObject({
  state: z.prefault(z.enum(["open", "resolved", "all"]), "open"),
  severity: z.optional(z.enum(["warning", "critical"])),
  from: z.optional(timeParameter),
  to: z.optional(timeParameter),
  cursor: z.optional(z.string().check(z.maxLength(200))),
  limit: z.optional(wholeParameter(alertsLimit)),
});

export const alertParams = z.extend(kitchenParams, {
  alertId: z.string().check(z.regex(/^[A-Za-z0-9_.:-]{1,64}$/)),
});

export const acknowledgeBody = z.strictObject({ note: z.optional(z.nullable(freeText)) });

export const resolveBody = z.strictObject({
  note: z.optional(z.nullable(freeText)),
  correctiveAction: z
    .optional(z.nullable(freeText))
    .check(z.describe("What was done about the food and its cause; a critical alert needs it")),
});
