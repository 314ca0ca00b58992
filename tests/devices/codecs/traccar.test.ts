import { expect, test } from "vitest";
import { decode } from "./support.ts";

const topic = "traccar/server-1/positions";
const fixTime = 1795300000000;

function payloadOf(position: object, attributes: object = {}) {
  return {
    position: {
      deviceId: 7,
      fixTime,
      deviceTime: fixTime + 2000,
      serverTime: fixTime + 3000,
      valid: true,
      latitude: -6.2,
      longitude: 106.8,
      altitude: 8,
      speed: 10,
      course: 90,
      accuracy: 5,
      attributes: { ignition: true, motion: true, totalDistance: 1234.5, ...attributes },
      ...position,
    },
    device: { id: 7, name: "Mobil 1", uniqueId: "353000000000001", status: "online" },
  };
}

test("a position is the tracker's: its unique id, fix time, and knots in km/h", () => {
  expect(decode({ topic, payload: payloadOf({}, { batteryLevel: 76 }) })).toEqual({
    ok: true,
    readings: [
      {
        childId: "353000000000001",
        reading: "position",
        channel: "0",
        deviceTimeMs: fixTime,
        seq: null,
        fields: {
          lat: -6.2,
          lon: 106.8,
          speedKmh: 18.52,
          headingDeg: 90,
          accuracyM: 5,
          altitudeM: 8,
        },
        batteryPct: 76,
        flags: [],
      },
    ],
    rejected: [],
  });
});

test.for([
  [0, 0],
  [1, 1.852],
  [16.2, 30.0024],
  [54, 100.008],
] as const)("%d knots are %d km/h", ([speed, speedKmh]) => {
  expect(decode({ topic, payload: payloadOf({ speed }) })).toMatchObject({
    readings: [{ fields: { speedKmh } }],
  });
});

test.for([
  ["2026-11-22T03:00:00.000+00:00", Date.UTC(2026, 10, 22, 3)],
  ["2026-11-22T03:00:00.000+0000", Date.UTC(2026, 10, 22, 3)],
  ["2026-11-22T10:00:00+07:00", Date.UTC(2026, 10, 22, 3)],
  ["2026-11-22T03:00:00Z", Date.UTC(2026, 10, 22, 3)],
  [fixTime, fixTime],
] as const)("a fix time of %s is understood", ([time, deviceTimeMs]) => {
  const result = decode({ topic, payload: payloadOf({ fixTime: time }) });
  expect(result).toMatchObject({ readings: [{ deviceTimeMs }] });
});

test("a wired probe is a temperature on a channel of its own, at the device's time", () => {
  const result = decode({ topic, payload: payloadOf({}, { temp1: 4.5, temp2: 85, tempX: 1 }) });
  const probe = { childId: "353000000000001", reading: "temperature" };
  expect(result).toMatchObject({
    readings: [
      { reading: "position" },
      { ...probe, channel: "temp1", deviceTimeMs: fixTime + 2000, fields: { celsius: 4.5 } },
      { ...probe, channel: "temp2", flags: ["sensorFault"] },
    ],
  });
  expect(result.ok && result.readings).toHaveLength(3);
});

test("an invalid fix is refused and does not cost the probe beside it", () => {
  const result = decode({ topic, payload: payloadOf({ valid: false }, { temp1: 4.5 }) });
  expect(result).toMatchObject({
    ok: true,
    readings: [{ reading: "temperature" }],
    rejected: [{ reason: "DEVICES_POSITION_NO_FIX" }],
  });
});

test("an accuracy of 0 means that the tracker did not say", () => {
  const result = decode({ topic, payload: payloadOf({ accuracy: 0 }) });
  const [reading] = result.ok ? result.readings : [];
  expect(reading?.fields).not.toHaveProperty("accuracyM");
});

test("a server's event is ignored with a reason", () => {
  const payload = { event: { type: "deviceOnline" }, device: { uniqueId: "x" } };
  expect(decode({ topic, payload })).toMatchObject({ ok: true, ignored: "notTelemetry" });
});

test.for([
  ["an invalid fix alone", payloadOf({ valid: false }), "DEVICES_POSITION_NO_FIX"],
  ["the place 0, 0", payloadOf({ latitude: 0, longitude: 0 }), "DEVICES_POSITION_NO_FIX"],
  ["a latitude of 91", payloadOf({ latitude: 91 }), "DEVICES_COORDINATES_INVALID"],
  ["no latitude", payloadOf({ latitude: null }), "DEVICES_FIELD_MISSING"],
  ["a speed as text", payloadOf({ speed: "10" }), "DEVICES_FIELD_TYPE"],
  ["attributes as text", payloadOf({ attributes: "" }), "DEVICES_FIELD_TYPE"],
  ["a local fix time", payloadOf({ fixTime: "2026-11-22T03:00:00" }), "DEVICES_TIME_INVALID"],
  ["no position", { device: { uniqueId: "x" } }, "DEVICES_FIELD_TYPE"],
  ["no device", { position: payloadOf({}).position }, "DEVICES_FIELD_TYPE"],
  [
    "a unique id as a number",
    { ...payloadOf({}), device: { uniqueId: 353 } },
    "DEVICES_FIELD_TYPE",
  ],
  [
    "a unique id with a slash",
    { ...payloadOf({}), device: { uniqueId: "a/b" } },
    "DEVICES_CHILD_ID_INVALID",
  ],
  ["a list", [], "DEVICES_PAYLOAD_SHAPE"],
] as const)("a message with %s is refused", ([, payload, reason]) => {
  expect(decode({ topic, payload })).toMatchObject({ ok: false, reason });
});
