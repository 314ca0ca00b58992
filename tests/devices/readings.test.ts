import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  channelPattern,
  type FieldType,
  findReadingType,
  judgeValue,
  readingIdentity,
  readingNames,
  type ReadingType,
  readingTypes,
  seriesKey,
} from "../../devices/readings.ts";
import { deviceIdPattern, sppgIdPattern } from "../../devices/ids.ts";

const allFields = Object.values<ReadingType>(readingTypes).flatMap((type) =>
  Object.entries(type.fields),
);
const series = { sppgId: "sppg-1", deviceId: "probe-1", channel: "0" };
const arrival = { offset: 7, index: 0 };

test("the reading types are the five that the design names", () => {
  expect(readingNames).toEqual(["temperature", "position", "weight", "humidity", "door"]);
});

test("a field name belongs to one reading type, since a series has no other name", () => {
  const names = allFields.map(([name]) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("every type has its primary field and every range its right order", () => {
  for (const type of Object.values<ReadingType>(readingTypes)) {
    expect(Object.keys(type.fields)).toContain(type.primaryField);
  }
  for (const [, field] of allFields) expect(field.plausible[0]).toBeLessThan(field.plausible[1]);
});

test.for(["constructor", "__proto__", "toString", "Temperature", ""])(
  "%j names no reading type",
  (name) => {
    expect(findReadingType(name)).toBeNull();
  },
);

test.for([
  [85, "sensorFault"],
  [-127, "sensorFault"],
  [85.0001, null],
  [84.9375, null],
  [73.2, null],
  [-60, null],
  [350, null],
  [-60.1, "implausible"],
  [351, "implausible"],
] as const)("a temperature of %d °C is judged %s", ([celsius, flag]) => {
  const field: FieldType = readingTypes.temperature.fields.celsius;
  expect(judgeValue(field, celsius)).toBe(flag);
});

test("the same reading has the same identity wherever it arrives", () => {
  const reading = { reading: "temperature", deviceTimeMs: 1795300000000, seq: 4 } as const;
  const again = readingIdentity(series, reading, { offset: 99, index: 3 });
  expect(readingIdentity(series, reading, arrival)).toBe(again);
});

test("a missing seq counts as 0", () => {
  const reading = { reading: "temperature", deviceTimeMs: 1795300000000 } as const;
  expect(readingIdentity(series, { ...reading, seq: null }, arrival)).toBe(
    readingIdentity(series, { ...reading, seq: 0 }, arrival),
  );
});

test("readings without a time are never one, whatever their seq", () => {
  const reading = { reading: "temperature", deviceTimeMs: null, seq: 4 } as const;
  const identities = [
    { offset: 7, index: 0 },
    { offset: 7, index: 1 },
    { offset: 71, index: 0 },
  ].map((place) => readingIdentity(series, reading, place));
  expect(new Set(identities).size).toBe(3);
});

test("identities and series keys differ as soon as one part does", () => {
  const parts = fc.record({
    sppgId: fc.stringMatching(sppgIdPattern),
    deviceId: fc.stringMatching(deviceIdPattern),
    channel: fc.stringMatching(channelPattern),
    reading: fc.constantFrom(...readingNames),
    deviceTimeMs: fc.option(fc.integer()),
    seq: fc.nat(),
    offset: fc.nat(),
  });
  const key = (of: typeof parts extends fc.Arbitrary<infer T> ? T : never) =>
    readingIdentity(of, of, { offset: of.offset, index: 0 });
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const isOne = (["sppgId", "deviceId", "channel", "reading", "deviceTimeMs"] as const).every(
        (part) => left[part] === right[part],
      );
      fc.pre(!isOne);
      expect(key(left)).not.toBe(key(right));
    }),
  );
  expect(seriesKey(series, "celsius")).toBe("sppg-1/probe-1/0/celsius");
});

test.for([
  [{ deviceTimeMs: 1 }, { deviceTimeMs: 2 }],
  [{ seq: 1 }, { seq: 2 }],
  [{ reading: "weight" }, { reading: "door" }],
] as const)("%j and %j are two readings", ([left, right]) => {
  const base = { reading: "temperature", deviceTimeMs: 5, seq: 0 } as const;
  expect(readingIdentity(series, { ...base, ...left }, arrival)).not.toBe(
    readingIdentity(series, { ...base, ...right }, arrival),
  );
});
