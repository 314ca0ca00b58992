import * as z from "zod/mini";
import {
  deviceIdSchema,
  readingNames,
  readingSchema,
  sppgIdSchema,
} from "../../devices/browser.ts";

/** What a query or path parameter is: text. Here it becomes what the server works with. */

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
const epochMs = /^\d{1,15}$/;

export const timeParameter = z.pipe(
  z.string().check(
    z.describe("UTC milliseconds since 1970, or RFC 3339 with an offset"),
    z.refine((text) => !Number.isNaN(parseTime(text)), {
      error: "must be UTC milliseconds or RFC 3339 with an offset, e.g. 2026-11-22T19:00:00+07:00",
    }),
  ),
  z.transform(parseTime),
);

/** NaN for what is neither. */
function parseTime(text: string): number {
  if (epochMs.test(text)) return Number(text);
  // A plus that was not percent-encoded arrives as a space.
  const exact = text.replace(/ (?=\d\d:\d\d$)/, "+");
  return rfc3339.test(exact) ? Date.parse(exact) : Number.NaN;
}

export function wholeParameter(range: { min: number; max: number; about: string }) {
  const { min, max, about } = range;
  const isInRange = (text: string) =>
    /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max;
  const error = `must be a whole number of ${min} to ${max}`;
  return z.pipe(
    z.string().check(z.describe(`${about}; ${min} to ${max}`), z.refine(isInRange, { error })),
    z.transform(Number),
  );
}

export const kitchenParams = z.object({ sppgId: sppgIdSchema });
export const deviceParameter = deviceIdSchema;
export const channelSchema = readingSchema.shape.channel;
export const readingNameSchema = z.enum(readingNames);
export const fieldNameSchema = z.string().check(z.regex(/^[a-z][A-Za-z0-9]{0,31}$/));

export const timeMs = z.int().check(z.describe("UTC milliseconds since 1970"));

/** One line or several, as a person writes it; kept as it is, and escaped wherever it is shown. */
export const freeText = z.string().check(z.trim(), z.minLength(1), z.maxLength(2_000));
