import type { MessagePort, Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { FileJournal, PublisherEnd } from "../broker/index.ts";
import type { IngestConfig } from "./config.ts";
import { commitForward, registerCursors } from "./cursors.ts";
import type { KitchenSnapshot } from "./monitor/monitor.ts";
import { type IngestExit, startThread, WorkerLink } from "./worker-link.ts";
import { type FromFileIngest, type IngestStart, type ToIngest, toPort } from "./worker/protocol.ts";
import type { IngestStatus } from "./worker/status.ts";

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
  /** Hears how to stop the thread as soon as there is one, before it has started. */
  onThread?: (stop: () => Promise<void>) => void;
}

/** Recorder and monitor in a thread of their own, as the main thread sees them. */
export interface Ingest {
  /**
   * The newest values of a kitchen, from the monitor's state. Rejects with
   * `INGEST_KITCHEN_ELSEWHERE`, retryable, where another process has the kitchen.
   */
  snapshot(sppgId: string): Promise<KitchenSnapshot>;
  /**
   * Everything that was acknowledged before the call, of that kitchen or of all that this process
   * has, can be queried when it resolves. Rejects as retryable when the store is away or the
   * recorder far behind: what there is can be shown.
   */
  flush(sppgId?: string): Promise<void>;
  /** Whether readings of this kitchen are this process's to store and to judge, as last told. */
  ownsKitchen(sppgId: string): boolean;
  /** As last told, with what the journal has got since. */
  status(): IngestStatus;
  /** Hears the end of the worker once, also if it is over; returns its removal. */
  onExit(listener: (exit: IngestExit) => void): () => void;
  /** Works off what is synced (within a bound), commits the cursors, ends. Idempotent. */
  stop(): Promise<void>;
}

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
  const worker = startThread(new URL("./worker/main.ts", import.meta.url), start);
  const ingest = new FileIngest(worker, options);
  options.onThread?.(() => ingest.stop());
  await ingest.started;
  return ingest;
}

/** A store that is away is waited for; one that nobody has set up is told at once. */
export async function checkStore({
  config,
  log,
}: Pick<IngestOptions, "config" | "log">): Promise<void> {
  if (config.influx === null) return;
  // Its code is loaded only where it is asked for.
  const { checkInfluxStore } = await import("./store/influx/setup.ts");
  const reason = await checkInfluxStore(config.influx);
  if (reason !== null) log.warn({ reason }, "InfluxDB can't be asked: readings wait for it");
}

class FileIngest implements Ingest {
  readonly #link: WorkerLink<ToIngest, FromFileIngest>;
  readonly #journal: FileJournal;
  readonly #log: Logger;
  /** At most one announcement is under way: a busy worker is not flooded. */
  #isAnnouncing = false;
  #isAnnouncementDue = false;

  constructor(worker: Worker, { journal, log }: IngestOptions) {
    this.#journal = journal;
    this.#log = log;
    const stopListening = journal.onSynced(() => this.#announce());
    this.#link = new WorkerLink(worker, {
      log,
      onMessage: (message) => this.#take(message),
      farewell: () => ({ kind: "stop", announcement: journal.announcement }),
      onEnding: stopListening,
    });
    // What was synced between the start's announcement and the listener.
    this.#announce();
  }

  get started(): Promise<void> {
    return this.#link.started;
  }

  async snapshot(sppgId: string): Promise<KitchenSnapshot> {
    // The worker answers what its monitor gives.
    return (await this.#link.call((id) => ({ kind: "snapshot", id, sppgId }))) as KitchenSnapshot;
  }

  async flush(): Promise<void> {
    const { announcement } = this.#journal;
    await this.#link.call((id) => ({ kind: "flush", id, announcement }));
  }

  /** There is no other process that could have one. */
  ownsKitchen(): boolean {
    return true;
  }

  status(): IngestStatus {
    const { status } = this.#link;
    if (status.state === "stopped") return status;
    const { syncedOffset } = this.#journal;
    const now = <Consumer extends IngestStatus["monitor"] | IngestStatus["recorder"]>(
      consumer: Consumer,
    ): Consumer => ({
      ...consumer,
      lag: Math.max(0, syncedOffset + 1 - consumer.nextOffset),
    });
    return { ...status, recorder: now(status.recorder), monitor: now(status.monitor) };
  }

  onExit(listener: (exit: IngestExit) => void): () => void {
    return this.#link.onExit(listener);
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  #announce(): void {
    if (this.#isAnnouncing) {
      this.#isAnnouncementDue = true;
      return;
    }
    this.#isAnnouncing = true;
    this.#isAnnouncementDue = false;
    this.#link.post({ kind: "announce", announcement: this.#journal.announcement });
  }

  #take(message: FromFileIngest): void {
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
    }
  }

  async #commit(commit: Extract<FromFileIngest, { kind: "commit" }>): Promise<void> {
    const { id, name, nextOffset } = commit;
    try {
      await commitForward(this.#journal, { name, nextOffset });
      this.#link.post({ kind: "committed", id, error: null });
    } catch (error) {
      this.#link.post({ kind: "committed", id, error: toPort(error) });
    }
  }

  /** The worker only steps over damage: reading it here is what quarantines and counts it. */
  #keepEvidence({ firstOffset, records }: Extract<FromFileIngest, { kind: "damage" }>): void {
    this.#log.error({ firstOffset, records }, "a part of the journal can't be read");
    this.#journal.read(firstOffset, { entriesMax: 1, bytesMax: 1 }).catch((error: unknown) => {
      this.#log.error({ err: error, firstOffset }, "damage could not be quarantined");
    });
  }
}
