import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findWrongSums } from "../ingest/store/influx/recount-influx.ts";
import { type InfluxServer, startInfluxServer } from "../support/influx-server.ts";
import {
  addDevice,
  addKitchen,
  addUser,
  eventually,
  mosquittoPub,
  signInPerson,
} from "../support/kitchen.ts";
import { type BucketRow, visibleWithinMs } from "../support/kitchen-client.ts";
import { runNadi, spawnNadi, startNadi, tempFolder } from "../support/nadi-process.ts";
import { temperatures } from "../support/rule-examples.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import {
  coldId,
  compareInflux,
  influxEnv,
  isStoreAvailable,
  scaleId,
  sppgId,
  startInfluxSite,
  storedCount,
  untilStored,
} from "./influx-site.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

/** Shutdown has 5 s in all. */
const stopMsMax = 5_000;
/**
 * A request to what is frozen ends after 15 s. Sums that fail behind readings which are stored are
 * owed and no failure yet: then it is the second request that tells.
 */
const noticedWithinMs = 60_000;
/** Readiness gives the recorder 30 s; five times that is our patience. */
const notReadyWithinMs = 150_000;

async function isReady(httpUrl: string): Promise<boolean> {
  await delay(100);
  return (await fetch(`${httpUrl}/readyz`)).ok;
}

