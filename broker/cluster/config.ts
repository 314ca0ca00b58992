import * as z from "zod";
import {
  devicesConfigSchema,
  type Environment,
  type MqttAddress,
  mqttAddressOf,
  mqttUrlSchema,
  parseEnvironment,
} from "../../devices/index.ts";

/** The numbers of client ids are written with three digits. */
const connectionsMax = 999;

/** Every variable of an MQTT cluster that stands in place of the embedded broker. */
export const clusterConfigShape = {
  NADI_MQTT_URL: mqttUrlSchema
    .optional()
    .describe(
      "An existing MQTT broker or cluster that devices connect to instead of Nadi: " +
        "mqtt://host:1883 or mqtts://host:8883, user:password@ before the host; " +
        "unset: Nadi's own broker",
    ),
  NADI_MQTT_USERNAME: z.string().min(1).optional().describe("Nadi's own user there"),
  NADI_MQTT_PASSWORD: z.string().min(1).optional().describe("Password of that user"),
  NADI_MQTT_DEVICES_URL: devicesConfigSchema.shape.NADI_MQTT_DEVICES_URL,
  NADI_MQTT_CA: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the authority that signed the cluster's certificate, if none of Node's"),
  NADI_MQTT_CONNECTIONS: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be 1 or more")
    .max(connectionsMax, `must be at most ${connectionsMax}`)
    .default(32)
    .describe("Connections of one process to the cluster, which share its messages"),
  NADI_MQTT_SHARED: z
    .enum(["yes", "no"])
    .default("yes")
    .describe(
      "`no`: one connection with a plain subscription, for one process alone: order is kept, and " +
        "Mosquitto keeps it over its own restart",
    ),
};

const schema = z.object(clusterConfigShape).superRefine((values, context) => {
  const { NADI_MQTT_URL: url, NADI_MQTT_USERNAME: username, NADI_MQTT_PASSWORD: password } = values;
  const refuse = (key: string, message: string): void => {
    context.addIssue({ code: "custom", path: [key], message });
  };
  // It is looked at also when its own schema has refused it.
  const isInUrl = url !== undefined && (URL.parse(url)?.username ?? "") !== "";
  if (isInUrl && username !== undefined) {
    refuse("NADI_MQTT_USERNAME", "stands beside a user in NADI_MQTT_URL: say it in one place");
  }
  if (password !== undefined && username === undefined) {
    refuse("NADI_MQTT_PASSWORD", "needs NADI_MQTT_USERNAME, and a URL without a user");
  }
  if (url === undefined && values.NADI_MQTT_CA !== undefined) {
    refuse("NADI_MQTT_CA", "needs NADI_MQTT_URL");
  }
});

export interface ClusterConfig extends MqttAddress {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** A PEM file. */
  readonly caFile: string | undefined;
  /** As people are told. */
  readonly forDevices: MqttAddress;
  readonly connections: number;
  /** `false`: one connection whose subscription is not shared. */
  readonly isShared: boolean;
}

/** `null`: there is no cluster. Throws a `ConfigError` that reports all bad keys at once. */
export function loadClusterConfig(env: Environment): ClusterConfig | null {
  const values = parseEnvironment(schema, env);
  if (values.NADI_MQTT_URL === undefined) return null;
  const isShared = values.NADI_MQTT_SHARED === "yes";
  return Object.freeze({
    ...mqttAddressOf(values.NADI_MQTT_URL),
    forDevices: mqttAddressOf(values.NADI_MQTT_DEVICES_URL ?? values.NADI_MQTT_URL),
    ...loadClusterLogin(env),
    caFile: values.NADI_MQTT_CA,
    connections: isShared ? values.NADI_MQTT_CONNECTIONS : 1,
    isShared,
  });
}

/** Nadi's own user at the cluster, as far as the environment says it. */
export function loadClusterLogin(env: Environment): {
  username: string | undefined;
  password: string | undefined;
} {
  const values = parseEnvironment(schema, env);
  const url = values.NADI_MQTT_URL === undefined ? null : new URL(values.NADI_MQTT_URL);
  return {
    username: values.NADI_MQTT_USERNAME ?? wordOf(url?.username ?? ""),
    password: values.NADI_MQTT_PASSWORD ?? wordOf(url?.password ?? ""),
  };
}

function wordOf(encoded: string): string | undefined {
  return encoded === "" ? undefined : decodeURIComponent(encoded);
}

/** The address without user and password, for people and logs. */
export function describeCluster({ host, port, isTls }: MqttAddress): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${isTls ? "mqtts" : "mqtt"}://${shown}:${port}`;
}
