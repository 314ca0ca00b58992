import { expect, test } from "vitest";
import { loadIngestConfig } from "../../ingest/config.ts";

test("readings, minutes and hours are kept for their own times", () => {
  expect(loadIngestConfig({ NADI_KEEP_MINUTE_DAYS: "30" })).toEqual({
    keep: { rawDays: 30, minuteDays: 30, hourDays: 3_650 },
    influx: null,
  });
});

test("raw readings are kept as long as late ones may come, and all bad keys are told", () => {
  expect(() => loadIngestConfig({ NADI_KEEP_RAW_DAYS: "8", NADI_KEEP_HOUR_DAYS: "x" })).toThrow(
    /NADI_KEEP_RAW_DAYS must be 9 or more.*NADI_KEEP_HOUR_DAYS must be a number/,
  );
});

const url = "http://127.0.0.1:8086/";

test("InfluxDB is told by its address and version, with what that version logs in with", () => {
  const version1 = { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: "1" };
  const base = { url: "http://127.0.0.1:8086", bucket: "nadi", org: null, token: null };
  expect(loadIngestConfig(version1).influx).toEqual({ ...base, version: 1, login: null });
  const login = { NADI_INFLUX_USERNAME: "nadi", NADI_INFLUX_PASSWORD: "s:ecret" };
  expect(loadIngestConfig({ ...version1, ...login }).influx?.login).toEqual({
    username: "nadi",
    password: "s:ecret",
  });
  const version2 = { NADI_INFLUX_VERSION: "2", NADI_INFLUX_ORG: "o", NADI_INFLUX_TOKEN: "t" };
  expect(loadIngestConfig({ NADI_INFLUX_URL: url, ...version2 }).influx).toMatchObject({
    version: 2,
    org: "o",
    token: "t",
  });
});

test.for([
  [{ NADI_INFLUX_URL: "http://u:secret@h:1" }, /NADI_INFLUX_URL must hold no password/],
  [{ NADI_INFLUX_URL: "redis://h:1" }, /NADI_INFLUX_URL must be the http/],
  [{ NADI_INFLUX_URL: url }, /NADI_INFLUX_VERSION must be 1, 2 or 3/],
  [{ NADI_INFLUX_TOKEN: "t" }, /NADI_INFLUX_TOKEN needs NADI_INFLUX_URL/],
  [
    { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: "2" },
    /NADI_INFLUX_ORG is needed for InfluxDB 2.*NADI_INFLUX_TOKEN is needed/,
  ],
  [
    { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: "1", NADI_INFLUX_TOKEN: "t" },
    /NADI_INFLUX_TOKEN is for InfluxDB 2 and 3/,
  ],
  [
    { NADI_INFLUX_URL: url, NADI_INFLUX_VERSION: "1", NADI_INFLUX_USERNAME: "u" },
    /NADI_INFLUX_PASSWORD is needed with NADI_INFLUX_USERNAME/,
  ],
  [{ NADI_INFLUX_BUCKET: "a/b" }, /NADI_INFLUX_BUCKET must be letters/],
] as const)("what does not fit together is told by name: %j", ([env, message]) => {
  expect(() => loadIngestConfig(env)).toThrow(message);
  expect(() => loadIngestConfig(env)).not.toThrow(/secret/);
});
