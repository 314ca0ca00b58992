import type { KitchenTimeZone } from "../../devices/index.ts";

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Indonesia has had no summer time since 1964, so that the offsets are constants. */
const offsetHours: Readonly<Record<KitchenTimeZone, number>> = {
  "Asia/Jakarta": 7,
  "Asia/Makassar": 8,
  "Asia/Jayapura": 9,
};

/** Days of a kitchen, counted from 1970-01-01 on its own calendar. */
export interface KitchenClock {
  dayOf(timeMs: number): number;
  /** UTC ms of its midnight. */
  startOf(day: number): number;
}

/** `shiftMs`: the kitchen's day begins so much later, as if its clocks on the wall were slow. */
export function createKitchenClock(timeZone: KitchenTimeZone, shiftMs = 0): KitchenClock {
  const offsetMs = offsetHours[timeZone] * hourMs - shiftMs;
  return {
    dayOf: (timeMs) => Math.floor((timeMs + offsetMs) / dayMs),
    startOf: (day) => day * dayMs - offsetMs,
  };
}

/** Minutes after midnight of `HH:MM` or `HH:MM:SS`, which the caller has checked. */
export function minutesOf(clockTime: string): number {
  const [hours = "0", minutes = "0", seconds = "0"] = clockTime.split(":");
  return Number(hours) * 60 + Number(minutes) + Number(seconds) / 60;
}

/** A stretch of time: `fromMs` belongs to it, `toMs` does not. */
export interface Span {
  fromMs: number;
  toMs: number;
}

export function isWithin({ fromMs, toMs }: Span, timeMs: number): boolean {
  return timeMs >= fromMs && timeMs < toMs;
}

export function spanAt<Found extends Span>(
  spans: readonly Found[],
  timeMs: number,
): Found | undefined {
  return spans.find((span) => isWithin(span, timeMs));
}
