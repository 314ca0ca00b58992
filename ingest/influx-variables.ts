import * as z from "zod";
import type { InfluxConfig } from "./store/influx/influx-config.ts";

/** Every variable of InfluxDB as the store of readings; none is set: they lie in SQLite files. */
export const influxConfigShape = {
  NADI_INFLUX_URL: z
    .url({ protocol: /^https?$/, error: "must be the http:// or https:// address of InfluxDB" })
    .refine((text) => !hasLogin(text), {
      error: "must hold no password: give NADI_INFLUX_USERNAME and NADI_INFLUX_PASSWORD",
    })
    .refine((text) => !URL.canParse(text) || isPlain(new URL(text)), {
      error: "must end with its host, port or path: no ? and no #",
    })
    .optional()
    .describe("InfluxDB as the store of readings; run `nadi store init` once"),
  NADI_INFLUX_VERSION: z
    .enum(["1", "2", "3"], "must be 1, 2 or 3")
    .optional()
    .describe("Version of that InfluxDB: 1, 2 or 3; with NADI_INFLUX_URL it must be set"),
  NADI_INFLUX_BUCKET: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, "must be letters, digits and -, at most 63")
    .default("nadi")
    .describe("Bucket or database of readings; those of sums are named after it"),
  NADI_INFLUX_ORG: z.string().optional().describe("Organisation; InfluxDB 2 only"),
  NADI_INFLUX_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces")
    .optional()
    .describe("Token that may read and write; InfluxDB 2 and 3"),
  NADI_INFLUX_USERNAME: z
    .string()
    .regex(/^[^:]+$/, "must have no colon")
    .optional()
    .describe("User of an InfluxDB 1 with authentication"),
  NADI_INFLUX_PASSWORD: z.string().optional().describe("Password of that user"),
};

type InfluxVariables = z.output<z.ZodObject<typeof influxConfigShape>>;

/** Variables that only make sense, or are only needed, together. */
export function checkInfluxVariables(values: InfluxVariables, context: z.RefinementCtx): void {
  const problem = (name: keyof InfluxVariables, message: string): void => {
    context.addIssue({ code: "custom", path: [name], message });
  };
  const { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: version } = values;
  if (url === undefined) {
    for (const name of dependent) {
      if (values[name] !== undefined) problem(name, "needs NADI_INFLUX_URL");
    }
    return;
  }
  if (version === undefined) {
    problem("NADI_INFLUX_VERSION", "must be 1, 2 or 3 with NADI_INFLUX_URL");
    return;
  }
  if (version === "2") {
    for (const name of ["NADI_INFLUX_ORG", "NADI_INFLUX_TOKEN"] as const) {
      if (values[name] === undefined) problem(name, "is needed for InfluxDB 2");
    }
  }
  if (version === "1" && values.NADI_INFLUX_TOKEN !== undefined) {
    const instead = "NADI_INFLUX_USERNAME and NADI_INFLUX_PASSWORD";
    problem("NADI_INFLUX_TOKEN", `is for InfluxDB 2 and 3: version 1 takes ${instead}`);
  }
  if (version !== "2" && values.NADI_INFLUX_ORG !== undefined) {
    problem("NADI_INFLUX_ORG", "is for InfluxDB 2");
  }
  for (const name of ["NADI_INFLUX_USERNAME", "NADI_INFLUX_PASSWORD"] as const) {
    if (version !== "1" && values[name] !== undefined) problem(name, "is for InfluxDB 1");
  }
  const { NADI_INFLUX_USERNAME: username, NADI_INFLUX_PASSWORD: password } = values;
  if (username !== undefined && password === undefined) {
    problem("NADI_INFLUX_PASSWORD", "is needed with NADI_INFLUX_USERNAME");
  }
  if (username === undefined && password !== undefined) {
    problem("NADI_INFLUX_USERNAME", "is needed with NADI_INFLUX_PASSWORD");
  }
}

const dependent = [
  "NADI_INFLUX_VERSION",
  "NADI_INFLUX_ORG",
  "NADI_INFLUX_TOKEN",
  "NADI_INFLUX_USERNAME",
  "NADI_INFLUX_PASSWORD",
] as const;

const versions = { "1": 1, "2": 2, "3": 3 } as const;

/** `null`: no InfluxDB is wanted. */
export function toInfluxConfig(values: InfluxVariables): InfluxConfig | null {
  const { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: version } = values;
  if (url === undefined || version === undefined) return null;
  const { NADI_INFLUX_USERNAME: username, NADI_INFLUX_PASSWORD: password } = values;
  const hasLogin = username !== undefined && password !== undefined;
  return Object.freeze({
    url: url.replace(/\/+$/, ""),
    version: versions[version],
    bucket: values.NADI_INFLUX_BUCKET,
    org: values.NADI_INFLUX_ORG ?? null,
    token: values.NADI_INFLUX_TOKEN ?? null,
    login: hasLogin ? Object.freeze({ username, password }) : null,
  });
}

function hasLogin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username !== "" || password !== "";
}

function isPlain({ search, hash }: URL): boolean {
  return search === "" && hash === "";
}
