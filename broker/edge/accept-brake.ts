/** By `bench --part neighbours`: 0.25 to 0.3 were no better, 0.6 to 1 clearly worse. */
const restMs = 0.15;

const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Nobody ever wakes the cell: the thread gives its processor away for that long. */
function restThread(): void {
  Atomics.wait(cell, 0, 0, restMs);
}

/**
 * Slows down the taking of connections while an address floods with rubbish. libuv takes one
 * connection a turn of the event loop and can't be told to pause: in a flood turn follows turn, and
 * a thread that never rests waits longest for the processor when a neighbour's reading comes. So a
 * turn that puts a refusal off ends with a short rest. The kernel's queue fills meanwhile and turns
 * the flood away, which costs it a second; a device that comes then stands in that queue with it,
 * for about a tenth of a second.
 */
export class AcceptBrake {
  readonly #rest: () => void;
  #isPressed = false;

  constructor(rest: () => void = restThread) {
    this.#rest = rest;
  }

  /** This turn ends with one rest, however many are put off in it: a long turn brakes by itself. */
  press(): void {
    if (this.#isPressed) return;
    this.#isPressed = true;
    setImmediate(() => {
      this.#isPressed = false;
      this.#rest();
    });
  }
}
