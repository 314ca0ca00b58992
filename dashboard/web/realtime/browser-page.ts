import type { Page } from "./page.ts";

/** Nothing is painted while a page is hidden, and its frames do not come. */
const hiddenFrameMs = 250;

export const browserPage: Page = {
  nowMs: () => Date.now(),
  random: () => Math.random(),
  later(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  onceBeforePaint(callback) {
    const cancel = (): void => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
    const run = (): void => {
      cancel();
      callback();
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, hiddenFrameMs);
    return cancel;
  },
  onWake(callback) {
    const onVisible = (): void => {
      if (document.visibilityState === "visible") callback();
    };
    window.addEventListener("online", callback);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      window.removeEventListener("online", callback);
      document.removeEventListener("visibilitychange", onVisible);
    };
  },
  onOffline(callback) {
    window.addEventListener("offline", callback);
    return () => window.removeEventListener("offline", callback);
  },
};
