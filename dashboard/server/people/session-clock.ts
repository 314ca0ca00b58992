export interface SessionTime {
  /** Wall time: may step in both directions. */
  wallMs(): number;
  /** Never steps, also where the wall is set back or stands still. */
  monotonicMs(): number;
}

/**
 * Wall time that never runs backwards and never stands still: a clock that is set back, or frozen,
 * revives no session and lengthens none.
 */
export class SessionClock {
  readonly #time: SessionTime;
  #highestMs = 0;
  #readAtMs: number;

  constructor(time: SessionTime) {
    this.#time = time;
    this.#readAtMs = time.monotonicMs();
  }

  /** What the records have seen already, before this process was started. */
  raise(knownMs: number): void {
    this.#highestMs = Math.max(this.#highestMs, knownMs);
  }

  nowMs(): number {
    const atMs = this.#time.monotonicMs();
    const passedMs = this.#highestMs + (atMs - this.#readAtMs);
    this.#highestMs = Math.max(this.#time.wallMs(), passedMs);
    this.#readAtMs = atMs;
    return Math.trunc(this.#highestMs);
  }
}
