import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type CodecReject, ignoredReasons } from "../../../devices/codecs/codec.ts";
import { codecErrors } from "../../../devices/errors.ts";
import { isDeviceId } from "../../../devices/ids.ts";
import { readingSchema } from "../../../devices/readings.ts";
import { kitchenTimeZones } from "../../../devices/registry/model.ts";
import { decode, type Published } from "./support.ts";

const runs = { numRuns: 2000 };

const samples: readonly Published[] = [
  {
    topic: "telemetry/probe-1/temperature",
    payload: { ts: 1795300000000, seq: 3, celsius: 73.2, batteryPct: 91, channel: "a" },
  },
  {
    topic: "telemetry/gw-1/gps-1/position",
    payload: [{ ts: 1795300000000, lat: -6.2, lon: 106.8, speedKmh: 31, headingDeg: 270 }],
  },
  { topic: "telemetry/door-1/door", payload: [{ open: true }, { open: 0 }] },
  {
    topic: "tasmota/plug-1/tele/SENSOR",
    payload: {
      Time: "2021-01-02T09:09:44",
      "DS18B20-1": { Id: "00000566CC39", Temperature: 13.3 },
      AM2301: { Temperature: 26.1, Humidity: 70 },
      HX711: { Weight: 0, WeightRaw: 4782, AbsRaw: 110004 },
      TempUnit: "F",
    },
  },
  {
    topic: "owntracks/phone-1/me",
    payload: { _type: "location", lat: -6.2, lon: 106.8, tst: 1795300000, acc: 1, vel: 3, batt: 9 },
  },
  {
    topic: "traccar/server-1/positions",
    payload: {
      position: {
        fixTime: "2026-11-22T03:00:00.000+00:00",
        deviceTime: 1795300000000,
        valid: true,
        latitude: -6.2,
        longitude: 106.8,
        speed: 10,
        attributes: { batteryLevel: 76, temp1: 4 },
      },
      device: { uniqueId: "353000000000001" },
    },
  },
];

const sample = fc.constantFrom(...samples);
const timeZone = fc.option(fc.constantFrom(...kitchenTimeZones), { nil: undefined });

/** What every codec promises, whatever it is given: the promises that it broke, if any. */
function brokenPromises(published: Published): string[] {
  const result = decode(published);
  if (!result.ok) return reasonFaults(result);
  const { readings, rejected, ignored } = result;
  const faults = rejected.flatMap(reasonFaults);
  if ((readings.length === 0) !== (ignored !== undefined)) faults.push("silence without reason");
  if (ignored !== undefined && !ignoredReasons.includes(ignored)) faults.push(ignored);
  for (const { childId, ...reading } of readings) {
    const parsed = readingSchema.safeParse(reading);
    if (!parsed.success) faults.push(parsed.error.message);
    if (!Object.values(reading.fields).every(Number.isFinite)) faults.push("not finite");
    if (Object.keys(reading.fields).length === 0) faults.push("no fields");
    if (childId !== null && !isDeviceId(childId)) faults.push(`child ${childId}`);
  }
  return faults;
}

function reasonFaults({ reason, detail }: CodecReject): string[] {
  const isBounded = detail.length < 400;
  return Object.hasOwn(codecErrors, reason) && isBounded ? [] : [`${reason}: ${detail}`];
}

/** Values that have broken decoders before, beside arbitrary ones. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, "", "85", 0, -0, -1, 85, -127, 1e308, -1e308, 2 ** 53),
  fc.constantFrom<unknown>("2021-13-41T99:99:99", "1970-01-01T00:00:00", "9999-12-31T23:59:59Z"),
  fc.double({ noNaN: true }),
  fc.string(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The value with one of its leaves or branches replaced, removed or wrapped. */
function mutate(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return replacement;
  const entries = Object.entries(value);
  const chosen = entries[step % Math.max(entries.length, 1)];
  if (chosen === undefined) return replacement;
  const [key, inner] = chosen;
  const changed = mutate(inner, rest, replacement);
  if (Array.isArray(value)) return value.map((item: unknown) => (item === inner ? changed : item));
  return { ...value, [key]: changed };
}

test("every sample is read without a reject", () => {
  for (const published of samples) {
    expect(decode(published)).toMatchObject({ ok: true, rejected: [] });
    expect(brokenPromises(published)).toEqual([]);
  }
});

test("arbitrary bytes give readings or a reason", () => {
  fc.assert(
    fc.property(sample, fc.uint8Array({ maxLength: 300 }), ({ topic }, payload) => {
      expect(brokenPromises({ topic, payload })).toEqual([]);
    }),
    runs,
  );
});

test("arbitrary JSON gives readings or a reason", () => {
  fc.assert(
    fc.property(sample, fc.json(), ({ topic }, payload) => {
      expect(brokenPromises({ topic, payload })).toEqual([]);
    }),
    runs,
  );
});

test("a valid payload with one value changed gives readings or a reason", () => {
  const path = fc.array(fc.nat(11), { minLength: 1, maxLength: 4 });
  const change = fc.record({ path, replacement: oddValue });
  fc.assert(
    fc.property(sample, change, timeZone, (published, { path, replacement }, zone) => {
      const mutated: Published = {
        topic: published.topic,
        payload: JSON.stringify(mutate(published.payload, path, replacement)),
        ...(zone === undefined ? {} : { timeZone: zone }),
      };
      expect(brokenPromises(mutated)).toEqual([]);
    }),
    { numRuns: 5000 },
  );
});

test("a valid payload with bytes flipped or cut off gives readings or a reason", () => {
  const edit = fc.tuple(fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(sample, fc.array(edit, { maxLength: 4 }), fc.nat(400), (published, edits, cut) => {
      const bytes = new TextEncoder().encode(JSON.stringify(published.payload));
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      const payload = cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      expect(brokenPromises({ topic: published.topic, payload })).toEqual([]);
    }),
    { numRuns: 5000 },
  );
});

test("the bytes of a payload are read and never changed", () => {
  for (const { topic, payload } of samples) {
    const bytes = new TextEncoder().encode(JSON.stringify(payload));
    const before = bytes.slice();
    decode({ topic, payload: bytes });
    expect(bytes).toEqual(before);
  }
});
