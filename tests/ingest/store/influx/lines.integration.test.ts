import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { influxLimits } from "../../../../ingest/store/influx/influx-config.ts";
import { connectInflux } from "../../../../ingest/store/influx/influx-http.ts";
import { byName, byTags, runQueries } from "../../../../ingest/store/influx/influx-query.ts";
import {
  numberField,
  seriesPrefix,
  slotsOfMs,
  toNanoseconds,
} from "../../../../ingest/store/influx/lines.ts";
import {
  decodeName,
  encodeName,
  encodeTag,
  quoteName,
  quoteTag,
  valueField,
} from "../../../../ingest/store/influx/names.ts";
import { toPoints } from "../../../../ingest/store/influx/points.ts";
import { initInfluxStore } from "../../../../ingest/store/influx/setup.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { keepAll } from "./open-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

/** Broke it for others: influxdb#9966, influxdb-java#578, influxdb-python#716. */
const nasty = fc.constantFrom(
  "",
  " ",
  "\\",
  "a\\",
  ",",
  "=",
  '"',
  "'",
  "\n",
  "\r\n",
  "x y=1\nz",
  "#",
  "time",
  "flags",
  "seq",
  "_field",
  "%",
  "%0041",
  "celsius_flagged",
  "__proto__",
  "\ud800",
  "ü",
  "😀",
  "' OR 1=1 --",
);
const anyText = fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 12 }));
/** Above 2^53 and denormal ones too; -0 is none to JSON's equality, but is to `Object.is`. */
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });

const point = fc.record({
  series: fc.record({
    sppgId: anyText,
    deviceId: anyText,
    channel: anyText,
    reading: anyText,
  }),
  fields: fc.uniqueArray(fc.tuple(anyText, anyNumber), {
    minLength: 1,
    maxLength: 5,
    selector: ([name]) => name,
  }),
  ms: fc.integer({ min: 1_795_000_000_000, max: 1_795_000_999_999 }),
  slot: fc.integer({ min: 0, max: slotsOfMs - 1 }),
  isFlagged: fc.boolean(),
});
type AnyPoint = typeof point extends fc.Arbitrary<infer P> ? P : never;

function toLine({ series, fields, ms, slot, isFlagged }: AnyPoint): string {
  const values = fields.map(([name, value]) => numberField(name, value, isFlagged));
  return `${seriesPrefix(series)} ${values.join(",")} ${toNanoseconds(ms, slot)}`;
}

const identity = ({ series, ms, slot }: AnyPoint): string => JSON.stringify([series, ms, slot]);

test("any name comes back as it was, and none can end its quotes", () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      for (const encode of [encodeName, encodeTag]) {
        expect(decodeName(encode(a))).toBe(a);
        expect(encode(a) === encode(b)).toBe(a === b);
        expect(encode(a)).toMatch(/^[A-Za-z0-9%_-]+$/);
      }
      expect(quoteName(encodeName(a))).toMatch(/^"[^"\\\n]+"$/);
      expect(quoteTag(a)).toMatch(/^'[^'\\\n]+'$/);
      expect(valueField(encodeName(a))).toEqual({ field: encodeName(a), isFlagged: false });
    }),
    { numRuns: 2_000 },
  );
  expect(() => quoteName('a"b')).toThrow(RangeError);
});

test("n points are n lines to InfluxDB, each as it was sent to the last bit", async () => {
  const influx = server.config();
  await initInfluxStore(influx, keepAll);
  const http = connectInflux(influx, influxLimits);
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(point, { minLength: 1, maxLength: 12, selector: identity }),
        async (points) => {
          await server.query(`DROP DATABASE ${influx.bucket}`);
          await initInfluxStore(influx, keepAll);
          const lines = points.map(toLine);
          expect(lines.join("\n").split("\n")).toHaveLength(points.length);
          await http.write("raw", lines.join("\n"));
          const readings = [...new Set(points.map(({ series }) => series.reading))];
          const statements = readings.map(
            (reading) => `SELECT * FROM ${byName(encodeName(reading))} GROUP BY ${byTags}`,
          );
          const answers = await runQueries(http, statements, { level: "raw" });
          const found = answers.flatMap((groups, at) =>
            groups.flatMap((rows) => {
              const { sppgId, deviceId, channel } = rows.tags;
              const series = { sppgId, deviceId, channel, reading: readings[at] };
              return toPoints([rows]).map(({ ms, slot, fields }) =>
                describePoint({ series, ms, slot, fields: [...fields] }),
              );
            }),
          );
          const sent = points.map(({ series, ms, slot, fields }) =>
            describePoint({
              series,
              ms,
              slot,
              fields: fields.map(([name, value]) => [encodeName(name), value]),
            }),
          );
          expect(found.toSorted()).toEqual(sent.toSorted());
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    http.close();
  }
}, 60_000);

/** Numbers by their bits. */
function describePoint(given: {
  series: object;
  ms: number;
  slot: number;
  fields: (readonly [string, number])[];
}): string {
  const { series, ms, slot } = given;
  const fields = given.fields
    .map(([name, value]) => [name, Buffer.from(new Float64Array([value]).buffer).toString("hex")])
    .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  const ids = Object.entries(series).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([ids, ms, slot, fields]);
}
