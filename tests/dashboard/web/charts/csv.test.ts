import { expect, test } from "vitest";
import { chartCsv, chartRows, offsetTime } from "../../../../dashboard/web/charts/csv.ts";
import type { Columns } from "../../../../dashboard/web/charts/align.ts";

const startMs = Date.UTC(2026, 10, 24, 1, 47);
const seconds = startMs / 1_000;
const columns: Columns = [
  [seconds, seconds + 60, seconds + 120],
  [8.6, null, 4],
  [9, null, 4.25],
  [8.1234567, null, 3.9],
];
const window = { minMs: startMs, maxMs: startMs + 60_000 };
const headings = ["Waktu", "Rata-rata", "Terendah", "Tertinggi"] as const;

test("a sheet holds what the chart shows, with the kitchen's offset and its language's comma", () => {
  const style = { zone: "Asia/Jakarta", language: "id", headings } as const;
  const text = chartCsv({ columns, gaps: [] }, window, style);
  expect(text).toBe(
    "\uFEFFWaktu;Rata-rata;Terendah;Tertinggi\r\n2026-11-24T08:47:00+07:00;8,6;8,123;9\r\n",
  );
});

test("in English numbers have points", () => {
  const style = { zone: "Asia/Jayapura", language: "en", headings } as const;
  expect(chartCsv({ columns, gaps: [] }, window, style)).toContain("10:47:00+09:00;8.6;8.123;9");
});

test("a table leaves out holes and what is outside the window", () => {
  expect(chartRows(columns, window)).toEqual([
    { atMs: startMs, mean: 8.6, low: 8.1234567, high: 9 },
  ]);
  const wide = { minMs: 0, maxMs: startMs + 1e9 };
  expect(chartRows(columns, wide).map(({ mean }) => mean)).toEqual([8.6, 4]);
});

test("a time crosses midnight in the kitchen's zone", () => {
  expect(offsetTime(Date.UTC(2026, 11, 31, 16), "Asia/Makassar")).toBe("2027-01-01T00:00:00+08:00");
});
