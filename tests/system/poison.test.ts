import { beforeAll, expect, test } from "vitest";
import { telemetryTopic } from "../../devices/index.ts";
import { fileScope } from "../support/file-scope.ts";
import { connectDevice, eventually } from "../support/kitchen.ts";
import {
  type BucketRow,
  type KitchenClient,
  type OpenedKitchens,
  openKitchens,
  visibleWithinMs,
} from "../support/kitchen-client.ts";
import { fixedPort, startNadi, tempFolder } from "../support/nadi-process.ts";
import { type PreparedKitchens, prepareKitchens } from "../support/prepared-kitchens.ts";

const sppgId = "sppg-poison";
const neighbourId = "sppg-neighbour";
const deviceId = "probe";
/** Kept of one device, see ingest/desk. */
const lettersMax = 200;

interface Poison {
  what: string;
  payload: string | Buffer;
  /** Below `telemetry/{device}/`. */
  topicRest?: string;
  reason: string;
}

const deep = (levels: number): string => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
const manyKeys = JSON.stringify(
  Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 1])),
);

const poisons: readonly Poison[] = [
  { what: "a text for a number", payload: '{"celsius":"warm"}', reason: "DEVICES_FIELD_TYPE" },
  { what: "an object for a number", payload: '{"celsius":{}}', reason: "DEVICES_FIELD_TYPE" },
  { what: "NaN", payload: '{"celsius":NaN}', reason: "DEVICES_PAYLOAD_NOT_JSON" },
  { what: "1e999", payload: '{"celsius":1e999}', reason: "DEVICES_FIELD_NOT_FINITE" },
  {
    what: "2^63 as a sequence number",
    payload: '{"celsius":3,"seq":9223372036854775808}',
    reason: "DEVICES_FIELD_TYPE",
  },
  {
    what: "2^63 as a time",
    payload: '{"celsius":3,"ts":9223372036854775808}',
    reason: "DEVICES_TIME_INVALID",
  },
  {
    what: "a text of 200 KB",
    payload: JSON.stringify({ celsius: "x".repeat(200_000) }),
    reason: "DEVICES_FIELD_TYPE",
  },
  { what: "a thousand levels", payload: deep(1_000), reason: "DEVICES_PAYLOAD_TOO_DEEP" },
  { what: "100,000 levels", payload: deep(100_000), reason: "DEVICES_PAYLOAD_TOO_DEEP" },
  { what: "10,000 keys", payload: manyKeys, reason: "DEVICES_PAYLOAD_TOO_MANY_KEYS" },
  {
    what: "values by a prototype",
    payload: '{"__proto__":{"celsius":3}}',
    reason: "DEVICES_FIELD_MISSING",
  },
  { what: "bytes that are no UTF-8", payload: notUtf8(), reason: "DEVICES_PAYLOAD_NOT_UTF8" },
  { what: "nothing", payload: "", reason: "DEVICES_PAYLOAD_NOT_JSON" },
  { what: "no object", payload: "42", reason: "DEVICES_PAYLOAD_SHAPE" },
  {
    what: "5,001 items",
    payload: JSON.stringify(Array(5_001).fill(0)),
    reason: "DEVICES_PAYLOAD_TOO_MANY_ITEMS",
  },
  {
    what: "a channel that is a path",
    payload: '{"celsius":3,"channel":"../../etc"}',
    reason: "DEVICES_CHANNEL_INVALID",
  },
  {
    what: "a reading that nobody knows",
    payload: '{"celsius":3}',
    topicRest: "constructor",
    reason: "DEVICES_READING_UNKNOWN",
  },
  {
    what: "a place that is nowhere",
    payload: '{"lat":91,"lon":0}',
    topicRest: "position",
    reason: "DEVICES_COORDINATES_INVALID",
  },
  {
    what: "a child that nobody registered",
    payload: '{"celsius":3}',
    topicRest: "stranger/temperature",
    reason: "INGEST_CHILD_UNKNOWN",
  },
];

