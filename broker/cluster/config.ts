import * as z from "zod";
import { type Environment, parseEnvironment } from "../../devices/index.ts";

/** Never says the value: it may hold a password. */
const mqttUrl = z
  .string()
  .refine(isMqttUrl, "must be mqtt://… or mqtts://… with a host, without path, query or fragment");

function isMqttUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  const isBare = /^\/?$/.test(pathname) && search === "" && hash === "";
  return /^mqtts?:$/.test(protocol) && hostname !== "" && isBare;
}

/** The numbers of client ids are written with three digits. */
const connectionsMax = 999;

/** Every variable of an MQTT cluster that stands in place of the embedded broker. */
export const clusterConfigShape = {
  NADI_MQTT_URL: mqttUrl
    .optional()
    .describe(
      "An existing MQTT broker or cluster that devices connect to instead of Nadi: " +
        "mqtt://host:1883 or mqtts://host:8883, user:password@ before the host; " +
        "unset: Nadi's own broker",
    ),
  NADI_MQTT_USERNAME: z.string().min(1).optional().describe("Nadi's own user there"),
  NADI_MQTT_PASSWORD: z.string().min(1).optional().describe("Password of that user"),
  NADI_MQTT_DEVICES_URL: mqttUrl
    .optional()
    .describe("Where devices reach it, as pages show it; unset: as in NADI_MQTT_URL"),
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
  const isInUrl = url !== undefined && new URL(url).username !== "";
  if (isInUrl && username !== undefined) {
    refuse("NADI_MQTT_USERNAME", "NADI_MQTT_URL has a user too: say it in one place");
  }
  if (password !== undefined && username === undefined) {
    refuse("NADI_MQTT_PASSWORD", "needs NADI_MQTT_USERNAME, and a URL without a user");
  }
});

export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

export interface ClusterConfig extends ClusterAddress {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** A PEM file. */
  readonly caFile: string | undefined;
  /** As people are told. */
  readonly forDevices: ClusterAddress;
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
    ...addressOf(values.NADI_MQTT_URL),
    forDevices: addressOf(values.NADI_MQTT_DEVICES_URL ?? values.NADI_MQTT_URL),
    ...loadClusterLogin(env),
    caFile: values.NADI_MQTT_CA,
    connections: isShared ? values.NADI_MQTT_CONNECTIONS : 1,
    isShared,
  });
}

function addressOf(text: string): ClusterAddress {
  const url = new URL(text);
  const isTls = url.protocol === "mqtts:";
  const port = url.port === "" ? (isTls ? 8883 : 1883) : Number(url.port);
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port, isTls };
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
export function describeCluster({ host, port, isTls }: ClusterAddress): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${isTls ? "mqtts" : "mqtt"}://${shown}:${port}`;
}
