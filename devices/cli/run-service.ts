import type { Logger } from "pino";
import { exitCodes } from "./command.ts";
import type { StopStack } from "./stop-stack.ts";

/** What runs until it is told to stop. */
export interface RunningService {
  /** Rejects when something that serving depends on has ended by itself. */
  failed: Promise<never>;
  /** At the signal, before anything is stopped. */
  beforeStop(): void;
}

export interface ServiceOptions {
  log: Logger;
  /** Aborted at the first signal. */
  signal: AbortSignal;
  /** What has been started, to be stopped in the reverse order. */
  stack: StopStack;
  start(): Promise<RunningService>;
}

export const stopSignals = ["SIGTERM", "SIGINT"] as const;

/** SIGTERM to exit: a supervisor kills after 10 s, and 5 s is what we promise. */
const stopDeadlineMs = 4_500;
const lastWordsMs = 400;

/** A part of a service that may end by itself. */
export interface Watchable {
  onExit(listener: (exit: { expected: boolean; error: Error | null }) => void): unknown;
}

/** Rejects when a worker that serving depends on has ended by itself. */
export function watchWorkers(
  log: Logger,
  workers: Readonly<Record<string, Watchable>>,
): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const [component, worker] of Object.entries(workers)) {
    worker.onExit(({ expected, error }) => {
      if (expected) return;
      log.fatal({ component, err: error }, "worker has ended");
      reject(error ?? new Error(`the ${component} worker has ended`));
    });
  }
  // It is awaited later; until then the line above has said it.
  promise.catch((error: unknown) => log.debug({ err: error }, "serving has failed"));
  return promise;
}

/**
 * Starts, runs until the signal or a failure, stops; answers the exit code. A signal that comes
 * during the start ends the process when what had started by then is stopped.
 */
export async function runService(options: ServiceOptions): Promise<number> {
  const { log, signal, stack } = options;
  // The last resort: Node ends the process after it, as a broken promise must.
  process.on("uncaughtExceptionMonitor", (error) => log.fatal({ err: error }, "uncaught"));
  const told = aborted(signal, log);
  const starting = options.start();
  try {
    const service = await Promise.race([starting, told.then(() => null)]);
    if (service === null) return await stopStarting(starting, log, stack);
    await Promise.race([told, service.failed]);
    service.beforeStop();
  } catch (error) {
    return await abandon(error, log, stack);
  }
  return await stopServing(log, stack);
}

/** The start goes on meanwhile, and may wait for an engine that is away: its end is the exit. */
async function stopStarting(
  starting: Promise<unknown>,
  log: Logger,
  stack: StopStack,
): Promise<never> {
  // What is stopped under it may fail it.
  starting.catch((error: unknown) => log.debug({ err: error }, "the start was broken off"));
  return process.exit(await stopServing(log, stack));
}

/** `false`: the deadline has passed before everything was stopped. */
async function unwindInTime(stack: StopStack): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), stopDeadlineMs);
  try {
    return await Promise.race([stack.unwind().then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Stops after a failure, which is what the caller must hear of whatever the stop brings. */
async function abandon(error: unknown, log: Logger, stack: StopStack): Promise<never> {
  // The caller has time to say what failed; what still hangs then must not keep the process.
  const end = (): never => process.exit(exitCodes.failed);
  setTimeout(end, stopDeadlineMs + lastWordsMs).unref();
  try {
    if (await unwindInTime(stack)) throw error;
  } catch (thrown) {
    if (thrown !== error) log.error({ err: thrown }, "not everything could be stopped");
    throw error;
  }
  log.fatal({ err: error }, "failed, and something does not stop");
  return end();
}

async function stopServing(log: Logger, stack: StopStack): Promise<number> {
  log.info("stopping");
  if (await unwindInTime(stack)) {
    log.info("stopped");
    return exitCodes.done;
  }
  log.error("stopped before everything was drained: what was not acknowledged was not promised");
  // Whatever hangs would keep the process; nothing acknowledged depends on it.
  return process.exit(exitCodes.failed);
}

/** Waits for the first signal, and outlives further ones: they would end us in mid-drain. */
async function aborted(signal: AbortSignal, log: Logger): Promise<void> {
  for (const name of stopSignals) process.on(name, () => log.info({ name }, "told to stop"));
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
