import { getCompileCacheDir } from "node:module";
import path from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { CodedError } from "./errors.ts";
import { createPendingCalls, type PendingCalls, workerGone } from "./pending-calls.ts";
import { recordsBusyTimeoutMs } from "./records.ts";
import { fromWireError, type FromWorker, type ToWorker, type WorkerStart } from "./rpc.ts";

export interface RecordsWorkerOptions<Services extends object> {
  dataDir: string;
  /** `NADI_DATABASE_URL`; left out: SQLite in the data folder. */
  databaseUrl?: string | undefined;
  /**
   * Own the data folder (`serve`): a second owner fails with `RECORDS_DATA_DIR_IN_USE`.
   * `shared`: no folder, and the database beside other processes that share it; `folder-shared`:
   * the same with a folder.
   */
  lock: boolean | "shared" | "folder-shared";
  /** How long a call waits for another process's write lock. Default `recordsBusyTimeoutMs`. */
  busyTimeoutMs?: number;
  /** URLs of modules that export `migrations: readonly Migration[]`. */
  migrationModules: readonly string[];
  /**
   * For each service the URL of a module that exports `createService(records)`, which returns an
   * object of async methods (own properties). Arguments and results are cloned.
   */
  services: { readonly [Name in keyof Services]: string };
}

export interface RecordsWorkerExit {
  /** `true`: `close()` asked for it. */
  expected: boolean;
  error: CodedError | null;
}

export interface RecordsWorker<Services extends object> {
  services: Services;
  /** Calls of this thread that wait for an answer, for metrics. */
  readonly pendingCalls: number;
  /**
   * A port for another thread, to be transferred there and given to `callRecords`: the same
   * services, with a bound of its own. Throws `RECORDS_WORKER_GONE` once the worker ends.
   */
  connect(): MessagePort;
  /** Lets running calls finish, closes the database, gives the lock back. Idempotent. */
  close(): Promise<void>;
  /** Hears the end of the worker once, also if it is over; returns its removal. */
  onExit(listener: (exit: RecordsWorkerExit) => void): () => void;
}

/** A worker that does not end by itself in this time is ended: shutdown has 5 s in all. */
export const recordsCloseDeadlineMs = 3_000;

/**
 * Starts the thread that opens the records database, so that the main thread opens none:
 * node:sqlite is synchronous, and a lock held elsewhere would stop the broker.
 */
export async function startRecordsWorker<Services extends object>(
  options: RecordsWorkerOptions<Services>,
): Promise<RecordsWorker<Services>> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: {
      dataDir: options.dataDir,
      databaseUrl: options.databaseUrl,
      lock: options.lock,
      busyTimeoutMs: options.busyTimeoutMs ?? recordsBusyTimeoutMs,
      migrationModules: options.migrationModules,
      serviceModules: options.services,
    } satisfies WorkerStart,
    // It is handed all it needs: the environment may hold other services' secrets.
    env: compileCacheEnv(),
    execArgv: [],
  });
  const calls = createPendingCalls();
  const life = watchLife(worker, calls);
  const methods = await firstAnswer(worker, life);
  worker.on("message", (message: FromWorker) => calls.settle(message));
  return {
    // The worker named its methods; their types are the caller's claim about its own modules.
    services: createProxies(methods, { worker, calls, life }) as Services,
    get pendingCalls() {
      return calls.size;
    },
    connect: () => connectPort(worker, life),
    close: () => life.close(),
    onExit: (listener) => life.onExit(listener),
  };
}

/** A thread does not take the process's cache of compiled code by itself; it halves the start. */
function compileCacheEnv(): Record<string, string> {
  const versioned = getCompileCacheDir();
  return versioned === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(versioned) };
}

interface Life {
  ended: Promise<RecordsWorkerExit>;
  /** Set as soon as no more call can be answered. */
  readonly isClosing: boolean;
  close(): Promise<void>;
  onExit(listener: (exit: RecordsWorkerExit) => void): () => void;
}

function watchLife(worker: Worker, calls: PendingCalls): Life {
  const listeners = new Set<(exit: RecordsWorkerExit) => void>();
  const { promise: ended, resolve } = Promise.withResolvers<RecordsWorkerExit>();
  let thrown: unknown = null;
  let closing: Promise<void> | null = null;
  let hasEnded = false;
  worker.on("error", (error) => {
    thrown = error;
  });
  worker.on("exit", () => {
    hasEnded = true;
    const expected = closing !== null && thrown === null;
    const error = workerGone(thrown);
    calls.rejectAll(error);
    const exit = { expected, error: expected ? null : error };
    resolve(exit);
    for (const listener of listeners) listener(exit);
    listeners.clear();
  });
  const close = async (): Promise<void> => {
    if (hasEnded) return;
    worker.postMessage({ kind: "close" } satisfies ToWorker, []);
    const timer = setTimeout(() => void worker.terminate(), recordsCloseDeadlineMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    ended,
    get isClosing() {
      return closing !== null || hasEnded;
    },
    close: () => (closing ??= close()),
    onExit(listener) {
      // It may have ended while the caller was still starting what comes after it.
      if (hasEnded) void ended.then(listener);
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function firstAnswer(worker: Worker, life: Life): Promise<Record<string, string[]>> {
  const { promise, resolve } = Promise.withResolvers<FromWorker>();
  worker.once("message", resolve);
  const first = await Promise.race([promise, life.ended]);
  if ("kind" in first && first.kind === "ready") return first.methods;
  await life.ended;
  if ("kind" in first && first.kind === "failed") throw fromWireError(first.error);
  throw (await life.ended).error ?? workerGone(null);
}

function connectPort(worker: Worker, life: Life): MessagePort {
  if (life.isClosing) throw workerGone(null);
  const { port1: theirs, port2: ours } = new MessageChannel();
  // The port dies with the worker's thread, and the one that is handed out hears that.
  worker.postMessage({ kind: "connect", port: theirs } satisfies ToWorker, [theirs]);
  return ours;
}

function createProxies(
  methods: Record<string, string[]>,
  target: { worker: Worker; calls: PendingCalls; life: Life },
): object {
  const { worker, calls, life } = target;
  const services: Record<string, object> = {};
  for (const [service, names] of Object.entries(methods)) {
    const proxy: Record<string, (...args: unknown[]) => Promise<unknown>> = {};
    for (const method of names) {
      proxy[method] = (...args) => {
        if (life.isClosing) return Promise.reject(workerGone(null));
        return calls.open((id) => {
          worker.postMessage({ kind: "call", id, service, method, args } satisfies ToWorker, []);
        });
      };
    }
    services[service] = proxy;
  }
  return services;
}
