/** A chart as the loop knows it. */
export interface Frame {
  /** Whether anything is to be drawn: cheap, since it is asked on every frame. */
  isDue(nowMs: number): boolean;
  draw(nowMs: number): void;
}

export interface FrameClock {
  requestFrame: (callback: (nowMs: number) => void) => number;
  cancelFrame: (handle: number) => void;
}

/**
 * One animation frame for all charts of the page. A frame asks every visible chart and draws those
 * that are due; without charts, and while the page is hidden, nothing runs.
 */
export class FrameLoop {
  readonly #clock: FrameClock;
  readonly #frames = new Set<Frame>();
  #handle: number | null = null;

  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#frames.size;
  }

  /** Returns the removal. */
  add(frame: Frame): () => void {
    this.#frames.add(frame);
    this.#handle ??= this.#clock.requestFrame(this.#run);
    return () => {
      this.#frames.delete(frame);
      if (this.#frames.size > 0 || this.#handle === null) return;
      this.#clock.cancelFrame(this.#handle);
      this.#handle = null;
    };
  }

  readonly #run = (nowMs: number): void => {
    this.#handle = this.#clock.requestFrame(this.#run);
    for (const frame of this.#frames) if (frame.isDue(nowMs)) frame.draw(nowMs);
  };
}
