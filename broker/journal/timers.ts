/** Waiting, injected so that tests decide when time passes. */
export interface JournalTimers {
  /** Calls once after the delay; returns its removal. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls once when the current round of input has been read. */
  soon(callback: () => void): void;
}

export const systemTimers: JournalTimers = {
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
  soon(callback) {
    setImmediate(callback);
  },
};
