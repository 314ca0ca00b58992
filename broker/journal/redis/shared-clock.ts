/** Further from what was expected than this, Redis' clock has been stepped. */
const stepMsMin = 1_000;

/** When a call was under way, by our monotonic clock. */
export interface CallSpan {
  sentMs: number;
  answeredMs: number;
}

interface Anchor {
  timeMs: number;
  span: CallSpan;
  generation: number;
}

/** What is sent along, so that a step is seen before anything gets a wrong time. */
export interface ExpectedTime {
  /** How many steps are known; -1: nothing is expected. */
  generation: number;
  leastMs: number;
  mostMs: number;
}

/**
 * Redis' wall clock tells the received times of all brokers; each watches it by its own monotonic
 * clock, so that a step of it becomes a `clock` entry and not a time in which nothing came.
 */
export class SharedClock {
  #anchor: Anchor | null = null;

  /** What Redis' clock should show for a call that is sent now and taken at once. */
  expect(nowMs: number): ExpectedTime {
    if (this.#anchor === null) return { generation: -1, leastMs: 0, mostMs: 0 };
    const { generation } = this.#anchor;
    return { generation, ...this.#range({ sentMs: nowMs, answeredMs: nowMs }) };
  }

  /**
   * By how much the clock was stepped, when Redis has shown an unexpected time: 0 if the call only
   * waited before Redis took it.
   */
  stepOf(timeMs: number, span: CallSpan): number {
    const { leastMs, mostMs } = this.#range(span);
    if (timeMs >= leastMs && timeMs <= mostMs) return 0;
    return Math.round(timeMs - (leastMs + mostMs) / 2);
  }

  /** Redis has shown this time in an answer to that call. */
  set(timeMs: number, generation: number, span: CallSpan): void {
    this.#anchor = { timeMs, generation, span };
  }

  /** Another server may have another clock: its first answer is taken as it is. */
  forget(): void {
    this.#anchor = null;
  }

  #range(span: CallSpan): { leastMs: number; mostMs: number } {
    const anchor = this.#anchor;
    if (anchor === null) return { leastMs: -Infinity, mostMs: Infinity };
    return {
      leastMs: Math.floor(anchor.timeMs + span.sentMs - anchor.span.answeredMs) - stepMsMin,
      mostMs: Math.ceil(anchor.timeMs + span.answeredMs - anchor.span.sentMs) + stepMsMin,
    };
  }
}
