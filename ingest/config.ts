import * as z from "zod";
import { type Environment, parseEnvironment } from "../devices/index.ts";
import { checkInfluxVariables, influxConfigShape, toInfluxConfig } from "./influx-variables.ts";
import type { InfluxConfig } from "./store/influx/influx-config.ts";

const days = z.coerce
  .number("must be a number of days")
  .int("must be a whole number of days")
  .max(36_500, "must be at most 36500");

/** Late data reaches back a week, and the journal may hold it for two days more. */
const daysMin = 9;
const tooFew = `must be ${daysMin} or more: late readings reach back that far`;

/** Every variable of ingest, with its default. */
export const ingestConfigShape = {
  NADI_KEEP_RAW_DAYS: days
    .min(daysMin, tooFew)
    .default(30)
    .describe("Days that each single reading is kept"),
  NADI_KEEP_MINUTE_DAYS: days
    .min(daysMin, tooFew)
    .default(400)
    .describe("Days that the values of each minute are kept"),
  NADI_KEEP_HOUR_DAYS: days
    .min(daysMin, tooFew)
    .default(3_650)
    .describe("Days that the values of each hour are kept"),
  ...influxConfigShape,
};

/** Where readings are kept, and for how many days of event time each resolution is. */
export interface IngestConfig {
  readonly keep: {
    readonly rawDays: number;
    readonly minuteDays: number;
    readonly hourDays: number;
  };
  /** `null`: in SQLite files of the data folder. */
  readonly influx: InfluxConfig | null;
}

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadIngestConfig(env: Environment): IngestConfig {
  const values = parseEnvironment(
    z.object(ingestConfigShape).superRefine(checkInfluxVariables),
    env,
  );
  const keep = {
    rawDays: values.NADI_KEEP_RAW_DAYS,
    minuteDays: values.NADI_KEEP_MINUTE_DAYS,
    hourDays: values.NADI_KEEP_HOUR_DAYS,
  };
  return Object.freeze({ keep: Object.freeze(keep), influx: toInfluxConfig(values) });
}
