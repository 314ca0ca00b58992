import { setImmediate as nextTurn } from "node:timers/promises";
import { dashboardError } from "./errors.ts";

/** A browser opens six connections to one server: a page of charts never meets this. */
export const heavyReadsPerSession = 8;
/** A file of raw rows keeps the history worker busy for seconds: people make few at once. */
export const exportsPerSession = 2;
/** A preview has a second of its thread: the one of the words typed before may still run. */
export const previewsPerSession = 2;

const readsMax = {
  read: heavyReadsPerSession,
  export: exportsPerSession,
  preview: previewsPerSession,
} as const;

/** Counts what a session reads at once, so that one person can't take the store from all others. */
export class HeavyReads {
  readonly #running = new Map<string, number>();
  #lastTurn: Promise<void> = Promise.resolve();

  /**
   * Of all exports one slice is written in a turn of the event loop, which is the broker's too:
   * several files at once take longer, and no PUBACK does.
   */
  turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => nextTurn());
    return this.#lastTurn;
  }

  /** Answers the end of the read, which may be called twice; throws where there are too many. */
  begin(sessionId: string, kind: keyof typeof readsMax): () => void {
    const key = `${kind}:${sessionId}`;
    const running = this.#running.get(key) ?? 0;
    if (running >= readsMax[kind]) {
      throw dashboardError("DASHBOARD_READS_LIMITED", { message: "Too many reads at once." });
    }
    this.#running.set(key, running + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = (this.#running.get(key) ?? 1) - 1;
      if (left === 0) this.#running.delete(key);
      else this.#running.set(key, left);
    };
  }
}
