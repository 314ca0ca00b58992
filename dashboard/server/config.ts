import { isIP } from "node:net";
import * as z from "zod";
import { checkTlsPair } from "../../broker/index.ts";
import { type Environment, parseEnvironment } from "../../devices/index.ts";
import { findMapProblem, type MapConfig, mapConfigShape, readMapConfig } from "./map-config.ts";

/** 16 random bytes in hexadecimal would be 32; shorter ones are guessable. */
const metricsTokenLengthMin = 16;

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/** The environment of the HTTP service; what `.env.example` and the README list. */
export const httpConfigShape = {
  NADI_HTTP_HOST: z
    .string()
    .default("127.0.0.1")
    .describe("Address that HTTP listens on; beyond loopback it needs a certificate"),
  NADI_HTTP_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe("TCP port of HTTP; 0 takes a free one, which the log names"),
  NADI_TLS_CERT: z
    .string()
    .optional()
    .describe("Path of the certificate chain (PEM): HTTPS on the HTTP port, MQTT over TLS"),
  NADI_TLS_KEY: z.string().optional().describe("Path of the certificate's private key (PEM)"),
  NADI_INSECURE_HTTP: z
    .enum(["yes", "no"])
    .default("no")
    .describe("`yes` allows HTTP beyond loopback without a certificate: passwords in clear"),
  NADI_PUBLIC_URL: z
    .string()
    .refine(isOrigin, "must be an origin such as https://nadi.example, without a path")
    .optional()
    .describe("Origin under which browsers reach Nadi, if a proxy stands before it"),
  NADI_TRUSTED_PROXIES: z
    .string()
    .transform(splitList)
    .refine((list) => list.every(isAddressRange), "must list addresses or ranges like 10.0.0.0/8")
    .default([])
    .describe("Proxies whose X-Forwarded-For is believed: addresses or ranges, comma between"),
  NADI_METRICS_TOKEN: z
    .string()
    .min(metricsTokenLengthMin)
    .optional()
    .describe(
      "Bearer token for /metrics, from beyond loopback or behind a proxy; at least 16 characters",
    ),
  ...mapConfigShape,
  NADI_LOG_LEVEL: z
    .enum(logLevels)
    .default("info")
    .describe("Least level that is logged: trace, debug, info, warn, error, fatal, silent"),
};

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Listening beyond loopback without a certificate, because the operator said so. */
  readonly isInsecure: boolean;
  readonly publicUrl: string | null;
  readonly trustedProxies: readonly string[];
  readonly metricsToken: string | null;
  readonly map: MapConfig;
  readonly logLevel: LogLevel;
}

const schema = z.object(httpConfigShape).superRefine((values, context) => {
  checkTlsPair(values, context);
  const refuse = (key: string, message: string): void => {
    context.addIssue({ code: "custom", path: [key], message });
  };
  const mapProblem = findMapProblem(values);
  if (mapProblem !== null) refuse(mapProblem.key, mapProblem.message);
  const { NADI_HTTP_HOST: host, NADI_TLS_CERT: certFile, NADI_INSECURE_HTTP: insecure } = values;
  if (certFile !== undefined || insecure === "yes") return;
  if (!isLoopback(host)) {
    refuse(
      "NADI_HTTP_HOST",
      `is ${host}, beyond loopback, where passwords need TLS: set NADI_TLS_CERT and ` +
        "NADI_TLS_KEY, or NADI_INSECURE_HTTP=yes to accept the risk",
    );
  }
  // Refused already, it is no list.
  const hasProxies = [values.NADI_TRUSTED_PROXIES].flat().length > 0;
  if (hasProxies && values.NADI_PUBLIC_URL === undefined) {
    refuse(
      "NADI_TRUSTED_PROXIES",
      "needs NADI_PUBLIC_URL, for without https:// there cookies lack Secure; or set " +
        "NADI_INSECURE_HTTP=yes to accept that",
    );
  }
});

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadHttpConfig(env: Environment): HttpConfig {
  const values = parseEnvironment(schema, env);
  const { NADI_TLS_CERT: certFile, NADI_TLS_KEY: keyFile } = values;
  const tls =
    certFile === undefined || keyFile === undefined ? null : Object.freeze({ certFile, keyFile });
  return Object.freeze({
    host: values.NADI_HTTP_HOST,
    port: values.NADI_HTTP_PORT,
    tls,
    isInsecure: tls === null && !isLoopback(values.NADI_HTTP_HOST),
    publicUrl: values.NADI_PUBLIC_URL ?? null,
    trustedProxies: Object.freeze([...values.NADI_TRUSTED_PROXIES]),
    metricsToken: values.NADI_METRICS_TOKEN ?? null,
    map: readMapConfig(values),
    logLevel: values.NADI_LOG_LEVEL,
  });
}

/** Whether an address, or `localhost`, is reached from this machine only. */
export function isLoopback(address: string): boolean {
  if (address === "localhost" || address === "::1") return true;
  const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return isIP(plain) === 4 && plain.startsWith("127.");
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function isAddressRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}
