import { expect, test } from "vitest";
import { loadScenario } from "../../../simulators/index.ts";
import { parseDuration, scheduleOf } from "../../../simulators/play/schedule.ts";
import { SimulatorsError } from "../../../simulators/errors.ts";

const hour = 3_600_000;
const nowMs = Date.parse("2026-03-03T15:00:00+07:00");
const plain = {
  nowMs,
  speed: 1,
  timeZone: "Asia/Jakarta",
  scenario: null,
  fromMs: null,
  durationMs: null,
} as const;

test("at the speed of life it begins now and has no end", () => {
  expect(scheduleOf(plain)).toEqual({ fromMs: nowMs, untilMs: null, clockShiftMs: 0 });
});

test("faster than life it begins 6 hours ago, so that no time is ever ahead of the clock", () => {
  const { fromMs, untilMs } = scheduleOf({ ...plain, speed: 60 });
  expect(fromMs).toBe(nowMs - 6 * hour);
  expect(untilMs).toBeNull();
});

test("a scenario at the speed of life has its hour moved to now", () => {
  const scenario = loadScenario("cold-chain-break");
  const schedule = scheduleOf({ ...plain, scenario });
  expect(schedule.fromMs).toBe(nowMs);
  // 15:00 shows what happens at 00:50.
  expect(schedule.clockShiftMs).toBe(15 * hour - 50 * 60_000);
  expect(schedule.untilMs).toBe(nowMs + 3 * hour + 40 * 60_000);
});

test("a faster scenario is the last one that has wholly passed, at its own time of day", () => {
  const night = scheduleOf({ ...plain, speed: 60, scenario: loadScenario("cold-chain-break") });
  expect(new Date(night.fromMs).toISOString()).toBe("2026-03-02T17:50:00.000Z");
  const evening = scheduleOf({ ...plain, speed: 60, scenario: loadScenario("stock-run-out") });
  expect(new Date(evening.fromMs).toISOString()).toBe("2026-03-02T08:30:00.000Z");
  expect(evening.untilMs).toBeLessThan(nowMs);
});

test("a given begin and length count, but for times that would not be believed", () => {
  const asked = { ...plain, speed: 10, fromMs: nowMs - 48 * hour, durationMs: hour };
  expect(scheduleOf(asked)).toEqual({
    fromMs: nowMs - 48 * hour,
    untilMs: nowMs - 47 * hour,
    clockShiftMs: 0,
  });
  expect(() => scheduleOf({ ...asked, fromMs: nowMs - 168 * hour })).toThrow(SimulatorsError);
  expect(() => scheduleOf({ ...asked, fromMs: nowMs + 1 })).toThrow(SimulatorsError);
});

test("durations have a unit", () => {
  expect(parseDuration("90s")).toBe(90_000);
  expect(parseDuration("2h")).toBe(2 * hour);
  expect(parseDuration("1d")).toBe(24 * hour);
  for (const wrong of ["90", "h", "1.5h", "-1h", "1w", ""]) expect(parseDuration(wrong)).toBeNull();
});
