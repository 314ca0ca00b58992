import { expect, test } from "vitest";
import { loadIngestConfig } from "../../ingest/config.ts";

test("readings, minutes and hours are kept for their own times", () => {
  expect(loadIngestConfig({ NADI_KEEP_MINUTE_DAYS: "30" })).toEqual({
    keep: { rawDays: 30, minuteDays: 30, hourDays: 3_650 },
  });
});

test("raw readings are kept as long as late ones may come, and all bad keys are told", () => {
  expect(() => loadIngestConfig({ NADI_KEEP_RAW_DAYS: "8", NADI_KEEP_HOUR_DAYS: "x" })).toThrow(
    /NADI_KEEP_RAW_DAYS must be 9 or more.*NADI_KEEP_HOUR_DAYS must be a number/,
  );
});
