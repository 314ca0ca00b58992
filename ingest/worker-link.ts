import { getCompileCacheDir } from "node:module";
import path from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { PublisherEnd } from "../broker/index.ts";
import type { CodedError } from "../devices/index.ts";
import { ingestError } from "./errors.ts";
import { fromPort, type FromThread } from "./worker/protocol.ts";
import { type IngestStatus, stalledAfterMs, startingStatus } from "./worker/status.ts";
import { keepObjectsYoung } from "./young-objects.ts";

export interface IngestExit {
  /** `true`: `stop()` asked for it. */
  expected: boolean;
  error: CodedError | null;
}

/** A worker that does not end by itself in this time is ended: shutdown has 5 s in all. */
const stopDeadlineMs = 3_500;
/** Readers that wait for the worker at a time; each costs a few KB. */
const callsMax = 1_024;

/** Starts a thread of ingest. The ports among what it is handed are transferred. */
export function startThread(
  module: URL,
  start: { recordsPort: MessagePort; channels: PublisherEnd },
): Worker {
  const { recordsPort, channels } = start;
  keepObjectsYoung();
  return new Worker(module, {
    workerData: start,
    transferList: channels.kind === "port" ? [recordsPort, channels.port] : [recordsPort],
    // It is handed all it needs: the environment may hold other services' secrets.
    env: compileCacheEnv(),
    execArgv: [],
  });
}

/** A thread does not take the process's cache of compiled code by itself; it halves the start. */
function compileCacheEnv(): Record<string, string> {
  const versioned = getCompileCacheDir();
  return versioned === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(versioned) };
}

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface WorkerLinkOptions<To, From> {
  log: Logger;
  /** What the thread says beside what all of them say. */
  onMessage(message: From): void;
  /** Its last word, so that it ends by itself. */
  farewell(): To;
  /** The thread has been told to end, or has ended: nothing more need be said to it. */
  onEnding(): void;
}

/** The main thread's end of a thread of ingest: its calls, its log, its status and its end. */
export class WorkerLink<To, From> {
  /** Resolves when the thread listens. */
  readonly started: Promise<void>;
  readonly #worker: Worker;
  readonly #options: WorkerLinkOptions<To, From>;
  readonly #calls = new Map<number, Call>();
  readonly #exitListeners = new Set<(exit: IngestExit) => void>();
  readonly #ended = Promise.withResolvers<void>();
  #lastId = 0;
  #status = startingStatus;
  #statusAtMs = performance.now();
  #thrown: unknown = null;
  #hasEnded = false;
  #exit: IngestExit | null = null;
  #stopping: Promise<void> | null = null;

  constructor(worker: Worker, options: WorkerLinkOptions<To, From>) {
    this.#worker = worker;
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.started = promise;
    worker.on("message", (message: FromThread | From) => {
      if (isOfAll(message)) this.#take(message, resolve);
      else options.onMessage(message);
    });
    worker.on("error", (error) => {
      this.#thrown = error;
    });
    worker.on("exit", () => {
      this.#end();
      reject(this.#goneError());
    });
  }

  /** As last told; a thread that says nothing for long stands still. */
  get status(): IngestStatus {
    const status = this.#status;
    const isSilent = performance.now() - this.#statusAtMs >= stalledAfterMs;
    if (status.state === "stopped" || !isSilent) return status;
    return {
      ...status,
      recorder: { ...status.recorder, isStalled: true },
      monitor: { ...status.monitor, isStalled: true },
    };
  }

  /** Rejects with `INGEST_WORKER_GONE` once the thread ends, or `INGEST_BUSY`. */
  call(message: (id: number) => To): Promise<unknown> {
    if (this.#hasEnded || this.#stopping !== null) return Promise.reject(this.#goneError());
    if (this.#calls.size >= callsMax) return Promise.reject(busy());
    this.#lastId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.set(this.#lastId, { resolve, reject });
    this.post(message(this.#lastId));
    return promise;
  }

  post(message: To): void {
    if (!this.#hasEnded) this.#worker.postMessage(message, []);
  }

  onExit(listener: (exit: IngestExit) => void): () => void {
    const exit = this.#exit;
    // It may have ended while the caller was still starting what comes after it.
    if (exit !== null) queueMicrotask(() => listener(exit));
    else this.#exitListeners.add(listener);
    return () => this.#exitListeners.delete(listener);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#options.onEnding();
    this.post(this.#options.farewell());
    const timer = setTimeout(() => void this.#worker.terminate(), stopDeadlineMs);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  #take(message: FromThread, started: () => void): void {
    switch (message.kind) {
      case "started":
        started();
        return;
      case "status":
        this.#status = message.status;
        this.#statusAtMs = performance.now();
        return;
      case "log":
        this.#options.log[message.level](message.fields, message.message);
        return;
      case "result":
        this.#settle(message.id, (call) => call.resolve(message.value));
        return;
      case "error":
        this.#settle(message.id, (call) => call.reject(fromPort(message.error)));
    }
  }

  #settle(id: number, settle: (call: Call) => void): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call !== undefined) settle(call);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#options.onEnding();
    const error = this.#goneError();
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
    this.#status = { ...this.#status, state: "stopped" };
    const expected = this.#stopping !== null && this.#thrown === null;
    this.#exit = { expected, error: expected ? null : error };
    for (const listener of this.#exitListeners) listener(this.#exit);
    this.#exitListeners.clear();
    this.#ended.resolve();
  }

  #goneError(): CodedError {
    const reason = this.#thrown instanceof Error ? ` (${this.#thrown.message})` : "";
    return ingestError("INGEST_WORKER_GONE", {
      message: `The ingest worker has ended${reason}: restart nadi.`,
      cause: this.#thrown,
    });
  }
}

const kindsOfAll: readonly string[] = [
  "started",
  "result",
  "error",
  "status",
  "log",
] satisfies FromThread["kind"][];

function isOfAll(message: unknown): message is FromThread {
  // Threads of ours send objects with a kind.
  return kindsOfAll.includes((message as { kind: string }).kind);
}

function busy(): CodedError {
  return ingestError("INGEST_BUSY", {
    message: `More than ${callsMax} calls wait for the ingest worker: try again.`,
  });
}
