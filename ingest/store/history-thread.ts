import { getCompileCacheDir } from "node:module";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { ingestError } from "../errors.ts";
import type { RulePreview, RulePreviewQuery } from "../preview/preview.ts";
import { storeClosed } from "./errors.ts";
import { fromWireError } from "./history-rpc.ts";
import type { FromHistory, HistoryCall, HistoryMethod, HistoryStart } from "./history-rpc.ts";
import type { InfluxHistoryOptions } from "./influx/influx-config.ts";
import type { History } from "./store.ts";
import type { HistoryEvent } from "./store-readers.ts";

/** Calls that wait for their turn; a page asks for some ten at once, each takes some ms. */
export const historyCallsMax = 256;
/** No query of the limits in query-rules.ts takes a tenth of it: the disk hangs. */
export const historyDeadlineMs = 10_000;
/** The longest of InfluxDB is two requests, each with a deadline of its own that tells why. */
export const influxHistoryDeadlineMs = 25_000;
/** Files are read by one thread; queries to InfluxDB wait, and not for one another. */
const influxCallsAtOnce = 8;
/** Each holds up to 300,000 readings in memory, and only one of them computes at a time. */
const previewsAtOnce = 1;
/** Shutdown has 5 s in all. */
const closeDeadlineMs = 2_000;

export interface HistoryThreadOptions {
  /** Of the files, where `influx` is not given. */
  directory: string;
  /** InfluxDB is read instead. */
  influx?: Pick<InfluxHistoryOptions, "influx" | "keep"> | null;
  log?: (event: HistoryEvent) => void;
  callsMax?: number;
  deadlineMs?: number;
}

export interface HistoryThread extends History {
  /** Takes up to seconds, in a thread of its own: charts do not wait for it. */
  preview(query: RulePreviewQuery): Promise<RulePreview>;
  stats(): { waitingCalls: number; restarts: number };
}

interface Waiting {
  call: HistoryCall;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The store's history in a thread of its own, so that a chart stops neither ingest nor HTTP. */
export async function startHistory(options: HistoryThreadOptions): Promise<HistoryThread> {
  const isFiles = options.influx === undefined || options.influx === null;
  const thread = new Thread(options, isFiles ? 1 : influxCallsAtOnce);
  thread.begin();
  // Begins with the first preview: most days nobody changes a rule.
  const previews = new Thread(options, previewsAtOnce);
  return {
    buckets: (query) => thread.ask("buckets", query),
    raw: (query) => thread.ask("raw", query),
    track: (query) => thread.ask("track", query),
    latest: (sppgId) => thread.ask("latest", sppgId),
    preview: (query) => previews.ask("preview", query),
    close: async () => {
      await Promise.all([thread.close(), previews.close()]);
    },
    stats: () => ({
      waitingCalls: thread.waitingCalls + previews.waitingCalls,
      restarts: thread.restarts + previews.restarts,
    }),
  };
}

/** Sends one call at a time to files: a deadline is about that call and not about those before. */
class Thread {
  restarts = 0;
  readonly #options: HistoryThreadOptions;
  readonly #callsAtOnce: number;
  readonly #queue: Waiting[] = [];
  #worker: Worker | null = null;
  readonly #running = new Map<number, Waiting & { timer: NodeJS.Timeout }>();
  #lastId = 0;
  #closing: Promise<void> | null = null;

  constructor(options: HistoryThreadOptions, callsAtOnce: number) {
    this.#options = options;
    this.#callsAtOnce = callsAtOnce;
  }

  /** Starts the worker before the first call asks for it. */
  begin(): void {
    this.#worker ??= this.#start();
  }

  get waitingCalls(): number {
    return this.#queue.length + this.#running.size;
  }

  /** What `History` answers to the method. */
  async ask<Answer>(method: HistoryMethod, argument: unknown): Promise<Answer> {
    if (this.#closing !== null) throw storeClosed();
    const callsMax = this.#options.callsMax ?? historyCallsMax;
    if (this.waitingCalls >= callsMax) {
      const message = `More than ${callsMax} queries wait for the history: try again.`;
      throw ingestError("INGEST_BUSY", { message, facts: { callsMax } });
    }
    // The worker answers with what the same method of History gives.
    return (await this.#enqueue(method, argument)) as Answer;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    // It has never begun.
    if (this.#worker === null && this.waitingCalls === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, closeDeadlineMs);
    const finish = (): void => resolve();
    this.#enqueue("close", null).then(finish, finish);
    await promise;
    clearTimeout(timer);
    const worker = this.#worker;
    this.#worker = null;
    // Those that wait first: the end of another would send them to a thread of their own.
    for (const waiting of this.#queue.splice(0)) waiting.reject(storeClosed());
    this.#fail(storeClosed());
    await worker?.terminate();
  }

  #enqueue(method: HistoryMethod, argument: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#queue.push({ call: { id: this.#lastId, method, argument }, resolve, reject });
    this.#next();
    return promise;
  }

  #next(): void {
    const { influx, deadlineMs: given } = this.#options;
    const isFiles = influx === undefined || influx === null;
    const deadlineMs = given ?? (isFiles ? historyDeadlineMs : influxHistoryDeadlineMs);
    while (this.#running.size < this.#callsAtOnce) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const { id } = next.call;
      this.#running.set(id, { ...next, timer: setTimeout(() => this.#expire(), deadlineMs) });
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage(next.call, []);
      } catch (error) {
        // An argument that can't be cloned never reaches the thread.
        this.#end(id)?.reject(error);
      }
    }
  }

  /** A thread that waits for the disk ends when the disk lets it; another one takes its place. */
  #expire(): void {
    const worker = this.#worker;
    this.#worker = null;
    this.restarts += 1;
    void worker?.terminate();
    this.#fail(unavailable("A query of the history took too long and was given up: try again."));
  }

  /** Of all that the thread has been asked: it has gone. */
  #fail(error: unknown): void {
    for (const id of this.#running.keys()) this.#end(id)?.reject(error);
    this.#next();
  }

  /** Takes a call from those that run; it may have been given up before. */
  #end(id: number): Waiting | null {
    const running = this.#running.get(id);
    if (running === undefined) return null;
    this.#running.delete(id);
    clearTimeout(running.timer);
    return running;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./history-worker.ts", import.meta.url), {
      workerData: {
        directory: this.#options.directory,
        influx: this.#options.influx ?? null,
      } satisfies HistoryStart,
      env: compileCacheEnv(),
      execArgv: [],
    });
    let thrown: unknown = null;
    worker.on("message", (message: FromHistory) => this.#hear(message));
    worker.on("error", (error) => (thrown = error));
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.restarts += 1;
      const reason = thrown instanceof Error ? ` (${thrown.message})` : "";
      this.#fail(unavailable(`The history's thread has ended${reason}: try again.`));
    });
    return worker;
  }

  #hear(message: FromHistory): void {
    if (message.kind === "event") return this.#options.log?.(message.event);
    // Of a thread that was given up: its caller knows already.
    const running = this.#end(message.id);
    if (running === null) return;
    if (message.kind === "result") running.resolve(message.value);
    else running.reject(fromWireError(message.error));
    this.#next();
  }
}

function unavailable(message: string): Error {
  return ingestError("INGEST_STORE_UNAVAILABLE", { message });
}

/** A thread does not take the process's cache of compiled code by itself; it halves the start. */
function compileCacheEnv(): Record<string, string> {
  const versioned = getCompileCacheDir();
  return versioned === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(versioned) };
}
