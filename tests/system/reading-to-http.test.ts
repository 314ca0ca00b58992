import { expect, test } from "vitest";
import {
  addDevice,
  addKitchen,
  addUser,
  type ApiClient,
  eventually,
  mosquittoPub,
  signInPerson,
} from "../support/kitchen.ts";
import { type NadiProcess, type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";

const sppgId = "sppg-jakarta-001";
const operator = { email: "operator@nadi.test", role: "operator" };
/** Five times the 200 ms that are promised from the PUBACK to the answer. */
const readableWithinMs = 1_000;

interface Buckets {
  buckets: { t: number; min: number; max: number; mean: number; last: number; count: number }[];
}

interface DeadLetters {
  deadLetters: { deviceId: string; reason: string; topicName: string }[];
}

async function startKitchen(scope: Scope) {
  const dataDir = tempFolder(scope);
  const nadi = await startNadi(scope, { dataDir });
  await addKitchen(dataDir, sppgId);
  const login = await addUser(dataDir, operator);
  const api = await signInPerson(nadi.httpUrl, login);
  return { dataDir, nadi, api };
}

function probe(codec: readonly string[] = []): readonly string[] {
  return ["--place", "coldStore", ...codec];
}

/** The readings of the last hour in one bucket. */
async function lastHour(api: ApiClient, series: string): Promise<Buckets["buckets"]> {
  const nowMs = Date.now();
  const range = `from=${nowMs - 3_600_000}&to=${nowMs + 60_000}&points=1`;
  const path = `/api/kitchens/${sppgId}/readings?${series}&${range}`;
  return (await api.get<Buckets>(path)).buckets;
}

function readable(
  api: ApiClient,
  series: string,
  fits: (count: number) => boolean = (count) => count > 0,
): Promise<Buckets["buckets"]> {
  return eventually(
    () => lastHour(api, series),
    (buckets) => fits(buckets[0]?.count ?? 0),
    readableWithinMs,
  );
}

async function publish(
  nadi: NadiProcess,
  ...words: Parameters<typeof mosquittoPub> extends [unknown, ...infer Rest] ? Rest : never
): Promise<void> {
  const published = await mosquittoPub(nadi, ...words);
  expect(published.code, published.stderr).toBe(0);
}

test("a reading can be read over HTTP right after its PUBACK", async (t) => {
  const { dataDir, nadi, api } = await startKitchen(t);
  const device = { sppgId, deviceId: "probe-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, device, probe());

  await publish(nadi, login, { message: '{"celsius":3.5}' });

  const [bucket] = await readable(api, "device=probe-1&reading=temperature");
  expect(bucket).toMatchObject({ min: 3.5, max: 3.5, mean: 3.5, last: 3.5, count: 1 });
});

test("a Tasmota message with two sensors is two series", async (t) => {
  const { dataDir, nadi, api } = await startKitchen(t);
  const device = { sppgId, deviceId: "plug-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, device, probe(["--codec", "tasmota"]));
  const message = JSON.stringify({
    "DS18B20-1": { Id: "00000566CC39", Temperature: 13.3 },
    "DS18B20-2": { Id: "000005698EE1", Temperature: 4.1 },
    TempUnit: "C",
  });

  await publish(nadi, login, { topic: `sppg/${sppgId}/tasmota/plug-1/SENSOR`, message });

  const series = (channel: string) => `device=plug-1&reading=temperature&channel=${channel}`;
  expect((await readable(api, series("00000566CC39")))[0]).toMatchObject({ last: 13.3, count: 1 });
  expect((await readable(api, series("000005698EE1")))[0]).toMatchObject({ last: 4.1, count: 1 });
});

test("OwnTracks and Traccar positions are readings like any other", async (t) => {
  const { dataDir, nadi, api } = await startKitchen(t);
  const tracker = { sppgId, kind: "gps-tracker" };
  const phone = await addDevice(dataDir, { ...tracker, deviceId: "phone-1" }, [
    "--codec",
    "owntracks",
  ]);
  const car = await addDevice(dataDir, { ...tracker, deviceId: "car-1" }, ["--codec", "traccar"]);
  const nowMs = Date.now();
  const location = { _type: "location", lat: -6.2, lon: 106.8, tst: Math.floor(nowMs / 1000) };
  const position = { valid: true, latitude: -6.21, longitude: 106.81, speed: 10, fixTime: nowMs };

  await publish(nadi, phone, {
    topic: `sppg/${sppgId}/owntracks/phone-1/location`,
    message: JSON.stringify({ ...location, vel: 31 }),
  });
  await publish(nadi, car, {
    topic: `sppg/${sppgId}/traccar/car-1/positions`,
    message: JSON.stringify({ position, device: { uniqueId: "car-1", status: "online" } }),
  });

  const byPhone = await readable(api, "device=phone-1&reading=position");
  expect(byPhone[0]).toMatchObject({ last: 31, count: 1 });
  const [byCar] = await readable(api, "device=car-1&reading=position");
  // Knots on the wire, km/h in the store.
  expect(byCar?.last).toBeCloseTo(18.52, 6);
});

test("a bad payload is a dead letter with its reason, and the next reading is fine", async (t) => {
  const { dataDir, nadi, api } = await startKitchen(t);
  const device = { sppgId, deviceId: "probe-1", kind: "temperature-probe" };
  const login = await addDevice(dataDir, device, probe());

  await publish(nadi, login, { message: '{"celsius":"warm"}' });
  await publish(nadi, login, { message: '{"celsius":4.25}' });

  const [bucket] = await readable(api, "device=probe-1&reading=temperature");
  expect(bucket).toMatchObject({ last: 4.25, count: 1 });
  const { deadLetters } = await eventually(
    () => api.get<DeadLetters>(`/api/kitchens/${sppgId}/dead-letters`),
    (answer) => answer.deadLetters.length > 0,
    5_000,
  );
  expect(deadLetters).toMatchObject([
    { deviceId: "probe-1", reason: "DEVICES_FIELD_TYPE", topicName: login.topic },
  ]);
});
