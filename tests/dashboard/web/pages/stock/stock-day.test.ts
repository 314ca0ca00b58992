import { expect, test } from "vitest";
import { courseOf } from "../../../../../dashboard/web/pages/stock/movements.ts";
import {
  changeOfDay,
  coverDaysOf,
  midnightOf,
  usageOf,
} from "../../../../../dashboard/web/pages/stock/stock-day.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** 07:00 WITA of the 24th is still the 23rd in UTC. */
const morning = Date.UTC(2026, 10, 23, 23);

test("a day begins at the kitchen's own midnight", () => {
  expect(midnightOf(morning, "Asia/Jakarta")).toBe(Date.UTC(2026, 10, 23, 17));
  expect(midnightOf(morning, "Asia/Makassar")).toBe(Date.UTC(2026, 10, 23, 16));
  expect(midnightOf(morning, "Asia/Jayapura")).toBe(Date.UTC(2026, 10, 23, 15));
  const midnight = Date.UTC(2026, 10, 23, 17);
  expect(midnightOf(midnight, "Asia/Jakarta")).toBe(midnight);
  expect(midnightOf(midnight - 1, "Asia/Jakarta")).toBe(midnight - dayMs);
});

/** Each day from midnight: 100 kg, 30 taken at eight, brought back to 100 at 20:00. */
function days(count: number, silentDay: number | null = null) {
  const points = Array.from({ length: count * 288 }, (_none, index) => {
    const atMs = index * 300_000;
    const hour = (atMs % dayMs) / hourMs;
    return { atMs, kg: hour >= 8 && hour < 20 ? 70 : 100 };
  });
  return courseOf(points.filter(({ atMs }) => Math.floor(atMs / dayMs) !== silentDay));
}

test("the change of the day is against what lay there at midnight", () => {
  const course = days(2);
  expect(changeOfDay(course, 62, dayMs)).toEqual({ kg: -38, sinceMs: null });
  // Not known before: since it is known.
  const today = courseOf(
    Array.from({ length: 60 }, (_none, index) => ({ atMs: dayMs + index * 60_000, kg: 80 })),
  );
  expect(changeOfDay(today, 62, dayMs - hourMs)).toEqual({ kg: -18, sinceMs: dayMs });
  expect(changeOfDay(course, null, dayMs)).toBeNull();
  expect(changeOfDay(courseOf([]), 62, dayMs)).toBeNull();
});

test("cover is what is there over the mean use of whole days, and unknown from too few", () => {
  expect(usageOf(days(5), 5 * dayMs, 7)).toEqual({ kgPerDay: 30, days: 5 });
  expect(coverDaysOf(45, usageOf(days(5), 5 * dayMs, 7))).toBe(1.5);
  expect(usageOf(days(2), 2 * dayMs, 7)).toBeNull();
  expect(coverDaysOf(45, null)).toBeNull();
  expect(coverDaysOf(null, { kgPerDay: 30, days: 5 })).toBeNull();
});

test("a silent day is no day without use, and stock that nobody uses has no cover", () => {
  expect(usageOf(days(5, 1), 5 * dayMs, 7)).toEqual({ kgPerDay: 30, days: 4 });
  const still = courseOf(
    Array.from({ length: 5 * 288 }, (_none, index) => ({ atMs: index * 300_000, kg: 50 })),
  );
  expect(usageOf(still, 5 * dayMs, 7)).toBeNull();
});
