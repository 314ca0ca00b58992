/** Time and chance as the worker's loops see them, so that tests decide both. */
export interface Pace {
  /** Never runs backwards; for durations only. */
  monotonicMs(): number;
  /** From 0 up to 1. */
  random(): number;
  /** Resolves after a while, or early when the signal is aborted; never rejects. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Lets everything else that is due in this thread go first. */
  yieldTurn(): Promise<void>;
}

export const systemPace: Pace = {
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  sleep(delayMs, signal) {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return Promise.resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done, { once: true });
    return promise;
  },
  yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Wakes whoever waits for something to do: news, a request, the end. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after so long. */
  wait(delayMsMax: number): Promise<void>;
}

export function createBell(pace: Pace): Bell {
  /** Of those who wait; `null`: nobody does. */
  let ringing: AbortController | null = null;
  return {
    ring() {
      // Without a reason each abort makes an exception with its stack: most of what it costs.
      ringing?.abort("rung");
      ringing = null;
    },
    wait(delayMsMax) {
      ringing ??= new AbortController();
      return pace.sleep(delayMsMax, ringing.signal);
    },
  };
}
