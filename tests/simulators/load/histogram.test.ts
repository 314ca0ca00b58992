import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createHistogram } from "../../../simulators/load/histogram.ts";

function exactPercentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1] ?? 0;
}

test("a percentile is never below the exact one and at most 1/128 above it", () => {
  const value = fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(2 ** 31 - 1));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.double({ min: 0, max: 1 }), (values, f) => {
      fc.pre(!Number.isNaN(f));
      const histogram = createHistogram();
      for (const each of values) histogram.record(each);
      const exact = exactPercentile(values, f);
      const found = histogram.percentile(f);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 128));
    }),
  );
});

test("values below 256 µs are exact", () => {
  const histogram = createHistogram();
  for (let value = 0; value < 256; value += 1) histogram.record(value);
  for (let value = 0; value < 256; value += 1) {
    expect(histogram.percentile((value + 1) / 256)).toBe(value);
  }
});

test("a summary counts, and the maximum is exact", () => {
  const histogram = createHistogram();
  for (let value = 1; value <= 1000; value += 1) histogram.record(value * 1000);
  const summary = histogram.summary();
  expect(summary).toMatchObject({ count: 1000, maxUs: 1_000_000 });
  expect(summary.p50Us / 500_000).toBeCloseTo(1, 2);
  expect(summary.p99Us / 990_000).toBeCloseTo(1, 2);
  expect(summary.p999Us / 999_000).toBeCloseTo(1, 2);
});

test("what is outside the range counts at its edge", () => {
  const histogram = createHistogram();
  histogram.record(-5);
  expect(histogram.percentile(1)).toBe(0);
  histogram.record(2 ** 40);
  expect(histogram.percentile(1)).toBe(2 ** 31 - 1);
});

test("after a reset nothing is left", () => {
  const histogram = createHistogram();
  histogram.record(7);
  histogram.reset();
  expect(histogram.summary()).toEqual({ count: 0, p50Us: 0, p99Us: 0, p999Us: 0, maxUs: 0 });
});
