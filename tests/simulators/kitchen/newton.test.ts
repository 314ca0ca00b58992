import { expect, test } from "vitest";
import { CurveBuilder } from "../../../simulators/kitchen/curve.ts";
import {
  combine,
  heatingPerMinute,
  minutesUntil,
  relax,
} from "../../../simulators/kitchen/newton.ts";

test("cooling from 60 °C meets the two stages exactly as the domain's test values say", () => {
  const passing = { celsius: 3, perMinute: 0.0096057 };
  expect(minutesUntil(60, passing, 21)).toBeCloseTo(119.9995, 3);
  expect(minutesUntil(60, passing, 5)).toBeCloseTo(348.7, 1);
  const failing = { celsius: 4, perMinute: 0.0099344 };
  expect(minutesUntil(60, failing, 21)).toBeCloseTo(120.001, 3);
  expect(minutesUntil(60, failing, 5)).toBeCloseTo(405.2, 1);
});

test("a hot box of 75 °C in 30 °C air holds 60 °C for 162.2 min, with a worn seal for 81.1", () => {
  expect(minutesUntil(75, { celsius: 30, perMinute: 0.15 / 60 }, 60)).toBeCloseTo(162.2, 1);
  expect(minutesUntil(75, { celsius: 30, perMinute: 0.3 / 60 }, 60)).toBeCloseTo(81.1, 1);
});

test("a level on the other side of the surroundings is never reached", () => {
  expect(minutesUntil(60, { celsius: 21, perMinute: 0.01 }, 20)).toBe(Infinity);
  expect(minutesUntil(60, { celsius: 21, perMinute: 0.01 }, 61)).toBe(Infinity);
  expect(minutesUntil(60, { celsius: 21, perMinute: 0 }, 40)).toBe(Infinity);
});

test("two surroundings act as one of their summed rate and weighted temperature", () => {
  const both = combine([
    { celsius: 30, perMinute: 0.01 },
    { celsius: -10, perMinute: 0.03 },
  ]);
  expect(both).toEqual({ celsius: 0, perMinute: 0.04 });
  expect(relax(10, both, 1000)).toBeCloseTo(0, 6);
});

test("twice the food takes twice as long", () => {
  const pot = (massKg: number) => ({ celsius: 104, perMinute: heatingPerMinute(massKg, 170) });
  const single = minutesUntil(15, pot(40), 74);
  expect(minutesUntil(15, pot(80), 74)).toBeCloseTo(2 * single, 6);
});

test("a curve never jumps, and stops at the level it was sent to", () => {
  const minute = 60_000;
  const hot = { celsius: 100, perMinute: 0.05 };
  const builder = new CurveBuilder({ timeMs: 0, celsius: 20 }).untilLevel(74, hot, 60 * minute);
  expect(builder.celsius).toBe(74);
  const reachedMs = builder.timeMs;
  const curve = builder.until(120 * minute, { celsius: 20, perMinute: 0.1 }).build();
  expect(curve.at(reachedMs)).toBeCloseTo(74, 9);
  expect(curve.at(reachedMs - 1)).toBeCloseTo(74, 3);
  expect(curve.at(0)).toBe(20);
  expect(curve.at(120 * minute)).toBeCloseTo(20, 1);
});
