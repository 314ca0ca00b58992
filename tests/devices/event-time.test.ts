import { expect, test } from "vitest";
import { eventTimeWindow, resolveEventTime } from "../../devices/event-time.ts";

const received = Date.UTC(2026, 10, 22, 3, 0, 0);
const oldest = received - 7 * 24 * 3600 * 1000;
const newest = received + 5 * 60 * 1000;

test("the window reaches from seven days back to five minutes ahead", () => {
  expect(eventTimeWindow).toEqual({ pastMs: received - oldest, futureMs: newest - received });
});

test.for([oldest, received - 1, received, newest])("a device's time %d is believed", (time) => {
  expect(resolveEventTime(time, received)).toEqual({
    eventTimeMs: time,
    originalTimeMs: time,
    isClockSuspect: false,
  });
});

test.for([
  ["just too old", oldest - 1],
  ["just too new", newest + 1],
  ["in seconds", Math.floor(received / 1000)],
  ["in microseconds", received * 1000],
  ["of a clock that was never set", 0],
  ["negative", -1],
] as const)("a time %s is kept, but stored as received and suspect", ([, time]) => {
  expect(resolveEventTime(time, received)).toEqual({
    eventTimeMs: received,
    originalTimeMs: time,
    isClockSuspect: true,
  });
});

test("without a device's time it happened when it was received, and nothing is suspect", () => {
  expect(resolveEventTime(null, received)).toEqual({
    eventTimeMs: received,
    originalTimeMs: null,
    isClockSuspect: false,
  });
});