function notUtf8(): Buffer {
  return Buffer.concat([
    Buffer.from('{"celsius":3,"x":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ]);
}

const scope = fileScope();
const dataDir = tempFolder(scope);
let mqttPort: number;
let prepared: PreparedKitchens;
let kitchens: OpenedKitchens;

beforeAll(async () => {
  const devices = [{ deviceId, kind: "temperature-probe" as const }];
  const flooding = [{ deviceId: "flooding", kind: "temperature-probe" as const }];
  prepared = await prepareKitchens(dataDir, [
    { sppgId, devices: [...devices, ...flooding] },
    { sppgId: neighbourId, devices },
  ]);
  mqttPort = await fixedPort();
  kitchens = await openKitchens(scope, await startNadi(scope, { dataDir, mqttPort }), prepared);
});

async function lastHour(kitchen: KitchenClient, device: string): Promise<BucketRow | undefined> {
  const nowMs = Date.now();
  const range = `from=${nowMs - 3_600_000}&to=${nowMs + 60_000}&points=1`;
  const answer = await kitchen.readings(`device=${device}&reading=temperature&${range}`);
  return answer.buckets[0];
}

/** Resolves when so many good readings can be read. */
function counted(kitchen: KitchenClient, device: string, count: number) {
  return eventually(
    () => lastHour(kitchen, device),
    (bucket) => bucket?.count === count,
    visibleWithinMs,
  );
}

test("each poison is a dead letter with its reason, and the next reading is stored", async () => {
  const kitchen = kitchens.kitchen(sppgId);
  const neighbour = kitchens.kitchen(neighbourId);
  const startMs = Date.now() - 60_000;
  for (const [index, { what, payload, topicRest = "temperature", reason }] of poisons.entries()) {
    const number = index + 1;
    const topicName = telemetryTopic({ sppgId, deviceId }, topicRest);
    await kitchen.send(deviceId, [{ topicName, payload }]);
    const good = [{ ts: startMs + number, celsius: number }];
    await kitchen.sendReadings(deviceId, good);
    await neighbour.sendReadings(deviceId, good);

    const letters = await eventually(
      () => kitchen.deadLetters(deviceId),
      (found) => found.some((letter) => letter.number === number),
      visibleWithinMs,
    );
    expect(
      letters.find((letter) => letter.number === number),
      what,
    ).toMatchObject({ reason });
    expect(await counted(kitchen, deviceId, number), what).toMatchObject({ last: number });
    expect(await counted(neighbour, deviceId, number), what).toMatchObject({ last: number });
  }
  expect(await kitchen.deadLetters(deviceId)).toHaveLength(poisons.length);
  expect(await neighbour.deadLetters(deviceId)).toEqual([]);
  // Nobody's object has learned anything.
  expect(await kitchen.alerts()).toEqual([]);
});

test("one bad item of a backlog costs only itself", async () => {
  const kitchen = kitchens.kitchen(sppgId);
  const before = (await lastHour(kitchen, deviceId))?.count ?? 0;
  const nowMs = Date.now();
  const items = [{ ts: nowMs, celsius: 3 }, { celsius: "warm" }, { ts: nowMs + 1, celsius: 4 }];
  const topicName = telemetryTopic({ sppgId, deviceId }, "temperature");
  await kitchen.send(deviceId, [{ topicName, payload: JSON.stringify(items) }]);
  expect(await counted(kitchen, deviceId, before + 2)).toMatchObject({ last: 4 });
  expect(await kitchen.deadLetters(deviceId)).toHaveLength(poisons.length + 1);
});

test("2^63 °C and a fault code are kept, and neither is a value", async () => {
  const kitchen = kitchens.kitchen(sppgId);
  const { count = 0, max = null } = (await lastHour(kitchen, deviceId)) ?? {};
  const nowMs = Date.now();
  const odd = [2 ** 63, -127].map((celsius, index) => ({ ts: nowMs + 10 + index, celsius }));
  await kitchen.sendReadings(deviceId, odd);
  const bucket = await eventually(
    () => lastHour(kitchen, deviceId),
    (found) => found?.flagged === 2,
    visibleWithinMs,
  );
  expect(bucket).toMatchObject({ count, max });
});

test("a packet that is too large, or another's topic, costs the connection and nothing else", async (t) => {
  const login = prepared.login(sppgId, deviceId);
  const refused = [
    { topic: login.topic, payload: JSON.stringify({ celsius: "x".repeat(4_000_000) }) },
    { topic: telemetryTopic({ sppgId: neighbourId, deviceId }, "temperature"), payload: "{}" },
    { topic: `sppg/${sppgId}/production/alerts`, payload: "{}" },
  ];
  const kitchen = kitchens.kitchen(sppgId);
  const before = (await lastHour(kitchen, deviceId))?.count ?? 0;
  for (const { topic, payload } of refused) {
    const client = await connectDevice(t, kitchens.nadi, login);
    // Whether it is reset or ended is the system's choice.
    client.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.publish(topic, payload, { qos: 1 });
    await closed;
  }
  const client = await connectDevice(t, kitchens.nadi, login);
  await client.publishAsync(login.topic, JSON.stringify({ ts: Date.now(), celsius: 5 }), {
    qos: 1,
  });
  await counted(kitchen, deviceId, before + 1);
  const neighbour = kitchens.kitchen(neighbourId);
  expect(await neighbour.deadLetters(deviceId)).toEqual([]);
});

test("a flood of poison keeps some letters and counts all, also over a kill -9", async () => {
  const flood = 5_000;
  const kitchen = kitchens.kitchen(sppgId);
  const topicName = telemetryTopic({ sppgId, deviceId: "flooding" }, "temperature");
  const bad = Array.from({ length: flood }, () => ({ topicName, payload: "{" }));
  await kitchen.send("flooding", bad);
  await kitchen.sendReadings("flooding", [{ ts: Date.now(), celsius: 3 }]);
  await counted(kitchen, "flooding", 1);
  await kitchen.settled();
  const letters = await kitchen.deadLetters("flooding");
  expect(letters.length).toBeLessThanOrEqual(lettersMax);
  const numbers = letters.map(({ number }) => number);
  // Of a flood each hundredth is kept.
  expect(Math.max(...numbers)).toBeGreaterThan(flood - 100);

  await kitchens.nadi.kill();
  kitchens = await openKitchens(scope, await startNadi(scope, { dataDir, mqttPort }), prepared);
  const again = kitchens.kitchen(sppgId);
  await again.sendReadings("flooding", [{ ts: Date.now(), celsius: 4 }]);
  await counted(again, "flooding", 2);
  // A fast start is over within the second of the flood, of which few are kept: the first letter
  // of the next one is, and its number tells that all have been counted.
  let sent = flood;
  const after = await eventually(
    async () => {
      await again.send("flooding", [{ topicName, payload: "{" }]);
      sent += 1;
      await again.settled();
      return again.deadLetters("flooding");
    },
    (found) => found.some(({ number }) => number === sent),
    visibleWithinMs,
  );
  expect(after.filter(({ number }) => number <= flood)).toEqual(
    letters.filter(({ number }) => after.some((letter) => letter.number === number)),
  );
});
