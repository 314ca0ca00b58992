import * as z from "zod/mini";
import { deviceIdSchema } from "../../devices/browser.ts";
import {
  channelSchema,
  deviceParameter,
  fieldNameSchema,
  readingNameSchema,
  timeMs,
  timeParameter,
  wholeParameter,
} from "./fields.ts";

export const bucketsDefault = 1_000;
const points = { min: 1, max: 5_000, about: "At most this many buckets" };
export const fixesDefault = 5_000;
const fixes = { min: 1, max: 20_000, about: `How many fixes, ${fixesDefault} unless told` };
const value = z.nullable(z.number());

const range = {
  from: z
    .optional(timeParameter)
    .check(z.describe("`from` ≤ t, UTC ms or RFC 3339; 24 hours before `to` unless told")),
  to: z
    .optional(timeParameter)
    .check(z.describe("t < `to`, UTC ms or RFC 3339; five minutes from now unless told")),
};

const series = {
  device: deviceParameter,
  channel: z.prefault(channelSchema, "0"),
  reading: readingNameSchema,
  field: z.optional(fieldNameSchema).check(z.describe("The reading's primary field unless told")),
};

export const readingsQuery = z.strictObject({
  ...series,
  ...range,
  points: z
    .optional(wholeParameter(points))
    .check(z.describe(`At most this many buckets, 1 to 5000; ${bucketsDefault} unless told`)),
});

export const exportQuery = z.strictObject({
  ...series,
  ...range,
  points: z
    .optional(wholeParameter(points))
    .check(z.describe("Buckets, 1 to 5000; left out: raw rows")),
  decimal: z
    .prefault(z.enum(["comma", "point"]), "comma")
    .check(z.describe("How numbers are written; spreadsheets in Indonesian take a comma")),
});

const isDegraded = z
  .boolean()
  .check(z.describe("The newest readings may be missing: ingest did not answer in time"));

export const bucketSchema = z
  .object({
    t: timeMs.check(z.describe("Start of the bucket, or of the range within it: UTC ms")),
    min: value,
    max: value,
    mean: value,
    last: value,
    count: z.int().check(z.describe("Readings without a flag")),
    flagged: z.int().check(z.describe("Readings that are kept out of the values")),
  })
  .check(z.meta({ id: "Bucket" }));

export const readingsSchema = z
  .object({
    deviceId: deviceIdSchema,
    channel: channelSchema,
    reading: readingNameSchema,
    field: fieldNameSchema,
    unit: z.string(),
    fromMs: timeMs,
    toMs: timeMs,
    widthMs: z.int(),
    buckets: z.array(bucketSchema),
    isDegraded,
  })
  .check(z.meta({ id: "Readings" }));

export const trackQuery = z.strictObject({
  device: deviceParameter,
  channel: series.channel,
  ...range,
  limit: z.optional(wholeParameter(fixes)),
});

export const fixSchema = z
  .object({
    t: timeMs,
    lat: z.number(),
    lon: z.number(),
    speedKmh: value,
    headingDeg: value,
    accuracyM: value,
  })
  .check(z.meta({ id: "Fix" }));

export const trackSchema = z
  .object({
    deviceId: deviceIdSchema,
    fromMs: timeMs,
    toMs: timeMs,
    fixes: z.array(fixSchema),
    isCut: z.boolean().check(z.describe("There are more: go on from the last one's time")),
    isDegraded,
  })
  .check(z.meta({ id: "Track" }));
