/** Time as the journal sees it; injected, so that tests can step it. */
export interface JournalClock {
  /** Milliseconds since 1970, may jump. */
  wallMs(): number;
  /** Milliseconds since any start, never runs backwards. */
  monotonicMs(): number;
}

export const systemClock: JournalClock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Further from the line than this, the wall clock has been stepped; below it, it has drifted. */
export const CLOCK_STEP_MS_MIN = 1_000;
const CHECK_PERIOD_MS = 1_000;

/** The line on which received times lie: the monotonic clock, anchored to the wall at start. */
export interface ReceivedTime {
  /** The received time, in whole milliseconds, of what happens at this monotonic time. */
  at(monotonicMs: number): number;
  /** By how much the line was moved, or 0; looks at the wall at most once a second. */
  stepIfDue(monotonicMs: number): number;
  /** The same, looking at the wall at once. */
  step(monotonicMs: number): number;
}

/**
 * @param lastTimeMs the newest received time on disk, or -Infinity
 * @returns the line, and by how much it starts before that time (as a negative step), or 0
 */
export function createReceivedTime(
  clock: JournalClock,
  lastTimeMs: number,
): { line: ReceivedTime; startStepMs: number } {
  const startMonotonicMs = clock.monotonicMs();
  let anchorMs = clock.wallMs() - startMonotonicMs;
  let checkedAtMs = startMonotonicMs;
  const at = (monotonicMs: number): number => Math.floor(anchorMs + monotonicMs);

  function step(monotonicMs: number): number {
    checkedAtMs = monotonicMs;
    const beforeMs = at(monotonicMs);
    const wallMs = clock.wallMs();
    if (Math.abs(wallMs - beforeMs) <= CLOCK_STEP_MS_MIN) return 0;
    anchorMs = wallMs - monotonicMs;
    return at(monotonicMs) - beforeMs;
  }

  function stepIfDue(monotonicMs: number): number {
    return monotonicMs - checkedAtMs >= CHECK_PERIOD_MS ? step(monotonicMs) : 0;
  }

  const startMs = at(startMonotonicMs);
  return {
    line: { at, step, stepIfDue },
    startStepMs: startMs < lastTimeMs ? startMs - lastTimeMs : 0,
  };
}
