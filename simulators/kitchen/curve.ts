import { minuteMs } from "../world/kitchen-clock.ts";
import { type Coupling, minutesUntil, relax } from "./newton.ts";

interface Piece {
  fromMs: number;
  celsius: number;
  towards: Coupling;
}

/** A temperature over time, in pieces that each follow Newton's law. */
export interface Curve {
  at(timeMs: number): number;
}

/** Builds a curve forwards; each piece begins where the one before ended, so it never jumps. */
export class CurveBuilder {
  readonly #pieces: Piece[] = [];
  #timeMs: number;
  #celsius: number;

  constructor(start: { timeMs: number; celsius: number }) {
    this.#timeMs = start.timeMs;
    this.#celsius = start.celsius;
  }

  get timeMs(): number {
    return this.#timeMs;
  }

  get celsius(): number {
    return this.#celsius;
  }

  /** Drifts until a moment; one that has passed adds nothing. */
  until(timeMs: number, towards: Coupling): this {
    if (timeMs <= this.#timeMs) return this;
    this.#pieces.push({ fromMs: this.#timeMs, celsius: this.#celsius, towards });
    this.#celsius = relax(this.#celsius, towards, (timeMs - this.#timeMs) / minuteMs);
    this.#timeMs = timeMs;
    return this;
  }

  /** Drifts until a level or `latestMs`, whichever comes first. */
  untilLevel(level: number, towards: Coupling, latestMs: number): this {
    const reachedMs = this.#timeMs + minutesUntil(this.#celsius, towards, level) * minuteMs;
    if (reachedMs > latestMs) return this.until(latestMs, towards);
    this.until(reachedMs, towards);
    // Exactly, so that rounding can't make a thermostat wait for ever just below its level.
    this.#celsius = level;
    return this;
  }

  build(): Curve {
    const pieces = [...this.#pieces];
    const last = { fromMs: this.#timeMs, celsius: this.#celsius, towards: still };
    return {
      at(timeMs) {
        const { fromMs, celsius, towards } = pieceAt(pieces, timeMs) ?? last;
        return relax(celsius, towards, Math.max(0, timeMs - fromMs) / minuteMs);
      },
    };
  }
}

const still: Coupling = { celsius: 0, perMinute: 0 };

/** The last piece that has begun, by halving; the first one before its begin. */
function pieceAt(pieces: readonly Piece[], timeMs: number): Piece | undefined {
  let low = 0;
  let high = pieces.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.fromMs ?? Infinity) <= timeMs) low = middle;
    else high = middle;
  }
  return pieces[low];
}
