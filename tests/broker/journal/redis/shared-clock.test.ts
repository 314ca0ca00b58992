import { expect, test } from "vitest";
import { SharedClock } from "../../../../broker/journal/redis/shared-clock.ts";

const hourMs = 3_600_000;

/** Redis showed 1,000,000 in an answer to a call from 100 to 140 of ours. */
function anchored(): SharedClock {
  const clock = new SharedClock();
  clock.set(1_000_000, 3, { sentMs: 100, answeredMs: 140 });
  return clock;
}

test("nothing is expected before the first answer, nor after another server's", () => {
  const clock = anchored();
  expect(clock.expect(500).generation).toBe(3);
  clock.forget();
  expect(clock.expect(500).generation).toBe(-1);
  expect(new SharedClock().expect(500).generation).toBe(-1);
});

test("what is expected is the time since, give or take the call and a second", () => {
  expect(anchored().expect(1_140)).toEqual({
    generation: 3,
    leastMs: 1_000_000,
    mostMs: 1_002_040,
  });
});

test("a call that has waited before Redis took it is no step", () => {
  const clock = anchored();
  const minute = { sentMs: 1_140, answeredMs: 61_140 };
  expect(clock.stepOf(1_001_000, minute)).toBe(0);
  expect(clock.stepOf(1_061_000, minute)).toBe(0);
});

test("a step is as large as the distance to what was expected, either way", () => {
  const span = { sentMs: 1_140, answeredMs: 1_140 };
  expect(anchored().stepOf(1_001_020 + hourMs, span)).toBe(hourMs);
  expect(anchored().stepOf(1_001_020 - hourMs, span)).toBe(-hourMs);
});
