import { Listeners } from "../realtime/listeners.ts";
import { type Aligned, align, type History } from "./align.ts";
import { BucketRing } from "./bucket-ring.ts";

export interface Window {
  minMs: number;
  maxMs: number;
}

/** What the page draws beside the canvas: it changes with what people do, not with data. */
export interface ChartMode {
  isPaused: boolean;
  zoom: Window | null;
}

/** Twice the points of the longest history, so that a frozen chart loses nothing for hours. */
const tailCapacity = 1_440;
/** Kitchen data has at most some values a second; more frames only cost battery. */
const frameMsMin = 250;
/** A click that slipped is no zoom. */
const zoomMsMin = 2_000;

/**
 * One chart without its canvas: history, what came since, and which window of time is shown. Live
 * values keep coming in while it is paused or zoomed.
 */
export class LiveChart {
  readonly onMode = new Listeners();
  readonly #nowMs: () => number;
  readonly #tail = new BucketRing(tailCapacity);
  #history: History | null = null;
  #aligned: Aligned | null = null;
  #mode: ChartMode = { isPaused: false, zoom: null };
  #pausedAtMs = 0;
  #windowMs: number;
  #gapMs: number;
  #drawn: { atMs: number; maxMs: number } | null = null;

  constructor(options: { nowMs: () => number; windowMs: number; gapMs: number }) {
    this.#nowMs = options.nowMs;
    this.#windowMs = options.windowMs;
    this.#gapMs = options.gapMs;
  }

  get mode(): ChartMode {
    return this.#mode;
  }

  get aligned(): Aligned {
    this.#aligned ??= align(this.#history, this.#tail, this.#gapMs);
    return this.#aligned;
  }

  /** By the clock, not by the data: without any, the line moves away from the right edge. */
  get window(): Window {
    if (this.#mode.zoom !== null) return this.#mode.zoom;
    const maxMs = this.#mode.isPaused ? this.#pausedAtMs : this.#nowMs();
    return { minMs: maxMs - this.#windowMs, maxMs };
  }

  push(atMs: number, value: number): void {
    if (this.#tail.push(atMs, value, this.#history?.widthMs ?? 1_000)) this.#aligned = null;
  }

  setHistory(history: History | null): void {
    // Buckets of another width don't fold: what they hold is in this history already.
    if (history !== null && history.widthMs !== this.#history?.widthMs) this.#refold(history);
    this.#history = history;
    this.#redraw();
  }

  setWindow(windowMs: number, gapMs: number): void {
    if (windowMs === this.#windowMs && gapMs === this.#gapMs) return;
    this.#windowMs = windowMs;
    this.#gapMs = gapMs;
    this.#redraw();
    this.resume();
  }

  /** Somebody looks closely: the window stands still, data goes on coming in. */
  pause(): void {
    if (this.#mode.isPaused) return;
    this.#pausedAtMs = this.#nowMs();
    this.#setMode({ ...this.#mode, isPaused: true });
  }

  zoomTo(window: Window): void {
    if (window.maxMs - window.minMs < zoomMsMin) return;
    this.#setMode({ isPaused: true, zoom: window });
  }

  /** The pointer has left: what was only looked at goes on, a zoom stays. */
  release(): void {
    if (this.#mode.zoom === null) this.resume();
  }

  resume(): void {
    if (this.#mode.isPaused || this.#mode.zoom !== null) {
      this.#setMode({ isPaused: false, zoom: null });
    }
  }

  /** Whether a frame would look different, on a plot that is so many pixels wide. */
  isDue(atMs: number, widthPx: number): boolean {
    const { minMs, maxMs } = this.window;
    if (this.#drawn === null) return true;
    if (atMs - this.#drawn.atMs < frameMsMin) return false;
    const pixelMs = (maxMs - minMs) / Math.max(1, widthPx);
    return this.#aligned === null || Math.abs(maxMs - this.#drawn.maxMs) >= pixelMs;
  }

  drawn(atMs: number): void {
    this.#drawn = { atMs, maxMs: this.window.maxMs };
  }

  #setMode(mode: ChartMode): void {
    this.#mode = mode;
    this.#drawn = null;
    this.onMode.tell();
  }

  #redraw(): void {
    this.#aligned = null;
    this.#drawn = null;
  }

  #refold(history: History): void {
    const lastMs = history.buckets.at(-1)?.t ?? 0;
    const kept = Array.from({ length: this.#tail.length }, (_none, at) => this.#tail.at(at));
    this.#tail.clear();
    for (const { t, min, max, mean } of kept.filter(({ t }) => t >= lastMs)) {
      // Extremes first: the mean of a few seconds is near enough until the history is read again.
      for (const value of [min, max, mean]) this.#tail.push(t, value, history.widthMs);
    }
  }
}
