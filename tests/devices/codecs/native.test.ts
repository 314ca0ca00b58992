import { describe, expect, test } from "vitest";
import { decode } from "./support.ts";

const ts = 1795300000000;
const plain = { childId: null, channel: "0", deviceTimeMs: ts, seq: null, flags: [] };

function publish(reading: string, payload: unknown) {
  return decode({ topic: `telemetry/dev-1/${reading}`, payload });
}

describe("the payloads of the design", () => {
  test.for([
    [
      "temperature",
      '{"ts":1795300000000,"celsius":73.2,"batteryPct":91}',
      { fields: { celsius: 73.2 }, batteryPct: 91 },
    ],
    [
      "position",
      '{"ts":1795300000000,"lat":-6.2,"lon":106.8,"speedKmh":31,"headingDeg":270,"accuracyM":6}',
      { fields: { lat: -6.2, lon: 106.8, speedKmh: 31, headingDeg: 270, accuracyM: 6 } },
    ],
    ["weight", '{"ts":1795300000000,"weightKg":18.35}', { fields: { weightKg: 18.35 } }],
    ["humidity", '{"ts":1795300000000,"humidityPct":64}', { fields: { humidityPct: 64 } }],
    ["door", '{"ts":1795300000000,"open":true}', { fields: { open: 1 } }],
    ["door", '{"ts":1795300000000,"open":0}', { fields: { open: 0 } }],
  ] as const)("a %s %s is one reading", ([reading, payload, expected]) => {
    expect(publish(reading, payload)).toEqual({
      ok: true,
      readings: [{ ...plain, reading, ...expected }],
      rejected: [],
    });
  });
});

test("ts, seq, channel and battery are optional, and null is the same as leaving them out", () => {
  const nothing = { ts: null, seq: null, channel: null, batteryPct: null, celsius: 4 };
  const expected = {
    readings: [{ ...plain, reading: "temperature", deviceTimeMs: null, fields: { celsius: 4 } }],
  };
  expect(publish("temperature", { celsius: 4 })).toMatchObject(expected);
  expect(publish("temperature", nothing)).toEqual(publish("temperature", { celsius: 4 }));
});

test("a device with two sensors names the channel, as text or as a number", () => {
  const result = publish("temperature", [
    { celsius: 4, channel: "inside", seq: 7 },
    { celsius: 5, channel: 1 },
  ]);
  expect(result).toMatchObject({ readings: [{ channel: "inside", seq: 7 }, { channel: "1" }] });
});

test("a gateway's child is named by the level above the reading", () => {
  const result = decode({ topic: "telemetry/gw-1/probe-9/temperature", payload: { celsius: 4 } });
  expect(result).toMatchObject({ ok: true, readings: [{ childId: "probe-9" }] });
});

test("a backlog keeps its order and its good items beside a bad one", () => {
  const result = publish("weight", [
    { ts, weightKg: 1 },
    { ts: ts + 1, weightKg: "2" },
    { ts: ts + 2, weightKg: 3 },
  ]);
  expect(result).toMatchObject({
    ok: true,
    readings: [{ fields: { weightKg: 1 } }, { fields: { weightKg: 3 } }],
    rejected: [{ reason: "DEVICES_FIELD_TYPE" }],
  });
});

test("a backlog of bad items only is refused for the first one's reason", () => {
  const result = publish("weight", [{ weightKg: "2" }, {}]);
  expect(result).toMatchObject({ ok: false, reason: "DEVICES_FIELD_TYPE" });
});

test("an empty backlog is ignored and not an error", () => {
  expect(publish("weight", [])).toEqual({
    ok: true,
    readings: [],
    rejected: [],
    ignored: "empty",
  });
});

test.for([
  ["temperature", { celsius: 85 }, "sensorFault"],
  ["temperature", { celsius: -127 }, "sensorFault"],
  ["temperature", { celsius: 400 }, "implausible"],
  ["weight", { weightKg: 3000 }, "implausible"],
  ["humidity", { humidityPct: 101 }, "implausible"],
  ["position", { lat: -6.2, lon: 106.8, speedKmh: 500, headingDeg: 400 }, "implausible"],
] as const)("a %s %j is a reading flagged %s once", ([reading, payload, flag]) => {
  expect(publish(reading, payload)).toMatchObject({ ok: true, readings: [{ flags: [flag] }] });
});

test("a speed or heading of -1 means unknown and is left out", () => {
  const result = publish("position", { lat: -6.2, lon: 106.8, speedKmh: -1, headingDeg: -1 });
  expect(result).toMatchObject({ readings: [{ flags: [], fields: { lat: -6.2, lon: 106.8 } }] });
});

