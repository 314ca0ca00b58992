import * as z from "zod/mini";
import {
  codecNames,
  deviceIdSchema,
  deviceKinds,
  devicePlaces,
  kitchenTimeZones,
  liveReadingSchema,
  positionPattern,
  sppgIdSchema,
} from "../../devices/browser.ts";
import { alertRowSchema } from "./alerts.ts";
import { timeMs } from "./fields.ts";

export const kitchenSchema = z
  .object({
    sppgId: sppgIdSchema,
    name: z.string(),
    timeZone: z.enum(kitchenTimeZones),
    latitude: z.nullable(z.number()).check(z.describe("Degrees (WGS 84); `null`: nobody has said")),
    longitude: z.nullable(z.number()),
  })
  .check(z.meta({ id: "Kitchen" }));

const count = z.int().check(z.minimum(0));

const openAlerts = z
  .object({ open: count, critical: count, unacknowledged: count })
  .check(z.describe("How many are open, and of them critical or unacknowledged"));

const listedKitchen = z
  .object({ ...kitchenSchema.shape, openAlerts })
  .check(z.meta({ id: "ListedKitchen" }));

export const kitchensSchema = z.object({ kitchens: z.array(listedKitchen) });

const deviceShape = {
  deviceId: deviceIdSchema,
  name: z.nullable(z.string()).check(z.describe("What people call it; `null`: by place and id")),
  kind: z.enum(deviceKinds),
  place: z.nullable(z.enum(devicePlaces)),
  codec: z.nullable(z.enum(codecNames)),
  gatewayId: z.nullable(deviceIdSchema),
  enabled: z.boolean(),
  expectedIntervalSeconds: z.int(),
  createdAtMs: timeMs,
  version: z.int().check(z.describe("Grows with each change; quoted, it is the ETag")),
};

export const deviceSchema = z.object(deviceShape).check(z.meta({ id: "Device" }));

export const devicesSchema = z.object({ devices: z.array(deviceSchema) });

export const heardDeviceSchema = z
  .object({
    ...deviceShape,
    lastHeardAtMs: z
      .nullable(timeMs)
      .check(z.describe("When its newest value was received; `null`: none is known")),
  })
  .check(z.meta({ id: "HeardDevice" }));

export const latestReadingSchema = z
  .extend(liveReadingSchema, { receivedTimeMs: timeMs })
  .check(z.meta({ id: "LatestReading" }));

export const snapshotSchema = z
  .object({
    kitchen: kitchenSchema,
    position: z
      .string()
      .check(
        z.regex(positionPattern),
        z.describe("Live values at or below it are older than this; alerts merge by their id"),
      ),
    devices: z.array(heardDeviceSchema),
    latest: z.array(latestReadingSchema),
    alerts: z.array(alertRowSchema).check(z.describe("Open ones, newest first")),
    hasMoreAlerts: z.boolean(),
  })
  .check(z.meta({ id: "Snapshot" }));
