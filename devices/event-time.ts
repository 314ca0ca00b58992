const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * How far a device's clock may stand from the received time. A week of backlog is believed, since
 * a phone may come back after a holiday; the future is allowed only what clocks drift.
 */
export const eventTimeWindow = { pastMs: 7 * dayMs, futureMs: 5 * minuteMs } as const;

export interface EventTime {
  /** When it happened, as Nadi stores it: UTC ms. */
  eventTimeMs: number;
  /** What the device said, kept even if it is not believed; part of a reading's identity. */
  originalTimeMs: number | null;
  /** Stored under the received time; feeds no rule, formula or latest value. */
  isClockSuspect: boolean;
}

/**
 * Decides when a reading happened. Both edges of the window belong to it. A time in seconds where
 * ms are due falls in January 1970 and so outside: units are never guessed.
 */
export function resolveEventTime(deviceTimeMs: number | null, receivedTimeMs: number): EventTime {
  if (deviceTimeMs === null) {
    return { eventTimeMs: receivedTimeMs, originalTimeMs: null, isClockSuspect: false };
  }
  const isBelieved =
    deviceTimeMs >= receivedTimeMs - eventTimeWindow.pastMs &&
    deviceTimeMs <= receivedTimeMs + eventTimeWindow.futureMs;
  return {
    eventTimeMs: isBelieved ? deviceTimeMs : receivedTimeMs,
    originalTimeMs: deviceTimeMs,
    isClockSuspect: !isBelieved,
  };
}
