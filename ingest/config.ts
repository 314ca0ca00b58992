import * as z from "zod";
import { type Environment, parseEnvironment } from "../devices/index.ts";

const days = z.coerce
  .number("must be a number of days")
  .int("must be a whole number of days")
  .max(36_500, "must be at most 36500");

/** Late data reaches back a week, and its file stays open for two days more. */
const rawDaysMin = 9;

/** Every variable of ingest, with its default. */
export const ingestConfigShape = {
  NADI_KEEP_RAW_DAYS: days
    .min(rawDaysMin, `must be ${rawDaysMin} or more: late readings reach back that far`)
    .default(90)
    .describe("Days that each single reading is kept"),
  NADI_KEEP_MINUTE_DAYS: days
    .min(rawDaysMin, `must be ${rawDaysMin} or more: late readings reach back that far`)
    .default(400)
    .describe("Days that the values of each minute are kept"),
  NADI_KEEP_HOUR_DAYS: days
    .min(rawDaysMin, `must be ${rawDaysMin} or more: late readings reach back that far`)
    .default(1830)
    .describe("Days that the values of each hour are kept"),
};

export interface IngestConfig {
  readonly keepRawDays: number;
  readonly keepMinuteDays: number;
  readonly keepHourDays: number;
}

/** Pure; throws a `ConfigError` that reports all bad keys at once. */
export function loadIngestConfig(env: Environment): IngestConfig {
  const values = parseEnvironment(z.object(ingestConfigShape), env);
  return Object.freeze({
    keepRawDays: values.NADI_KEEP_RAW_DAYS,
    keepMinuteDays: values.NADI_KEEP_MINUTE_DAYS,
    keepHourDays: values.NADI_KEEP_HOUR_DAYS,
  });
}
