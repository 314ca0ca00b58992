const slots = 60;

/** Counts events of the last 60 seconds, in a slot a second. */
export class ReadingRate {
  readonly #counts = new Uint32Array(slots);
  readonly #startedAtSecond: number;
  #second: number;

  constructor(nowMs: number) {
    this.#startedAtSecond = this.#second = Math.floor(nowMs / 1_000);
  }

  count(nowMs: number): void {
    this.#advance(nowMs);
    const slot = this.#second % slots;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  /** `null` until a whole minute has been seen: an estimate would jump about. */
  perMinute(nowMs: number): number | null {
    this.#advance(nowMs);
    if (this.#second - this.#startedAtSecond < slots) return null;
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const passed = Math.min(slots, second - this.#second);
    for (let step = 1; step <= passed; step += 1) this.#counts[(this.#second + step) % slots] = 0;
    if (passed > 0) this.#second = second;
  }
}
