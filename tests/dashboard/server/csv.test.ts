import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bucketLines,
  csvCell,
  csvFileName,
  csvLine,
  localTime,
  rawLines,
} from "../../../dashboard/server/csv.ts";
import { createHeldStore } from "./held-store.ts";

const point = { decimal: "point" } as const;
const series = {
  sppgId: "sppg-jakarta-001",
  deviceId: "probe-1",
  channel: "0",
  reading: "temperature",
  field: "celsius",
  fromMs: 0,
  toMs: 1,
};
const style = { timeZone: "Asia/Jakarta", decimal: "comma", unit: "Cel" } as const;

/** What a spreadsheet reads from a line: quotes taken off, doubled ones halved. */
function readLine(line: string): string[] {
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^;]*))(?:;|$)/gy;
  const body = line.slice(0, -2);
  while (pattern.lastIndex <= body.length) {
    const match = pattern.exec(body);
    if (match === null) throw new Error(`unreadable: ${line}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[0].endsWith(";")) continue;
    break;
  }
  return cells;
}

test("whatever text stands in a cell comes back, one cell, and is no formula", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", ";", '"', "'", ",", "1"),
    }),
  );
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (texts) => {
      const line = csvLine(texts, point);
      expect(line.endsWith("\r\n")).toBe(true);
      const read = readLine(line);
      expect(read).toHaveLength(texts.length);
      for (const [at, cell] of read.entries()) {
        const text = texts[at] ?? "";
        expect([text, `'${text}`]).toContain(cell);
        expect(cell).not.toMatch(/^\s*[=+\-@\t\r|%]/);
      }
    }),
  );
});

test("any number is written as a number, negative ones included, and reads back the same", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      // Zero has one spelling.
      expect(Number(csvCell(value, point))).toBe(value === 0 ? 0 : value);
      expect(csvCell(value, { decimal: "comma" }).replace(",", ".")).toBe(csvCell(value, point));
    }),
  );
  expect(csvCell(-2.5, { decimal: "comma" })).toBe("-2,5");
  expect(csvCell(null, point)).toBe("");
});

test("a formula gets an apostrophe", () => {
  for (const text of ["=1+1", "+1", "-1-1", "@SUM(A1)", " =1", "\t=1", "\r=1"]) {
    expect(csvCell(text, point).replace(/^"/, "").startsWith("'")).toBe(true);
  }
});

test("times are written with the offset of the kitchen's wall clock", () => {
  const timeMs = Date.parse("2026-11-22T17:30:00.250Z");
  expect(localTime(timeMs, "Asia/Jakarta")).toBe("2026-11-23T00:30:00.250+07:00");
  expect(localTime(timeMs, "Asia/Makassar")).toBe("2026-11-23T01:30:00.250+08:00");
  expect(localTime(timeMs, "Asia/Jayapura")).toBe("2026-11-23T02:30:00.250+09:00");
  for (const zone of ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"] as const) {
    expect(Date.parse(localTime(timeMs, zone))).toBe(timeMs);
    const hour = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit" });
    expect(localTime(timeMs, zone).slice(11, 13)).toBe(hour.format(timeMs));
  }
});

let turns = 0;
async function turn(): Promise<void> {
  turns += 1;
}

test("raw rows come a page at a time, each once, with flags and the device's own time", async () => {
  const store = createHeldStore();
  store.rows = Array.from({ length: 12_000 }, (_, at) => ({
    t: at,
    seq: 0,
    index: 0,
    value: at / 4,
    flags: at === 1 ? 5 : 0,
    originalTimeMs: at === 1 ? 0 : null,
  }));
  const before = turns;
  const parts: string[] = [];
  for await (const part of rawLines({ ...store, turn }, series, style)) parts.push(part);
  // In slices of 250, so that no turn of the event loop is long.
  expect(parts).toHaveLength(48);
  expect(turns).toBe(before + 48);
  const afters = Array.from({ length: 11 }, (_, page) => page * 1_000 + 999);
  expect(store.asked.raw.map(({ after }) => after?.t)).toEqual([undefined, ...afters, 11_999]);
  const lines = parts.join("").split("\r\n");
  expect(lines[0]).toBe("\u{FEFF}time;device;channel;field;unit;value;flags;originalTime");
  expect(lines[1]).toBe("1970-01-01T07:00:00.000+07:00;probe-1;0;celsius;Cel;0;;");
  expect(lines[2]).toBe(
    "1970-01-01T07:00:00.001+07:00;probe-1;0;celsius;Cel;0,25;" +
      "sensorFault clockSuspect;1970-01-01T07:00:00.000+07:00",
  );
  expect(lines).toHaveLength(12_002);
});

test("an empty range is a head line alone, and a device named like a formula is none", async () => {
  const store = createHeldStore();
  const parts: string[] = [];
  for await (const part of rawLines({ ...store, turn }, series, style)) parts.push(part);
  expect(parts.join("").split("\r\n")).toHaveLength(2);
  store.buckets = [{ t: 0, min: 1, max: 2.5, mean: 1.5, last: 2, count: 4, flagged: 0 }];
  const query = { ...series, deviceId: "-1-1", pointsMax: 1 };
  const bucketParts: string[] = [];
  for await (const part of bucketLines(store.history, query, style)) bucketParts.push(part);
  expect(bucketParts.join("").split("\r\n")[1]).toBe(
    `1970-01-01T07:00:00.000+07:00;"'-1-1";0;celsius;Cel;1;2,5;1,5;2;4;0`,
  );
  expect(csvFileName(series)).toBe("sppg-jakarta-001_probe-1_0_celsius.csv");
});
