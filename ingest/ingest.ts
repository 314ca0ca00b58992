import { getCompileCacheDir } from "node:module";
import path from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { FileJournal, PublisherEnd } from "../broker/index.ts";
import type { CodedError } from "../devices/index.ts";
import type { IngestConfig } from "./config.ts";
import { commitForward, registerCursors } from "./cursors.ts";
import { ingestError } from "./errors.ts";
import type { KitchenSnapshot } from "./monitor/monitor.ts";
import {
  fromPort,
  type FromIngest,
  type IngestStart,
  type ToIngest,
  toPort,
} from "./worker/protocol.ts";
import { type IngestStatus, stalledAfterMs, startingStatus } from "./worker/status.ts";

export interface IngestOptions {
  dataDir: string;
  journal: FileJournal;
  /** The journal's own folder. */
  journalDirectory: string;
  /** Of `RecordsWorker.connect()`; transferred, as is a port of the channels. */
  recordsPort: MessagePort;
  /** Where live values and alerts go. */
  channels: PublisherEnd;
  config: IngestConfig;
  /** `NADI_CRASH_POINT`, for fault tests. */
  crashPointSetting?: string | undefined;
  log: Logger;
}

export interface IngestExit {
  /** `true`: `stop()` asked for it. */
  expected: boolean;
  error: CodedError | null;
}

/** Recorder and monitor in a thread of their own, as the main thread sees them. */
export interface Ingest {
  /** The newest values of a kitchen, from the monitor's state. */
  snapshot(sppgId: string): Promise<KitchenSnapshot>;
  /**
   * Everything that was acknowledged before the call can be queried when it resolves. Rejects as
   * retryable when the store is away or the recorder far behind: what there is can be shown.
   */
  flush(): Promise<void>;
  /** As last told, with what the journal has got since. */
  status(): IngestStatus;
  /** Hears the end of the worker once, also if it is over; returns its removal. */
  onExit(listener: (exit: IngestExit) => void): () => void;
  /** Works off what is synced (within a bound), commits the cursors, ends. Idempotent. */
  stop(): Promise<void>;
}

/** A worker that does not end by itself in this time is ended: shutdown has 5 s in all. */
const stopDeadlineMs = 3_500;
/** Readers that wait for the worker at a time; each costs a few KB. */
const callsMax = 1_024;

