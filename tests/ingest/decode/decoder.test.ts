import { expect, test } from "vitest";
import type { JournalEntry } from "../../../broker/index.ts";
import type { DecodedEntry } from "../../../ingest/decode/decoded.ts";
import { failuresPerEntryMax } from "../../../ingest/decode/decoder.ts";
import { createLoaded, deviceOf, publish, receivedTimeMs, sppgId } from "./support.ts";

const ts = receivedTimeMs - 500;
const devices = [
  deviceOf({ deviceId: "probe-1" }),
  deviceOf({ deviceId: "gateway-1", kind: "gateway" }),
  deviceOf({ deviceId: "child-1", gatewayId: "gateway-1" }),
  deviceOf({ deviceId: "child-2", gatewayId: "gateway-2" }),
];

async function decode(entry: JournalEntry): Promise<DecodedEntry & { kind: "publish" }> {
  const { decoder } = await createLoaded(devices);
  const [decoded] = decoder.decode([entry]);
  if (decoded?.kind !== "publish") throw new Error("no publish entry came out");
  return decoded;
}

test("a native reading carries its series, its times and its place in the journal", async () => {
  const payload = { ts, celsius: 4.5, seq: 7, batteryPct: 91 };
  const decoded = await decode(publish("telemetry/probe-1/temperature", payload, { offset: 42 }));
  expect(decoded).toEqual({
    kind: "publish",
    sppgId,
    deviceId: "probe-1",
    offset: 42,
    receivedTimeMs,
    readings: [
      {
        sppgId,
        deviceId: "probe-1",
        channel: "0",
        reading: "temperature",
        seriesKey: `${sppgId}/probe-1/0/temperature`,
        slot: 0,
        eventTimeMs: ts,
        originalTimeMs: ts,
        seq: 7,
        receivedTimeMs,
        offset: 42,
        index: 0,
        fields: { celsius: 4.5 },
        flags: 0,
        batteryPct: 91,
      },
    ],
    failures: [],
  });
});

test("Tasmota's local time is the kitchen's, and each sensor is a channel", async () => {
  const payload = {
    Time: "2026-11-22T09:06:39",
    "DS18B20-1": { Id: "01A", Temperature: 3.5 },
    "DS18B20-2": { Id: "01B", Temperature: -18 },
    TempUnit: "C",
  };
  const { readings, failures } = await decode(publish("tasmota/probe-1/tele/SENSOR", payload));
  expect(failures).toEqual([]);
  expect(readings.map(({ channel, index, fields }) => [channel, index, fields["celsius"]])).toEqual(
    [
      ["01A", 0, 3.5],
      ["01B", 1, -18],
    ],
  );
  // Jayapura is 9 hours ahead of UTC.
  expect(readings[0]?.originalTimeMs).toBe(Date.UTC(2026, 10, 22, 0, 6, 39));
});

test("a phone with OwnTracks gives a position under its own id", async () => {
  const payload = { _type: "location", lat: -6.2, lon: 106.8, tst: Math.floor(ts / 1000), vel: 31 };
  const { readings } = await decode(publish("owntracks/probe-1/phone/x", payload));
  expect(readings).toMatchObject([
    { deviceId: "probe-1", reading: "position", fields: { lat: -6.2, lon: 106.8, speedKmh: 31 } },
  ]);
});

test("a Traccar position and its probe are the tracker's, not the server's", async () => {
  const payload = {
    device: { uniqueId: "child-1" },
    position: { latitude: -6.2, longitude: 106.8, fixTime: ts, attributes: { temp1: 3.9 } },
  };
  const { readings, deviceId } = await decode(publish("traccar/gateway-1/forward", payload));
  expect(deviceId).toBe("gateway-1");
  expect(readings.map(({ seriesKey }) => seriesKey)).toEqual([
    `${sppgId}/child-1/0/position`,
    `${sppgId}/child-1/temp1/temperature`,
  ]);
});

test("a gateway's own sensor needs no child", async () => {
  const payload = { device: { uniqueId: "gateway-1" }, position: { latitude: 1, longitude: 2 } };
  const { readings } = await decode(publish("traccar/gateway-1/forward", payload));
  expect(readings).toMatchObject([{ deviceId: "gateway-1" }]);
});

