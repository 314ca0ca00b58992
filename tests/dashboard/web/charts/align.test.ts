import { expect, test } from "vitest";
import { align, gapMsOf, nearestValue } from "../../../../dashboard/web/charts/align.ts";
import { BucketRing } from "../../../../dashboard/web/charts/bucket-ring.ts";

const minuteMs = 60_000;

function bucket(t: number, value: number | null) {
  return { t, min: value, max: value, mean: value, count: value === null ? 0 : 1 };
}

function tailOf(values: readonly [atMs: number, value: number][], widthMs = minuteMs): BucketRing {
  const ring = new BucketRing(8);
  for (const [atMs, value] of values) ring.push(atMs, value, widthMs);
  return ring;
}

test("values within one bucket fold into its extremes and mean", () => {
  const ring = tailOf([
    [0, 4],
    [1_000, 8],
    [59_999, 3],
    [60_000, 5],
  ]);
  expect(ring.length).toBe(2);
  expect(ring.at(0)).toEqual({ t: 0, min: 3, max: 8, mean: 5, count: 3 });
  expect(ring.at(1)).toMatchObject({ t: minuteMs, mean: 5 });
});

test("a full ring forgets its oldest bucket, and takes no value older than its newest", () => {
  const ring = new BucketRing(3);
  for (const t of [0, 1, 2, 3, 4]) ring.push(t, t, 1);
  expect(ring.push(2, 99, 1)).toBe(false);
  expect([0, 1, 2].map((index) => ring.at(index).t)).toEqual([2, 3, 4]);
});

test("what comes live goes on from the history, and replaces nothing that it knows better", () => {
  const history = { widthMs: minuteMs, buckets: [bucket(0, 1), bucket(minuteMs, 2)] };
  const tail = tailOf([
    [10, 50],
    [minuteMs + 1, 6],
    [2 * minuteMs, 7],
  ]);
  const { columns } = align(history, tail, 10 * minuteMs);
  expect(columns[0]).toEqual([30, 90, 150]);
  expect(columns[1]).toEqual([1, 2, 7]);
  expect(columns[2], "highest of either").toEqual([1, 6, 7]);
});

test("a hole longer than the gap is a null between two lines, and is told", () => {
  const history = { widthMs: 0, buckets: [bucket(0, 1), bucket(90_000, 1), bucket(190_000, 2)] };
  const { columns, gaps } = align(history, tailOf([]), 90_000);
  expect(columns[1]).toEqual([1, 1, null, 2]);
  expect(columns[0][2]).toBe(140);
  expect(gaps).toEqual([{ fromMs: 90_000, toMs: 190_000 }]);
});

test("a bucket of nothing but flagged readings is a hole", () => {
  const buckets = [bucket(0, 1), bucket(minuteMs, null), bucket(4 * minuteMs, 2)];
  const { columns } = align({ widthMs: minuteMs, buckets }, tailOf([]), 90_000);
  expect(columns[1]).toEqual([1, null, 2]);
});

test("a sensor may miss three of its intervals, and ninety seconds at least", () => {
  expect(gapMsOf(10)).toBe(90_000);
  expect(gapMsOf(60)).toBe(180_000);
});

test("the crosshair finds the nearest value on either side of a hole", () => {
  const values = [1, null, null, 2];
  expect(nearestValue(values, 1, 5)).toBe(0);
  expect(nearestValue(values, 2, 5)).toBe(3);
  expect(nearestValue([null, null], 0, 5)).toBeNull();
});
