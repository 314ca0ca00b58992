import type { LiveClock } from "../live/live.ts";
import type { TelemetryStore } from "../store/store.ts";
import { describeError, type FromThread, type LogLevel } from "./protocol.ts";
import type { WorkerLog } from "./service.ts";

export const statusIntervalMs = 500;
const maintainIntervalMs = 3_600_000;

export const liveClock: LiveClock = {
  monotonicMs: () => performance.now(),
  later(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The thread's log, which the main thread writes. */
export function createLog(send: (message: FromThread) => void): WorkerLog {
  const write =
    (level: LogLevel) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      const err = "err" in fields ? { err: describeError(fields["err"]) } : {};
      send({ kind: "log", level, fields: { ...fields, ...err }, message });
    };
  return { info: write("info"), warn: write("warn"), error: write("error") };
}

/** For what can't be mended: where nothing catches it, so that the main thread hears it. */
export function endThread(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** Retention and month files: at the start and every hour, beside the writing. */
export function maintainRegularly(
  store: Pick<TelemetryStore, "maintain">,
  log: WorkerLog,
): () => void {
  const maintain = (): void => {
    store.maintain(Date.now()).catch((error: unknown) => {
      log.error({ err: error }, "old readings were not tidied up: tried again in an hour");
    });
  };
  const timer = setInterval(maintain, maintainIntervalMs);
  maintain();
  return () => clearInterval(timer);
}