test.for(["child-2", "probe-1", "nobody"])(
  "%s is no child of the gateway: the letter names it, and its gateway was heard",
  async (child) => {
    const topic = `telemetry/gateway-1/${child}/temperature`;
    const decoded = await decode(publish(topic, [{ celsius: 4 }, { celsius: 5 }]));
    expect(decoded).toMatchObject({ deviceId: "gateway-1", readings: [] });
    expect(decoded.failures).toMatchObject([{ reason: "INGEST_CHILD_UNKNOWN", index: 0 }]);
    expect(decoded.failures[0]?.detail).toContain(child);
  },
);

test("a child is known as soon as the directory has it", async () => {
  const known = [...devices];
  const { decoder, directory } = await createLoaded(known);
  const entry = publish("telemetry/gateway-1/child-9/temperature", { celsius: 4 });
  expect(decoder.decode([entry])).toMatchObject([{ readings: [] }]);
  known.push(deviceOf({ deviceId: "child-9", gatewayId: "gateway-1" }));
  await directory.refresh([sppgId]);
  expect(decoder.decode([entry])).toMatchObject([{ readings: [{ deviceId: "child-9" }] }]);
});

test("a device that the directory has never had is stored like any other", async () => {
  const { readings, failures } = await decode(publish("telemetry/gone-1/weight", { weightKg: 2 }));
  expect(readings).toMatchObject([{ deviceId: "gone-1", fields: { weightKg: 2 } }]);
  expect(failures).toEqual([]);
});

test.for([
  ["in 1970", 1_000, 4],
  ["in seconds", Math.floor(ts / 1000), 4],
  ["ten years ahead", ts + 3.2e11, 4],
  ["a week late, to the ms", receivedTimeMs - 7 * 86_400_000, 0],
  ["just now", ts, 0],
] as const)("a clock that stands %s is believed or flagged", async ([, deviceTimeMs, flags]) => {
  const payload = { ts: deviceTimeMs, celsius: 4 };
  const { readings } = await decode(publish("telemetry/probe-1/temperature", payload));
  const eventTimeMs = flags === 0 ? deviceTimeMs : receivedTimeMs;
  expect(readings).toMatchObject([{ eventTimeMs, originalTimeMs: deviceTimeMs, flags }]);
});

test("a sensor's fault code and a wrong clock add up", async () => {
  const { readings } = await decode(
    publish("telemetry/probe-1/temperature", { ts: 1, celsius: 85 }),
  );
  expect(readings).toMatchObject([{ flags: 5, fields: { celsius: 85 } }]);
});

test.for([
  ["not JSON", "{", "DEVICES_PAYLOAD_NOT_JSON"],
  ["not UTF-8", new Uint8Array([0xff, 0xfe]), "DEVICES_PAYLOAD_NOT_UTF8"],
  ["NaN", '{"celsius":NaN}', "DEVICES_PAYLOAD_NOT_JSON"],
  ["1e999", '{"celsius":1e999}', "DEVICES_FIELD_NOT_FINITE"],
  ["a text", { celsius: "4" }, "DEVICES_FIELD_TYPE"],
  ["2^63 as a seq", '{"celsius":4,"seq":9223372036854775808}', "DEVICES_FIELD_TYPE"],
  ["nothing of it", {}, "DEVICES_FIELD_MISSING"],
  ["a field named __proto__", '{"__proto__":{"celsius":4}}', "DEVICES_FIELD_MISSING"],
] as const)("%s is a letter with its reason, and its publisher was heard", async (row) => {
  const [, payload, reason] = row;
  const decoded = await decode(publish("telemetry/probe-1/temperature", payload));
  expect(decoded).toMatchObject({ sppgId, deviceId: "probe-1", readings: [] });
  expect(decoded.failures).toMatchObject([{ reason, offset: 1, index: 0, deviceId: "probe-1" }]);
});

