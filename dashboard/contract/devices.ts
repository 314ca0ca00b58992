import * as z from "zod/mini";
import {
  codecNames,
  deviceIdSchema,
  deviceKinds,
  devicePlaces,
  sppgIdSchema,
} from "../../devices/browser.ts";
import { kitchenParams, timeMs } from "./fields.ts";
import { deviceSchema } from "./kitchens.ts";

export const deviceParams = z.extend(kitchenParams, { deviceId: deviceIdSchema });

/** As the registry has it, which checks again: one line that fits the cell of a table. */
export const deviceNameCharactersMax = 60;
export const intervalSecondsMax = 31_536_000;

const deviceName = z.string().check(
  z.trim(),
  z.minLength(1),
  z.maxLength(deviceNameCharactersMax),
  z.refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), {
    error: "must be one line of printable characters",
  }),
);
const intervalSeconds = z.int().check(z.minimum(1), z.maximum(intervalSecondsMax));

export const addDeviceBody = z.strictObject({
  deviceId: deviceIdSchema,
  name: z.optional(z.nullable(deviceName)),
  kind: z.enum(deviceKinds),
  place: z
    .optional(z.nullable(z.enum(devicePlaces)))
    .check(z.describe("Left out: by kind; `null`: nowhere that a screen shows")),
  codec: z
    .optional(z.nullable(z.enum(codecNames)))
    .check(z.describe("Its maker's format, beside Nadi's own JSON")),
  gatewayId: z
    .optional(z.nullable(deviceIdSchema))
    .check(z.describe("The gateway that publishes for it")),
  expectedIntervalSeconds: z
    .optional(intervalSeconds)
    .check(z.describe("How often a reading is due; left out: by kind")),
});

export const editDeviceBody = z.strictObject({
  name: z.optional(z.nullable(deviceName)),
  place: z.optional(z.nullable(z.enum(devicePlaces))),
  expectedIntervalSeconds: z.optional(intervalSeconds),
  expectedVersion: z
    .optional(z.int().check(z.minimum(0)))
    .check(z.describe("The version that was seen, unless If-Match says it")),
});

export const overlapSecondsMax = 86_400;

export const rotateDeviceBody = z.strictObject({
  overlapSeconds: z
    .prefault(z.int().check(z.minimum(0), z.maximum(overlapSecondsMax)), 600)
    .check(z.describe("How long the old secret is still taken; 0: it ends now")),
});

export const emptyBody = z.strictObject({});

export const deviceLoginSchema = z
  .object({
    sppgId: sppgIdSchema,
    deviceId: deviceIdSchema,
    clientId: z.string(),
    username: z.string(),
    password: z.string().check(z.describe("Shown only now; Nadi keeps its hash")),
    topic: z.string().check(z.describe("Where its first reading goes, as Nadi's own JSON")),
  })
  .check(z.meta({ id: "DeviceLogin" }));

/** The keys of `login` are those of `nadi device add --json`. */
export const issuedDeviceSchema = z.object({ device: deviceSchema, login: deviceLoginSchema });

const count = z.int().check(z.minimum(0));

export const deviceStatusSchema = z
  .object({
    deviceId: deviceIdSchema,
    receivedTimeMs: z
      .nullable(timeMs)
      .check(z.describe("When its last message came, whatever it was; `null`: never")),
    eventTimeMs: z
      .nullable(timeMs)
      .check(z.describe("When its newest good reading happened, by its own clock if it has one")),
    presence: z
      .nullable(z.object({ isOnline: z.boolean(), sinceMs: timeMs }))
      .check(
        z.describe(
          "Its own connection; `null`: none known, as of a gateway's child, before its first " +
            "since Nadi began, and with NADI_MQTT_URL always: the cluster does not tell",
        ),
      ),
    batteryPct: z.nullable(z.number()),
    messagesPerMinute: z
      .nullable(z.number())
      .check(z.describe("Over the last hour, or since it was first heard; `null`: never heard")),
    deadLetters: z.object({
      total: count.check(z.describe("All that there ever were")),
      kept: count.check(z.describe("Of the newest, which can be listed")),
      newestAtMs: z.nullable(timeMs),
    }),
  })
  .check(z.meta({ id: "DeviceStatus" }));

export const mqttDoorSchema = z
  .object({
    host: z.string().check(z.describe("As the caller reaches it")),
    port: z.int(),
    tlsPort: z.nullable(z.int()),
    isLoopbackOnly: z
      .boolean()
      .check(z.describe("Only this machine itself reaches it: NADI_MQTT_HOST opens it")),
  })
  .check(z.meta({ id: "MqttDoor" }));

export const deviceStatusesSchema = z.object({
  statuses: z.array(deviceStatusSchema),
  unknownChildren: z
    .array(z.object({ gatewayId: deviceIdSchema, childId: deviceIdSchema, newestAtMs: timeMs }))
    .check(z.describe("Devices that a gateway speaks of and nobody has added below it")),
  mqtt: mqttDoorSchema,
});

/** A kept session, which a command may wait in, lives no longer. */
export const commandSecondsMax = 86_400;
export const commandPayloadBytesMax = 4_096;

export const sendCommandBody = z.strictObject({
  name: z
    .string()
    .check(
      z.regex(/^[A-Za-z0-9_-]{1,64}$/),
      z.describe("The last level of the topic: what the device is to do"),
    ),
  payload: z
    .optional(z.unknown())
    .check(z.describe(`Any JSON of at most ${commandPayloadBytesMax} bytes and 16 levels`)),
  expiresInSeconds: z
    .prefault(z.int().check(z.minimum(1), z.maximum(commandSecondsMax)), 60)
    .check(z.describe("From then on it is delivered to nobody")),
});

export const sentCommandSchema = z
  .object({
    commandId: z.string().check(z.describe("Also in the message: the same twice is one command")),
    topic: z.string(),
    expiresAtMs: timeMs,
    delivery: z
      .enum(["handed", "waiting", "dropped", "nobody"])
      .check(
        z.describe(
          "`handed` to a connected session; `waiting` in a session whose device is away or busy, " +
            "or at the cluster of NADI_MQTT_URL, which does not tell more; `dropped`, because " +
            "there was no room, or the cluster has not answered; `nobody` listens",
        ),
      ),
  })
  .check(z.meta({ id: "SentCommand" }));