test("serve without `nadi store init` says what to do; then mosquitto_pub can be read over HTTP", async (t) => {
  const dataDir = tempFolder(t);
  const env = influxEnv(server.config());
  const refused = spawnNadi(t, { dataDir, env });
  expect((await refused.exited).code).not.toBe(0);
  expect(refused.stderr() + JSON.stringify(refused.logs)).toContain("run `nadi store init`");

  const init = await runNadi(dataDir, ["store", "init", "--json"], env);
  expect(JSON.parse(init.stdout)).toMatchObject({
    version: 1,
    stores: [
      { level: "raw", keepDays: 30, action: "created" },
      { level: "minute", keepDays: 400, action: "created" },
      { level: "hour", keepDays: 3_650, action: "created" },
    ],
  });

  const nadi = await startNadi(t, { dataDir, env });
  await addKitchen(dataDir, sppgId);
  const person = await addUser(dataDir, { email: "operator@nadi.test", role: "operator" });
  const api = await signInPerson(nadi.httpUrl, person);
  const device = { sppgId, deviceId: "probe-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, device, ["--place", "coldStore"]);
  const published = await mosquittoPub(nadi, login, { message: '{"celsius":3.5}' });
  expect(published.code, published.stderr).toBe(0);

  const nowMs = Date.now();
  const range = `from=${nowMs - 3_600_000}&to=${nowMs + 60_000}&points=1`;
  const path = `/api/kitchens/${sppgId}/readings?device=probe-1&reading=temperature&${range}`;
  const { buckets } = await eventually(
    () => api.get<{ buckets: BucketRow[] }>(path),
    (answer) => answer.buckets.length === 1,
    visibleWithinMs,
  );
  expect(buckets).toMatchObject([{ min: 3.5, max: 3.5, mean: 3.5, last: 3.5, count: 1 }]);
});

test("InfluxDB killed and frozen under load: all that was acknowledged is stored, once", {
  timeout: 300_000,
}, async (t) => {
  const site = await startInfluxSite(t, server);
  const load = await site.startLoad(300);
  await eventually(
    () => storedCount(site),
    (count) => count > 300,
    visibleWithinMs * 4,
  );

  await server.kill("SIGKILL");
  await eventually(
    () => isStoreAvailable(site),
    (isAvailable) => !isAvailable,
    30_000,
  );
  // Rules and live values do not stand behind the store.
  await site.kitchen.sendReadings(coldId, temperatures([{ celsius: 8, minutes: 17 }], Date.now()));
  const alerts = await eventually(
    () => site.kitchen.alerts(),
    (rows) => rows.some(({ deviceId }) => deviceId === coldId),
    visibleWithinMs,
  );
  expect(alerts.filter(({ deviceId }) => deviceId === coldId)).toHaveLength(1);
  await eventually(
    () => isReady(site.nadi.httpUrl),
    (ready) => !ready,
    notReadyWithinMs,
  );
  await server.start();
  await eventually(() => isStoreAvailable(site), Boolean, 30_000);
  await eventually(() => isReady(site.nadi.httpUrl), Boolean, 30_000);

  await server.kill("SIGSTOP");
  await eventually(
    () => isStoreAvailable(site),
    (isAvailable) => !isAvailable,
    noticedWithinMs,
  );
  const ackedFrozen = load.stats().acked;
  await delay(1_000);
  expect(load.stats().acked).toBeGreaterThan(ackedFrozen);
  await server.kill("SIGCONT");
  await eventually(() => isStoreAvailable(site), Boolean, 30_000);

  const { disconnects } = await load.stop();
  await untilStored(site, 60_000);
  expect((await site.nadi.stop()).code).toBe(0);
  const report = await compareInflux(server, site, load.acked());
  expect({ ...report, disconnects }).toMatchObject({
    missing: [],
    duplicates: [],
    foreign: [],
    disconnects: 0,
  });
  expect(report.rows).toBeGreaterThan(1_000);
});

test("Nadi killed while it writes to InfluxDB stores the rest at its next start, and each once", {
  timeout: 180_000,
}, async (t) => {
  const site = await startInfluxSite(t, server);
  const load = await site.startLoad(500);
  await eventually(
    () => storedCount(site),
    (count) => count > 1_000,
    visibleWithinMs * 4,
  );
  await site.nadi.kill();
  await load.stop({ drainMs: 0 });

  const { dataDir, env } = site;
  const nadi = await startNadi(t, { dataDir, env });
  await untilStored({ nadi }, 60_000);
  expect((await nadi.stop()).code).toBe(0);
  // The cursor stands behind what was written: the same readings come again, and count as known.
  const report = await compareInflux(server, site, load.acked());
  expect(report).toMatchObject({ missing: [], duplicates: [], foreign: [] });
  expect(report.rows).toBeGreaterThan(1_000);
  expect(await findWrongSums(server, site.influx.bucket)).toEqual([]);
});

test("a stop does not wait for an InfluxDB that is frozen; the next start stores what it left", async (t) => {
  const site = await startInfluxSite(t, server);
  const readings = temperatures([{ celsius: 3, minutes: 40 }], Date.now());
  await site.kitchen.sendReadings(coldId, readings.slice(0, 20));
  await eventually(
    () => storedCount(site),
    (count) => count === 20,
    visibleWithinMs,
  );
  await server.kill("SIGSTOP");
  await site.kitchen.sendReadings(coldId, readings.slice(20));
  // The write is under way by then: a reading waits a second for others.
  await delay(1_500);
  const stopped = await site.nadi.stop();
  await server.kill("SIGCONT");
  expect(stopped.code).toBe(0);
  expect(stopped.ms).toBeLessThan(stopMsMax);

  const { dataDir, env } = site;
  const nadi = await startNadi(t, { dataDir, env });
  await untilStored({ nadi }, 60_000);
  expect((await nadi.stop()).code).toBe(0);
  const clientId = `${sppgId}.${coldId}`;
  const found = await compareInflux(server, site, [
    { clientId, boot: null, sentBelow: 40, ranges: [] },
  ]);
  expect(found.rows).toBe(40);
});

test("a reading that InfluxDB refuses is a dead letter within a second, those beside it stored", async (t) => {
  const site = await startInfluxSite(t, server);
  const nowMs = Date.now();
  // Somebody has written text into a field of ours: every number is refused from then on.
  const text = `weight,sppgId=x,deviceId=y,channel=0 weightKg="text" ${nowMs}000000`;
  const planted = await fetch(`${server.url}/write?db=${site.influx.bucket}&rp=raw`, {
    method: "POST",
    body: text,
  });
  expect(planted.status).toBe(204);
  await site.kitchen.sendReadings(coldId, temperatures([{ celsius: 3, minutes: 5 }], nowMs));
  const sentAtMs = performance.now();
  await site.kitchen.sendReadings(scaleId, [{ ts: nowMs, weightKg: 5 }], { reading: "weight" });
  await site.kitchen.sendReadings(coldId, [{ ts: nowMs + 1, celsius: 4 }]);

  const letters = await eventually(
    () => site.kitchen.deadLetters(scaleId),
    (found) => found.length > 0,
    visibleWithinMs,
  );
  // A reading waits up to a second for others; then five times the second that is promised.
  expect(performance.now() - sentAtMs).toBeLessThan(1_000 + 5_000);
  expect(letters).toMatchObject([{ reason: "INGEST_STORE_REJECTED" }]);
  const range = `from=${nowMs - 600_000}&to=${nowMs + 1_000}&points=1`;
  const query = `device=${coldId}&reading=temperature&${range}`;
  const { buckets } = await site.kitchen.readings(query);
  expect(buckets).toMatchObject([{ count: 6, last: 4 }]);
});

test("an InfluxDB that answers after 5 s slows history alone", { timeout: 180_000 }, async (t) => {
  const proxy = await startTcpProxy(t, server.url);
  const site = await startInfluxSite(t, server, proxy.url);
  const load = await site.startLoad(300);
  await eventually(
    () => storedCount(site),
    (count) => count > 300,
    visibleWithinMs * 4,
  );
  proxy.delayMs(5_000);
  const ackedBefore = load.stats().acked;
  const storedBefore = await storedCount(site);
  await site.kitchen.sendReadings(coldId, temperatures([{ celsius: 8, minutes: 17 }], Date.now()));
  await eventually(
    () => site.kitchen.alerts(),
    (rows) => rows.some(({ deviceId }) => deviceId === coldId),
    visibleWithinMs,
  );
  await eventually(
    () => storedCount(site),
    (count) => count > storedBefore,
    60_000,
  );
  const { acked } = load.stats();
  expect(acked - ackedBefore).toBeGreaterThan(1_000);
  proxy.delayMs(0);
  const { disconnects } = await load.stop();
  await untilStored(site, 60_000);
  expect((await site.nadi.stop()).code).toBe(0);
  const report = await compareInflux(server, site, load.acked());
  expect({ ...report, disconnects }).toMatchObject({
    missing: [],
    duplicates: [],
    foreign: [],
    disconnects: 0,
  });
});