/** Starts the worker; resolves when it listens. Loading goes on, and calls wait for it. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { journal, recordsPort, channels } = options;
  await checkStore(options);
  await registerCursors(journal);
  const start: IngestStart = {
    dataDir: options.dataDir,
    journalDirectory: options.journalDirectory,
    config: options.config,
    recordsPort,
    channels,
    crashPointSetting: options.crashPointSetting ?? null,
    announcement: journal.announcement,
    firstOffset: journal.firstOffset,
    recorderOffset: journal.cursor("recorder") ?? journal.firstOffset,
  };
  const worker = new Worker(new URL("./worker/main.ts", import.meta.url), {
    workerData: start,
    transferList: channels.kind === "port" ? [recordsPort, channels.port] : [recordsPort],
    // It is handed all it needs: the environment may hold other services' secrets.
    env: compileCacheEnv(),
    execArgv: [],
  });
  const ingest = new WorkerIngest(worker, options);
  await ingest.started;
  return ingest;
}

/** A store that is away is waited for; one that nobody has set up is told at once. */
async function checkStore({ config, log }: IngestOptions): Promise<void> {
  if (config.influx === null) return;
  // Its code is loaded only where it is asked for.
  const { checkInfluxStore } = await import("./store/influx/setup.ts");
  const reason = await checkInfluxStore(config.influx);
  if (reason !== null) log.warn({ reason }, "InfluxDB can't be asked: readings wait for it");
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

class WorkerIngest implements Ingest {
  readonly started: Promise<void>;
  readonly #worker: Worker;
  readonly #journal: FileJournal;
  readonly #log: Logger;
  readonly #calls = new Map<number, Call>();
  readonly #exitListeners = new Set<(exit: IngestExit) => void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #stopListening: () => void;
  #lastId = 0;
  /** At most one announcement is under way: a busy worker is not flooded. */
  #isAnnouncing = false;
  #isAnnouncementDue = false;
  #status = startingStatus;
  #statusAtMs = performance.now();
  #thrown: unknown = null;
  #hasEnded = false;
  #exit: IngestExit | null = null;
  #stopping: Promise<void> | null = null;

  constructor(worker: Worker, options: IngestOptions) {
    this.#worker = worker;
    this.#journal = options.journal;
    this.#log = options.log;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.started = promise;
    worker.on("message", (message: FromIngest) => {
      if (message.kind === "started") resolve();
      else this.#take(message);
    });
    worker.on("error", (error) => {
      this.#thrown = error;
    });
    worker.on("exit", () => {
      this.#end();
      reject(this.#goneError());
    });
    this.#stopListening = this.#journal.onSynced(() => this.#announce());
    // What was synced between the start's announcement and the listener.
    this.#announce();
  }

  async snapshot(sppgId: string): Promise<KitchenSnapshot> {
    // The worker answers what its monitor gives.
    return (await this.#call((id) => ({ kind: "snapshot", id, sppgId }))) as KitchenSnapshot;
  }

  async flush(): Promise<void> {
    const { announcement } = this.#journal;
    await this.#call((id) => ({ kind: "flush", id, announcement }));
  }

  status(): IngestStatus {
    const status = this.#status;
    if (status.state === "stopped") return status;
    const isSilent = performance.now() - this.#statusAtMs >= stalledAfterMs;
    const { syncedOffset } = this.#journal;
    const now = <Consumer extends IngestStatus["monitor"] | IngestStatus["recorder"]>(
      consumer: Consumer,
    ): Consumer => {
      const lag = Math.max(0, syncedOffset + 1 - consumer.nextOffset);
      return { ...consumer, lag, isStalled: consumer.isStalled || isSilent };
    };
    return { ...status, recorder: now(status.recorder), monitor: now(status.monitor) };
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
    this.#stopListening();
    this.#post({ kind: "stop", announcement: this.#journal.announcement });
    const timer = setTimeout(() => void this.#worker.terminate(), stopDeadlineMs);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  #announce(): void {
    if (this.#isAnnouncing) {
      this.#isAnnouncementDue = true;
      return;
    }
    this.#isAnnouncing = true;
    this.#isAnnouncementDue = false;
    this.#post({ kind: "announce", announcement: this.#journal.announcement });
  }

  #take(message: Exclude<FromIngest, { kind: "started" }>): void {
    switch (message.kind) {
      case "heard":
        this.#isAnnouncing = false;
        if (this.#isAnnouncementDue) this.#announce();
        return;
      case "commit":
        void this.#commit(message);
        return;
      case "damage":
        this.#keepEvidence(message);
        return;
      case "status":
        this.#status = message.status;
        this.#statusAtMs = performance.now();
        return;
      case "log":
        this.#log[message.level](message.fields, message.message);
        return;
      case "result":
        this.#settle(message.id, (call) => call.resolve(message.value));
        return;
      case "error":
        this.#settle(message.id, (call) => call.reject(fromPort(message.error)));
    }
  }

  async #commit({ id, name, nextOffset }: Extract<FromIngest, { kind: "commit" }>): Promise<void> {
    try {
      await commitForward(this.#journal, { name, nextOffset });
      this.#post({ kind: "committed", id, error: null });
    } catch (error) {
      this.#post({ kind: "committed", id, error: toPort(error) });
    }
  }

  /** The worker only steps over damage: reading it here is what quarantines and counts it. */
  #keepEvidence({ firstOffset, records }: Extract<FromIngest, { kind: "damage" }>): void {
    this.#log.error({ firstOffset, records }, "a part of the journal can't be read");
    this.#journal.read(firstOffset, { entriesMax: 1, bytesMax: 1 }).catch((error: unknown) => {
      this.#log.error({ err: error, firstOffset }, "damage could not be quarantined");
    });
  }

  #call(message: (id: number) => ToIngest): Promise<unknown> {
    if (this.#hasEnded || this.#stopping !== null) return Promise.reject(this.#goneError());
    if (this.#calls.size >= callsMax) return Promise.reject(busy());
    this.#lastId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.set(this.#lastId, { resolve, reject });
    this.#post(message(this.#lastId));
    return promise;
  }

  #settle(id: number, settle: (call: Call) => void): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call !== undefined) settle(call);
  }

  #post(message: ToIngest): void {
    if (!this.#hasEnded) this.#worker.postMessage(message, []);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#stopListening();
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

function busy(): CodedError {
  return ingestError("INGEST_BUSY", {
    message: `More than ${callsMax} calls wait for the ingest worker: try again.`,
  });
}
