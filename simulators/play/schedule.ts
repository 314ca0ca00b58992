import { eventTimeWindow, type KitchenTimeZone } from "../../devices/index.ts";
import { SimulatorsError } from "../errors.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { createKitchenClock, dayMs, hourMs, minuteMs, minutesOf } from "../world/kitchen-clock.ts";

/** When simulated time begins and ends. */
export interface Schedule {
  fromMs: number;
  /** `null`: it goes on until it is stopped. */
  untilMs: number | null;
  /** How far the kitchen's day is moved. */
  clockShiftMs: number;
}

export interface ScheduleInput {
  nowMs: number;
  speed: number;
  timeZone: KitchenTimeZone;
  scenario: Scenario | null;
  /** What the caller asked for. */
  fromMs: number | null;
  durationMs: number | null;
}

/** A replay without a given begin covers these hours. */
export const replayMs: number = 6 * hourMs;
/** Older than this a reading might fall out of the window while it is on its way. */
const oldestMs = eventTimeWindow.pastMs - hourMs;

/**
 * Event times must be believed: at most a week old, and never ahead of the clock. So simulated time
 * begins in the past as soon as it runs faster than life.
 * - Speed 1: now. A scenario's hour is moved to now, so that it can be watched at any time of day.
 * - Faster: the last 6 hours, or the last time that the scenario's hours have passed, at their own
 *   time of day. Caught up with now, it goes on at speed 1.
 */
export function scheduleOf(input: ScheduleInput): Schedule {
  const { nowMs, speed, scenario, fromMs, durationMs } = input;
  const span = scenario === null ? null : spanOf(scenario);
  const lengthMs = durationMs ?? span?.lengthMs ?? null;
  const from = (beginMs: number, clockShiftMs = 0): Schedule => ({
    fromMs: beginMs,
    untilMs: lengthMs === null ? null : beginMs + lengthMs,
    clockShiftMs,
  });
  if (fromMs !== null) {
    if (fromMs <= nowMs && fromMs >= nowMs - oldestMs) return from(fromMs);
    throw new SimulatorsError(
      "SIMULATORS_OPTION_INVALID",
      `--from must lie in the last 7 days: ${new Date(fromMs).toISOString()} does not, ` +
        "and readings of that time would not be believed.",
    );
  }
  if (span === null) return from(speed > 1 ? nowMs - replayMs : nowMs);
  const clock = createKitchenClock(input.timeZone);
  const today = clock.dayOf(nowMs);
  const beginOn = (day: number): number => clock.startOf(day) + span.beginMs;
  if (speed <= 1) return from(nowMs, nowMs - beginOn(today));
  const hasPassed = beginOn(today) + span.lengthMs <= nowMs;
  return from(hasPassed ? beginOn(today) : beginOn(today) - dayMs);
}

function spanOf({ from, to }: Scenario): { beginMs: number; lengthMs: number } {
  const beginMs = Math.round(minutesOf(from) * minuteMs);
  return { beginMs, lengthMs: Math.round(minutesOf(to) * minuteMs) - beginMs };
}

/** `90s`, `10m`, `2h`, `1d`; `null` for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const units = { s: 1000, m: minuteMs, h: hourMs, d: dayMs } as const;
  return Number(match[1]) * units[match[2] as keyof typeof units];
}
