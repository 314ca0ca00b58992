import * as z from "zod";
import { devicesConfigSchema, type Environment, parseEnvironment } from "../devices/index.ts";
import { redisUrl } from "./redis-url.ts";

const port = z.coerce
  .number("must be a port number")
  .int("must be a whole number")
  .min(0, "must be 0 to 65535")
  .max(65_535, "must be 0 to 65535");
const count = z.coerce
  .number("must be a number")
  .int("must be a whole number")
  .min(1, "must be 1 or more");
/** 0 switches a rate off. */
const rate = z.coerce
  .number("must be a number")
  .int("must be a whole number")
  .min(0, "must be 0 or more");
const optionalFile = z.string().min(1).optional();

/** Every variable of the broker, with its default. */
export const brokerConfigShape = {
  NADI_MQTT_HOST: devicesConfigSchema.shape.NADI_MQTT_HOST,
  NADI_MQTT_PORT: devicesConfigSchema.shape.NADI_MQTT_PORT,
  NADI_MQTT_DEVICES_URL: devicesConfigSchema.shape.NADI_MQTT_DEVICES_URL,
  NADI_MQTTS_PORT: port
    .default(8883)
    .describe("Port of MQTT over TLS, served when NADI_TLS_CERT is set; 0 picks a free one"),
  NADI_TLS_CERT: optionalFile.describe("PEM file of the certificate, for MQTT and HTTP"),
  NADI_TLS_KEY: optionalFile.describe("PEM file of the certificate's private key"),
  NADI_TLS_CLIENT_CA: optionalFile.describe(
    "PEM file of the authority that signs device certificates (common name: sppgId.deviceId)",
  ),
  NADI_MAX_CONNECTIONS: count.default(20_000).describe("MQTT connections of one process"),
  NADI_MAX_PENDING_PER_ADDRESS: count
    .default(1024)
    .describe("Sockets of one address that have not signed in; the oldest yields"),
  NADI_MAX_PACKET_BYTES: count.default(262_144).describe("Largest MQTT packet, in bytes"),
  NADI_MAX_IN_FLIGHT: count
    .default(128)
    .describe("Packets of one client that are under way; 16 of one that floods"),
  NADI_MAX_PENDING_BYTES: count
    .default(67_108_864)
    .describe("Bytes under way to the journal before nobody is read any more"),
  NADI_MAX_DEVICE_MESSAGES_PER_SECOND: rate
    .default(0)
    .describe("Messages of one device a second before it is read slower; 0: no limit"),
  NADI_MAX_DEVICE_BYTES_PER_SECOND: rate
    .default(33_554_432)
    .describe("Bytes of one device a second before it is read slower; 0: no limit"),
  NADI_MAX_KITCHEN_MESSAGES_PER_SECOND: rate
    .default(0)
    .describe("Messages of one kitchen a second before it is read slower; 0: no limit"),
  NADI_MAX_KITCHEN_BYTES_PER_SECOND: rate
    .default(67_108_864)
    .describe("Bytes of one kitchen a second before it is read slower; 0: no limit"),
  NADI_MAX_SESSIONS: count
    .default(10_000)
    .describe("Kept MQTT sessions (clean session 0) of one process"),
  NADI_REDIS_URL: redisUrl
    .optional()
    .describe(
      "Redis that carries live values and alerts between processes: redis:// or rediss://, " +
        "user:password@ before the host; unset: in this process alone",
    ),
};

interface TlsPair {
  NADI_TLS_CERT?: string | undefined;
  NADI_TLS_KEY?: string | undefined;
}

/** MQTT and HTTP share the pair; in the same words, so that it is told once. */
export function checkTlsPair(values: TlsPair, context: z.RefinementCtx): void {
  const { NADI_TLS_CERT: cert, NADI_TLS_KEY: key } = values;
  if ((cert === undefined) === (key === undefined)) return;
  const [missing, given] =
    cert === undefined ? ["NADI_TLS_CERT", "NADI_TLS_KEY"] : ["NADI_TLS_KEY", "NADI_TLS_CERT"];
  const message = `is missing beside ${given}: set both or neither`;
  context.addIssue({ code: "custom", path: [missing], message });
}

const schema = z.object(brokerConfigShape).superRefine((values, context) => {
  checkTlsPair(values, context);
  if (values.NADI_TLS_CLIENT_CA !== undefined && values.NADI_TLS_CERT === undefined) {
    context.addIssue({
      code: "custom",
      path: ["NADI_TLS_CLIENT_CA"],
      message: "needs NADI_TLS_CERT and NADI_TLS_KEY",
    });
  }
});

export type BrokerConfig = Readonly<z.output<typeof schema>>;

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadBrokerConfig(env: Environment): BrokerConfig {
  return Object.freeze(parseEnvironment(schema, env));
}
