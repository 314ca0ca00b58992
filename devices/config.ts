import * as z from "zod";
import type { ErrorFacts } from "./errors.ts";
import { CodedError } from "./records/errors.ts";

export const configErrors = {
  /** Environment variables are wrong: the message names each. */
  DEVICES_CONFIG_INVALID: { class: "input", status: 500, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

const defaults = {
  NADI_DATA_DIR: "./data",
  NADI_MQTT_HOST: "127.0.0.1",
  NADI_MQTT_PORT: 1883,
} as const;

/** What the commands for kitchens, devices and people read; `.env.example` is kept in step. */
export const devicesConfigSchema = z.object({
  NADI_DATA_DIR: z
    .string()
    .default(defaults.NADI_DATA_DIR)
    .describe("Folder of the journal, the records and the readings."),
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
});

export interface DevicesConfig {
  readonly dataDir: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
}

/** Pure; reports all bad keys at once. An empty variable counts as one that is not set. */
export function loadDevicesConfig(
  env: Readonly<Record<string, string | undefined>>,
): DevicesConfig {
  const present = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  const result = devicesConfigSchema.safeParse(Object.fromEntries(present));
  if (!result.success) {
    const clauses = result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new CodedError("DEVICES_CONFIG_INVALID", configErrors.DEVICES_CONFIG_INVALID, {
      message: `The environment is wrong: ${clauses.join("; ")}.`,
    });
  }
  const { NADI_DATA_DIR, NADI_MQTT_HOST, NADI_MQTT_PORT } = result.data;
  return Object.freeze({
    dataDir: NADI_DATA_DIR,
    mqttHost: NADI_MQTT_HOST,
    mqttPort: NADI_MQTT_PORT,
  });
}