test("a battery outside 0 to 100 is left out and does not cost the reading", () => {
  const result = publish("temperature", { celsius: 4, batteryPct: 254 });
  expect(result).toMatchObject({ ok: true, readings: [{ flags: [] }] });
  expect(result.ok && result.readings[0]).not.toHaveProperty("batteryPct");
});

test("a fraction of a millisecond is cut off", () => {
  const result = publish("temperature", { ts: ts + 0.9, celsius: 4 });
  expect(result).toMatchObject({ readings: [{ deviceTimeMs: ts }] });
});

test("unknown fields are ignored", () => {
  const result = publish("temperature", { ts, celsius: 4, rssi: -70, nested: { a: [1] } });
  expect(result).toEqual(publish("temperature", { ts, celsius: 4 }));
});

test.for([
  ["an unknown reading", "ph", "{}", "DEVICES_READING_UNKNOWN"],
  ["a reading named like a property", "constructor", "{}", "DEVICES_READING_UNKNOWN"],
  ["no value", "temperature", "{}", "DEVICES_FIELD_MISSING"],
  ["a null value", "temperature", '{"celsius":null}', "DEVICES_FIELD_MISSING"],
  ["a value as text", "temperature", '{"celsius":"73.2"}', "DEVICES_FIELD_TYPE"],
  ["a value as a list", "temperature", '{"celsius":[73.2]}', "DEVICES_FIELD_TYPE"],
  ["a true temperature", "temperature", '{"celsius":true}', "DEVICES_FIELD_TYPE"],
  ["an infinite value", "temperature", '{"celsius":1e999}', "DEVICES_FIELD_NOT_FINITE"],
  ["NaN", "temperature", '{"celsius":NaN}', "DEVICES_PAYLOAD_NOT_JSON"],
  ["half a coordinate", "position", '{"lat":-6.2}', "DEVICES_FIELD_MISSING"],
  ["a latitude beyond the pole", "position", '{"lat":-96,"lon":1}', "DEVICES_COORDINATES_INVALID"],
  ["a longitude beyond 180", "position", '{"lat":1,"lon":180.1}', "DEVICES_COORDINATES_INVALID"],
  ["the place 0, 0", "position", '{"lat":0,"lon":-0.0}', "DEVICES_POSITION_NO_FIX"],
  ["an infinite latitude", "position", '{"lat":-1e999,"lon":1}', "DEVICES_FIELD_NOT_FINITE"],
  ["a half open door", "door", '{"open":0.5}', "DEVICES_FIELD_TYPE"],
  ["ts as text", "weight", '{"ts":"now","weightKg":1}', "DEVICES_FIELD_TYPE"],
  ["ts beyond all dates", "weight", '{"ts":1e300,"weightKg":1}', "DEVICES_TIME_INVALID"],
  ["an infinite ts", "weight", '{"ts":1e999,"weightKg":1}', "DEVICES_TIME_INVALID"],
  ["a negative seq", "weight", '{"seq":-1,"weightKg":1}', "DEVICES_FIELD_TYPE"],
  ["a seq with a fraction", "weight", '{"seq":1.5,"weightKg":1}', "DEVICES_FIELD_TYPE"],
  ["a battery as text", "weight", '{"batteryPct":"9","weightKg":1}', "DEVICES_FIELD_TYPE"],
  ["a channel with a slash", "weight", '{"channel":"a/b","weightKg":1}', "DEVICES_CHANNEL_INVALID"],
  ["a channel as an object", "weight", '{"channel":{},"weightKg":1}', "DEVICES_CHANNEL_INVALID"],
  ["a bare number", "temperature", "73.2", "DEVICES_PAYLOAD_SHAPE"],
  ["null", "temperature", "null", "DEVICES_PAYLOAD_SHAPE"],
  ["an array in an array", "temperature", '[[{"celsius":4}]]', "DEVICES_PAYLOAD_SHAPE"],
  ["nothing", "temperature", "", "DEVICES_PAYLOAD_NOT_JSON"],
  ["half an object", "temperature", '{"celsius":', "DEVICES_PAYLOAD_NOT_JSON"],
] as const)("%s on %s is refused: %s → %s", ([, reading, payload, reason]) => {
  expect(publish(reading, payload)).toMatchObject({ ok: false, reason });
});

test("a key named __proto__ is not a value and pollutes nothing", () => {
  const result = publish("temperature", '{"__proto__":{"celsius":4,"ts":1}}');
  expect(result).toMatchObject({ ok: false, reason: "DEVICES_FIELD_MISSING" });
  expect(publish("temperature", '{"__proto__":null,"celsius":4}')).toMatchObject({ ok: true });
  expect(({} as Record<string, unknown>)["celsius"]).toBeUndefined();
});