test("good items beside bad ones keep the index that they have among the good", async () => {
  const items = [{ celsius: 1 }, { celsius: "x" }, { celsius: 2 }];
  const { readings, failures } = await decode(publish("telemetry/probe-1/temperature", items));
  expect(readings.map(({ index }) => index)).toEqual([0, 1]);
  expect(failures).toMatchObject([{ reason: "DEVICES_FIELD_TYPE", index: 0 }]);
});

test("a backlog of bad items is a few letters, and the last one counts the rest", async () => {
  const items = Array.from({ length: 100 }, () => ({ celsius: "x" }));
  const good = { celsius: 1 };
  const decoded = await decode(publish("telemetry/probe-1/temperature", [good, ...items]));
  expect(decoded.failures).toHaveLength(failuresPerEntryMax);
  expect(decoded.failures.at(-1)?.detail).toContain(`and ${100 - failuresPerEntryMax} more`);
});

test.for([
  ["a topic of another device", "telemetry/probe-2/temperature", `${sppgId}.probe-1`],
  ["a tree that no device has", "nonsense/probe-1/temperature", `${sppgId}.probe-1`],
  ["a topic of another kitchen's device", "telemetry/probe-1/weight", "sppg-bogor-001.probe-1"],
] as const)("%s is refused under the publisher's name", async ([, topic, principal]) => {
  const decoded = await decode(publish(topic, { celsius: 4 }, { principal }));
  const [kitchen, deviceId] = principal.split(".");
  expect(decoded).toMatchObject({ sppgId: kitchen, deviceId, readings: [] });
  expect(decoded.failures).toMatchObject([{ reason: "DEVICES_TOPIC_INVALID", deviceId }]);
});

test("a principal of nobody's is a letter that says so", async () => {
  const entry = publish("telemetry/probe-1/temperature", { celsius: 4 }, { principal: "anyone" });
  const decoded = await decode(entry);
  expect(decoded).toMatchObject({ sppgId: "", deviceId: "anyone" });
  expect(decoded.failures).toMatchObject([{ reason: "INGEST_DEVICE_UNKNOWN" }]);
});

test("what is no telemetry is no failure, and its device was heard", async () => {
  const decoded = await decode(publish("tasmota/probe-1/tele/STATE", "Online"));
  expect(decoded).toMatchObject({ deviceId: "probe-1", readings: [], failures: [] });
});

test("nothing that comes out looks into the batch's bytes", async () => {
  const bytes = Buffer.from('{"celsius":"a text"}');
  const { failures } = await decode(publish("telemetry/probe-1/temperature", bytes));
  const before = Buffer.from(failures[0]?.firstBytes ?? []).toString();
  bytes.fill(0);
  expect(before).toBe('{"celsius":"a text"}');
  expect(Buffer.from(failures[0]?.firstBytes ?? []).toString()).toBe(before);
  expect(failures[0]?.firstBytes.buffer.byteLength).toBe(before.length);
});

test("a large payload leaves its first bytes and its size", async () => {
  const { failures } = await decode(publish("telemetry/probe-1/temperature", "x".repeat(70_000)));
  expect(failures).toMatchObject([{ payloadBytes: 70_000 }]);
  expect(failures[0]?.firstBytes).toHaveLength(256);
});

test("changes, ticks and clock steps pass as they are", async () => {
  const { decoder } = await createLoaded(devices);
  const entries: JournalEntry[] = [
    { kind: "change", changeSeq: 9, offset: 1, receivedTimeMs },
    { kind: "tick", offset: 2, receivedTimeMs },
    { kind: "clock", stepMs: -7_200_000, offset: 3, receivedTimeMs },
  ];
  expect(decoder.decode(entries)).toEqual(entries);
});

test("channels that a device makes up are named, however many there are", async () => {
  const { decoder } = await createLoaded(devices);
  const items = Array.from({ length: 1_000 }, (_, at) => ({ celsius: 1, channel: `c${at}` }));
  const entry = publish("telemetry/probe-1/temperature", items);
  const [decoded] = decoder.decode([entry]);
  const keys = decoded?.kind === "publish" ? decoded.readings.map((it) => it.seriesKey) : [];
  expect(new Set(keys).size).toBe(1_000);
  expect(keys.at(-1)).toBe(`${sppgId}/probe-1/c999/temperature`);
});
