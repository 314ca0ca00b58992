import * as z from "zod";
import { type Environment, parseEnvironment } from "./environment.ts";

const defaults = {
  NADI_DATA_DIR: "./data",
  NADI_MQTT_HOST: "127.0.0.1",
  NADI_MQTT_PORT: 1883,
} as const;

/** Never says the value: it holds a password. */
export const databaseUrlSchema = z
  .string()
  .refine(isDatabaseUrl, "must be postgres://user:password@host:port/database");

function isDatabaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  return /^postgres(ql)?:$/.test(protocol) && hostname !== "" && pathname.length > 1;
}

/** Never says the value: it may hold a password. */
export const mqttUrlSchema = z
  .string()
  .refine(isMqttUrl, "must be mqtt://… or mqtts://… with a host, without path, query or fragment");

function isMqttUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  const isBare = /^\/?$/.test(pathname) && search === "" && hash === "";
  return (
    /^mqtts?:$/.test(protocol) && hostname !== "" && isBare && isDecodable(username + password)
  );
}

function isDecodable(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    // A lone "%" in a user or a password; the message says what is expected.
    return false;
  }
}

/** Where an MQTT broker is. */
export interface MqttAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Of a URL that `mqttUrlSchema` has accepted. */
export function mqttAddressOf(text: string): MqttAddress {
  const url = new URL(text);
  const isTls = url.protocol === "mqtts:";
  const port = url.port === "" ? (isTls ? 8883 : 1883) : Number(url.port);
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port, isTls };
}

/** What the commands for kitchens, devices and people read; `.env.example` is kept in step. */
export const devicesConfigSchema = z.object({
  NADI_DATA_DIR: z
    .string()
    .default(defaults.NADI_DATA_DIR)
    .describe("Folder of the journal, the records and the readings."),
  NADI_DATABASE_URL: databaseUrlSchema
    .optional()
    .describe(
      "PostgreSQL of the records (kitchens, devices, people, rules, alerts): " +
        "postgres://user:password@host:port/database; unset: SQLite in NADI_DATA_DIR.",
    ),
  NADI_MQTT_HOST: z
    .string()
    .default(defaults.NADI_MQTT_HOST)
    .describe("Address that the MQTT listener binds to; loopback until you set it."),
  NADI_MQTT_PORT: z.coerce
    .number("must be a port number")
    .int("must be a whole number")
    .min(0, "must be 0 to 65535")
    .max(65_535, "must be 0 to 65535")
    .default(defaults.NADI_MQTT_PORT)
    .describe("TCP port of the MQTT listener; 0 picks a free one."),
  NADI_MQTT_DEVICES_URL: mqttUrlSchema
    .optional()
    .describe(
      "Where devices connect, as pages and commands show it: mqtt://host:1883 or " +
        "mqtts://host:8883; unset: NADI_MQTT_URL, or else NADI_MQTT_HOST and NADI_MQTT_PORT. " +
        "`--role dashboard` does not know the brokers' address and needs it.",
    ),
});

export interface DevicesConfig {
  readonly dataDir: string;
  /** `undefined`: SQLite in the data folder. */
  readonly databaseUrl: string | undefined;
  readonly mqttHost: string;
  readonly mqttPort: number;
  /** `NADI_MQTT_DEVICES_URL`; `null`: the listener's own address. */
  readonly devicesAddress: MqttAddress | null;
}

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadDevicesConfig(env: Environment): DevicesConfig {
  const values = parseEnvironment(devicesConfigSchema, env);
  const { NADI_MQTT_DEVICES_URL: devicesUrl } = values;
  return Object.freeze({
    dataDir: values.NADI_DATA_DIR,
    databaseUrl: values.NADI_DATABASE_URL,
    mqttHost: values.NADI_MQTT_HOST,
    mqttPort: values.NADI_MQTT_PORT,
    devicesAddress: devicesUrl === undefined ? null : Object.freeze(mqttAddressOf(devicesUrl)),
  });
}
