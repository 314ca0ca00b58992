import type { KitchenTimeZone } from "../../../../devices/browser.ts";
import type { Movement, StockCourse } from "./movements.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** No zone of Indonesia changes its clock. */
const offsetHours = { "Asia/Jakarta": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9 } as const;

/** The kitchen's own midnight before a time, UTC ms. */
export function midnightOf(atMs: number, zone: KitchenTimeZone): number {
  const offsetMs = offsetHours[zone] * hourMs;
  return Math.floor((atMs + offsetMs) / dayMs) * dayMs - offsetMs;
}

export interface Change {
  kg: number;
  /** `null`: since midnight; else since when the scale is known today. */
  sinceMs: number | null;
}

/** Against what lay there at midnight; `null` if that, or what lies there now, is not known. */
export function changeOfDay(
  { levels }: StockCourse,
  nowKg: number | null,
  midnightMs: number,
): Change | null {
  if (nowKg === null) return null;
  const before = levels.findLast(({ fromMs }) => fromMs <= midnightMs);
  if (before !== undefined) {
    // One that went on over midnight stood there as it began today, but for its drift.
    const wasKg = before.toMs > midnightMs ? before.beginKg : before.endKg;
    return { kg: nowKg - wasKg, sinceMs: null };
  }
  const [first] = levels;
  return first === undefined ? null : { kg: nowKg - first.beginKg, sinceMs: first.fromMs };
}

export interface Usage {
  kgPerDay: number;
  /** Whole days that it is the mean of. */
  days: number;
}

/** Fewer days say nothing about the next one: a kitchen works six days a week. */
const daysMin = 3;

/**
 * Mean withdrawals of the whole days before today. A day counts if the scale stood still on it, so
 * that a silent day is no day without use; `null` if there are too few, or nothing was used.
 */
export function usageOf(course: StockCourse, todayMs: number, daysMax: number): Usage | null {
  const days = Array.from({ length: daysMax }, (_none, index) => todayMs - (index + 1) * dayMs);
  const known = days.filter((fromMs) => isKnown(course, fromMs));
  const used = course.movements.filter(isWithdrawal);
  const totalKg = used
    .filter(({ atMs }) => known.some((fromMs) => atMs >= fromMs && atMs < fromMs + dayMs))
    .reduce((sum, { kg }) => sum - kg, 0);
  if (known.length < daysMin || totalKg <= 0) return null;
  return { kgPerDay: totalKg / known.length, days: known.length };
}

/** Two thirds of its hours at least with a weight. */
const knownShareMin = 2 / 3;

function isKnown({ levels }: StockCourse, fromMs: number): boolean {
  const toMs = fromMs + dayMs;
  const knownMs = levels.reduce(
    (sum, level) => sum + Math.max(0, Math.min(level.toMs, toMs) - Math.max(level.fromMs, fromMs)),
    0,
  );
  return knownMs >= knownShareMin * dayMs;
}

function isWithdrawal({ kind }: Movement): boolean {
  return kind === "withdrawal";
}

/** How long it lasts if it is used as in those days; `null` where that is not known. */
export function coverDaysOf(nowKg: number | null, usage: Usage | null): number | null {
  return nowKg === null || usage === null ? null : Math.max(0, nowKg) / usage.kgPerDay;
}
