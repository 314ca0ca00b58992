import { expect, test } from "vitest";
import { decode } from "./support.ts";

const topic = "tasmota/plug-1/tele/SENSOR";
const time = "2026-11-22T09:59:44";
const plain = { childId: null, seq: null, flags: [] };

test("two indexed DS18B20 are two channels named by their ids, at the kitchen's time", () => {
  const payload =
    '{"Time":"2021-01-02T09:09:44","DS18B20-1":{"Id":"00000566CC39","Temperature":13.3},' +
    '"DS18B20-2":{"Id":"0000059AC1F2","Temperature":-18.0625},"TempUnit":"C"}';
  const deviceTimeMs = Date.UTC(2021, 0, 2, 2, 9, 44);
  expect(decode({ topic, payload, timeZone: "Asia/Jakarta" })).toEqual({
    ok: true,
    readings: [
      {
        ...plain,
        reading: "temperature",
        channel: "00000566CC39",
        deviceTimeMs,
        fields: { celsius: 13.3 },
      },
      {
        ...plain,
        reading: "temperature",
        channel: "0000059AC1F2",
        deviceTimeMs,
        fields: { celsius: -18.0625 },
      },
    ],
    rejected: [],
  });
});

test("a probe keeps its channel when its index changes", () => {
  const probe = { Id: "00000566CC39", Temperature: 13.3 };
  const keys = ["DS18B20", "DS18B20-1", "DS18B20-2"];
  const results = keys.map((key) => decode({ topic, payload: { Time: time, [key]: probe } }));
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  expect(results[0]).toMatchObject({ readings: [{ channel: "00000566CC39" }] });
});

test.for([
  ["Asia/Jakarta", Date.UTC(2026, 10, 22, 2, 59, 44)],
  ["Asia/Makassar", Date.UTC(2026, 10, 22, 1, 59, 44)],
  ["Asia/Jayapura", Date.UTC(2026, 10, 22, 0, 59, 44)],
] as const)("local time is read in the kitchen's zone %s", ([timeZone, deviceTimeMs]) => {
  const result = decode({ topic, timeZone, payload: { Time: time, AM2301: { Humidity: 60 } } });
  expect(result).toMatchObject({ readings: [{ deviceTimeMs }] });
});

test.for([
  ["no zone is known", { Time: time }, null],
  ["there is no time", {}, null],
  ["the time has a zone of its own", { Time: `${time}+08:00` }, Date.UTC(2026, 10, 22, 1, 59, 44)],
  ["the time has milliseconds", { Time: `${time}.250Z` }, Date.UTC(2026, 10, 22, 9, 59, 44, 250)],
  ["the time is a number", { Time: 1795316384 }, 1795316384000],
  ["an epoch is sent beside it", { Time: time, Epoch: 1795316384 }, 1795316384000],
] as const)("when %s, the device's time is taken as sent: %j", ([, times, deviceTimeMs]) => {
  const result = decode({ topic, payload: { ...times, HX711: { Weight: 1 } } });
  expect(result).toMatchObject({ readings: [{ deviceTimeMs }] });
});

test.for([
  ["C", 85, 85, ["sensorFault"]],
  ["F", 185, 85, ["sensorFault"]],
  ["F", -196.6, -127, ["sensorFault"]],
  ["F", 212, 100, []],
  ["F", 32, 0, []],
  ["F", 55.94, 13.3, []],
] as const)("in °%s a DS18B20's %d is %d °C with the flags %j", (row) => {
  const [TempUnit, Temperature, celsius, flags] = row;
  const result = decode({ topic, payload: { DS18B20: { Id: "28FF", Temperature }, TempUnit } });
  expect(result).toMatchObject({ readings: [{ fields: { celsius }, flags }] });
});

