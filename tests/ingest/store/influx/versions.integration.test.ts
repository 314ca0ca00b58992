import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import type { InfluxConfig } from "../../../../ingest/store/influx/influx-config.ts";
import { influxLimits } from "../../../../ingest/store/influx/influx-config.ts";
import { connectInflux } from "../../../../ingest/store/influx/influx-http.ts";
import { checkInfluxStore, initInfluxStore } from "../../../../ingest/store/influx/setup.ts";
import { startFaultyInflux } from "../../../support/faulty-influx.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { startInfluxDouble } from "../../../support/influx-versions.ts";
import { startVictoriaMetrics } from "../../../support/victoria-metrics.ts";
import { readingAt, startMs } from "../readings.ts";
import { describeStoreContract } from "../store.contract.ts";
import { keepAll, type OpenedInflux, openInflux } from "./open-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

async function configOf(t: TestContext, version: 2 | 3): Promise<InfluxConfig> {
  const { url, token, org } = await startInfluxDouble(t, server, version);
  return server.config({ url, version, token, org: version === 2 ? org : null });
}

async function openVersion(t: TestContext, version: 2 | 3): Promise<OpenedInflux> {
  const influx = await configOf(t, version);
  await initInfluxStore(influx, keepAll);
  return openInflux(t, server, { influx });
}

describeStoreContract("By the paths of version 2, InfluxDB 1.6", (t) => openVersion(t, 2));
describeStoreContract("By the paths of version 3, InfluxDB 1.6", (t) => openVersion(t, 3));

test("init makes what is missing, gives the rest today's retention, and the start finds it", async (t) => {
  const keep = { rawDays: 10, minuteDays: 20, hourDays: 30 };
  for (const version of [1, 2, 3] as const) {
    const influx = version === 1 ? server.config() : await configOf(t, version);
    await expect(checkInfluxStore(influx)).rejects.toMatchObject({
      code: "INGEST_STORE_NOT_INITIALISED",
      message: expect.stringContaining("nadi store init"),
    });
    const made = await initInfluxStore(influx, keep);
    expect(made.map(({ action, keepDays }) => [action, keepDays])).toEqual([
      ["created", 10],
      ["created", 20],
      ["created", 30],
    ]);
    expect(await checkInfluxStore(influx)).toBeNull();
    const again = await initInfluxStore(influx, { ...keep, rawDays: 15 });
    const expected = version === 3 ? "kept" : "updated";
    expect(again.map(({ action }) => action)).toEqual([expected, expected, expected]);
  }
});

test("init on another version's server names the variable, and never itself", async () => {
  for (const version of [2, 3] as const) {
    const influx = server.config({ version, token: "t", org: version === 2 ? "o" : null });
    const init = initInfluxStore(influx, keepAll);
    await expect(init).rejects.toThrow(/answered 404.* Check NADI_INFLUX_VERSION\.$/);
    await expect(init).rejects.not.toThrow("nadi store init");
  }
});

test("1.x keeps each level for as long as it is told", async () => {
  const influx = server.config();
  await initInfluxStore(influx, { rawDays: 10, minuteDays: 20, hourDays: 300 });
  const answer = JSON.stringify(await server.query(`SHOW RETENTION POLICIES ON ${influx.bucket}`));
  // Name, duration, shard group, replicas, default.
  expect(answer).toContain('["raw","240h0m0s","24h0m0s",1,true]');
  expect(answer).toContain('["minute","480h0m0s","168h0m0s",1,false]');
  expect(answer).toContain('["hour","7200h0m0s","2160h0m0s",1,false]');
});

test("buckets of version 2 get their seconds", async (t) => {
  const double = await startInfluxDouble(t, server, 2);
  const influx = server.config({ ...double, version: 2 });
  await initInfluxStore(influx, { rawDays: 10, minuteDays: 20, hourDays: 30 });
  const days = [...double.buckets].map(([name, seconds]) => [name, seconds / 86_400]);
  expect(days).toEqual([
    [influx.bucket, 10],
    [`${influx.bucket}/minute`, 20],
    [`${influx.bucket}/hour`, 30],
  ]);
});

test("credentials that are refused are told at the start, without the secret", async (t) => {
  const influx = { ...(await configOf(t, 2)), token: "wrong-secret" };
  const error: unknown = await checkInfluxStore(influx).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "INGEST_STORE_NOT_INITIALISED" });
  const { store } = await openInflux(t, server, { influx });
  const failed: unknown = await store
    .write([readingAt(startMs)])
    .catch((thrown: unknown) => thrown);
  expect(failed).toMatchObject({ code: "INGEST_STORE_UNAVAILABLE", retryable: true });
  const told = [error, failed].map((one) => (one instanceof Error ? one.message : ""));
  expect(told.join()).toMatch(/NADI_INFLUX_TOKEN/);
  expect(told.join()).not.toContain("wrong-secret");
});

test("a 1.x with authentication lets its user in, and nobody else", async (t) => {
  const closed = await startInfluxServer({ hasAuthentication: true });
  t.onTestFinished(() => closed.stop());
  await closed.query(`CREATE USER nadi WITH PASSWORD 's:e"cret' WITH ALL PRIVILEGES`);
  const login = { username: "nadi", password: 's:e"cret' };
  const influx = closed.config({ login });
  await expect(checkInfluxStore({ ...influx, login: null })).rejects.toMatchObject({
    message: expect.stringContaining("NADI_INFLUX_USERNAME"),
  });
  await initInfluxStore(influx, keepAll);
  const { store, history } = await openInflux(t, closed, { influx });
  expect(await store.write([readingAt(startMs)])).toMatchObject({ stored: 1 });
  expect(await history.latest("sppg-jakarta-001")).toMatchObject([{ value: 4 }]);
});

test("an InfluxDB that is away does not stop the start: why is told", async () => {
  const influx = server.config({ url: "http://127.0.0.1:9" });
  expect(await checkInfluxStore(influx)).toMatch(/ECONNREFUSED|bad port/);
});

test("VictoriaMetrics takes the lines of version 2 on /api/v2/write", async (t) => {
  const victoria = await startVictoriaMetrics(t);
  const influx = server.config({ url: victoria.url, version: 2, token: "t", org: "o" });
  const http = connectInflux(influx, influxLimits);
  t.onTestFinished(() => http.close());
  await http.write("raw", await catchLines(t));
  const values = await victoria.exported("sppg-jakarta-001");
  expect(values).toEqual([
    ["temperature_celsius", startMs, 4],
    ["temperature_celsius_flagged", startMs + 1, 85],
    ["temperature_flags", startMs + 1, 1],
  ]);
});

/** Lines of two readings, one of them with a flag, as `store.write` sends them. */
async function catchLines(t: TestContext): Promise<string> {
  const proxy = await startFaultyInflux(t, server.url);
  const influx = server.config();
  await initInfluxStore(influx, keepAll);
  const { store } = await openInflux(t, server, { influx: { ...influx, url: proxy.url } });
  const caught: string[] = [];
  proxy.always("/write", {
    kind: "judge",
    answer(body) {
      caught.push(body);
      return null;
    },
  });
  await store.write([
    readingAt(startMs),
    readingAt(startMs + 1, { fields: { celsius: 85 }, flags: 1 }),
  ]);
  return caught.find((body) => body.includes("celsius")) ?? "";
}
