import { expect, test } from "vitest";
import { decode } from "./support.ts";

const topic = "owntracks/phone-1/me";
const location = {
  _type: "location",
  lat: -6.200001,
  lon: 106.816666,
  tst: 1795300000,
  acc: 12,
  vel: 31,
  cog: 270,
  alt: 8,
  batt: 87,
  tid: "BD",
  t: "u",
};

test("a location is one position, its time in ms", () => {
  expect(decode({ topic, payload: location })).toEqual({
    ok: true,
    readings: [
      {
        childId: null,
        reading: "position",
        channel: "0",
        deviceTimeMs: 1795300000000,
        seq: null,
        fields: {
          lat: -6.200001,
          lon: 106.816666,
          speedKmh: 31,
          headingDeg: 270,
          accuracyM: 12,
          altitudeM: 8,
        },
        batteryPct: 87,
        flags: [],
      },
    ],
    rejected: [],
  });
});

test("an omitted speed is standing still; accuracy, heading and battery are unknown then", () => {
  const payload = { _type: "location", lat: -6.2, lon: 106.8, tst: 1795300000 };
  const result = decode({ topic, payload });
  expect(result).toMatchObject({ readings: [{ fields: { lat: -6.2, lon: 106.8, speedKmh: 0 } }] });
  const [reading] = result.ok ? result.readings : [];
  expect(Object.keys(reading?.fields ?? {})).toEqual(["lat", "lon", "speedKmh"]);
  expect(reading).not.toHaveProperty("batteryPct");
});

test("an omitted latitude is the equator", () => {
  const payload = { _type: "location", lon: 109.3225, tst: 1795300000 };
  expect(decode({ topic, payload })).toMatchObject({
    readings: [{ fields: { lat: 0, lon: 109.3225 } }],
  });
});

test("a speed and course of -1 are unknown", () => {
  const result = decode({ topic, payload: { ...location, vel: -1, cog: -1 } });
  const [reading] = result.ok ? result.readings : [];
  expect(reading?.fields).not.toHaveProperty("speedKmh");
  expect(reading?.fields).not.toHaveProperty("headingDeg");
  expect(reading?.flags).toEqual([]);
});

test.for(["transition", "lwt", "waypoint", "status", "encrypted", "constructor"])(
  "a %s is ignored with a reason",
  (type) => {
    const result = decode({ topic: `${topic}/event`, payload: { ...location, _type: type } });
    expect(result).toEqual({ ok: true, readings: [], rejected: [], ignored: "notTelemetry" });
  },
);

test.for([
  ["no type", { lat: 1, lon: 1 }, "DEVICES_FIELD_MISSING"],
  ["a type that is no text", { _type: 1 }, "DEVICES_FIELD_TYPE"],
  ["no coordinates at all", { _type: "location", tst: 1 }, "DEVICES_POSITION_NO_FIX"],
  ["a latitude of 91", { ...location, lat: 91 }, "DEVICES_COORDINATES_INVALID"],
  ["a latitude as text", { ...location, lat: "-6.2" }, "DEVICES_FIELD_TYPE"],
  ["a time as text", { ...location, tst: "1795300000" }, "DEVICES_FIELD_TYPE"],
  ["a list around it", [location], "DEVICES_PAYLOAD_SHAPE"],
  ["nothing", "", "DEVICES_PAYLOAD_NOT_JSON"],
] as const)("a message with %s is refused", ([, payload, reason]) => {
  expect(decode({ topic, payload })).toMatchObject({ ok: false, reason });
});