test("a scale gives its weight and its raw count", () => {
  const payload = '{"Time":"x","HX711":{"Weight":0,"WeightRaw":4782,"AbsRaw":110004}}';
  const result = decode({ topic, payload: payload.replace("x", time) });
  expect(result).toMatchObject({
    readings: [{ reading: "weight", channel: "HX711", fields: { weightKg: 0, rawCount: 110004 } }],
  });
});

test("a climate sensor without an id is a channel named by its key, with two readings", () => {
  const payload = {
    Time: time,
    "SHT3X-0x44": { Temperature: 27.4, Humidity: 71.5, DewPoint: 21.8 },
    AM2301: { Temperature: 26.1, Humidity: 70 },
  };
  expect(decode({ topic, payload })).toMatchObject({
    readings: [
      { reading: "temperature", channel: "SHT3X-0x44", fields: { celsius: 27.4 } },
      { reading: "humidity", channel: "SHT3X-0x44", fields: { humidityPct: 71.5 } },
      { reading: "temperature", channel: "AM2301", fields: { celsius: 26.1 } },
      { reading: "humidity", channel: "AM2301", fields: { humidityPct: 70 } },
    ],
  });
});

test("the chip's own temperature is no reading", () => {
  const payload = { Time: time, ESP32: { Temperature: 51.1 } };
  expect(decode({ topic, payload })).toMatchObject({ readings: [], ignored: "noSensor" });
});

test("a failing sensor is refused beside the one that works", () => {
  const payload = { AM2301: { Temperature: null, Humidity: null }, DS18B20: { Temperature: 4 } };
  expect(decode({ topic, payload })).toMatchObject({
    readings: [{ channel: "DS18B20" }],
    rejected: [
      { reason: "DEVICES_FIELD_MISSING", detail: "AM2301: celsius" },
      { reason: "DEVICES_FIELD_MISSING", detail: "AM2301: humidityPct" },
    ],
  });
});

test.for([
  ["tele/LWT", "Online"],
  ["tele/STATE", '{"Time":"2026-11-22T09:59:44","Uptime":"0T00:10:12"}'],
  ["tele/INFO1", '{"Info1":{"Module":"Generic"}}'],
  ["stat/RESULT", '{"ModbusReceived":{"Values":[65282]}}'],
  ["stat/STATUS8", '{"StatusSNS":{"DS18B20":{"Temperature":4}}}'],
] as const)("%s is ignored with a reason", ([rest, payload]) => {
  const result = decode({ topic: `tasmota/plug-1/${rest}`, payload });
  expect(result).toEqual({ ok: true, readings: [], rejected: [], ignored: "notTelemetry" });
});

test("sensors of other kinds only are ignored", () => {
  const payload = { Time: time, ENERGY: { Total: 1.2 }, Switch1: "ON" };
  expect(decode({ topic, payload })).toMatchObject({ ok: true, ignored: "noSensor" });
});

test.for([
  ["a list", [], "DEVICES_PAYLOAD_SHAPE"],
  ["an unknown unit", { TempUnit: "K", DS18B20: { Temperature: 4 } }, "DEVICES_UNIT_UNKNOWN"],
  ["a time that is none", { Time: "soon", HX711: { Weight: 4 } }, "DEVICES_TIME_INVALID"],
  [
    "the 32nd of a month",
    { Time: "2026-01-32T00:00:00", HX711: { Weight: 4 } },
    "DEVICES_TIME_INVALID",
  ],
  ["a time of another type", { Time: true, HX711: { Weight: 4 } }, "DEVICES_FIELD_TYPE"],
  ["a weight as text", { HX711: { Weight: "4" } }, "DEVICES_FIELD_TYPE"],
  ["an id with a slash", { DS18B20: { Id: "a/b", Temperature: 4 } }, "DEVICES_CHANNEL_INVALID"],
  ["text", "Online", "DEVICES_PAYLOAD_NOT_JSON"],
] as const)("a SENSOR message with %s is refused", ([, payload, reason]) => {
  expect(decode({ topic, payload })).toMatchObject({ ok: false, reason });
});
