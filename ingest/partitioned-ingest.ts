import type { MessagePort, Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { partitionOf, type PublisherEnd } from "../broker/index.ts";
import type { IngestConfig } from "./config.ts";
import { checkStore, type Ingest } from "./ingest.ts";
import type { KitchenSnapshot } from "./monitor/monitor.ts";
import type { ChangeSource } from "./partitions/change-relay.ts";
import type {
  PartitionedJournalPlace,
  PartitionsStart,
  ToPartitions,
} from "./partitions/protocol.ts";
import { type IngestExit, startThread, WorkerLink } from "./worker-link.ts";
import type { IngestStatus } from "./worker/status.ts";

export interface PartitionedIngestOptions {
  dataDir: string;
  /** Opened in the thread itself. */
  journal: PartitionedJournalPlace;
  /** Of `RecordsWorker.connect()`; transferred, as is a port of the channels. */
  recordsPort: MessagePort;
  /** Where live values and alerts go. */
  channels: PublisherEnd;
  config: IngestConfig;
  /** The records lie in the data folder, which this process has locked: it waits for no leases. */
  isAlone: boolean;
  /** The change log, as the timekeeper of the owned partitions follows it. */
  changes: ChangeSource;
  /** `NADI_CRASH_POINT`, for fault tests. */
  crashPointSetting?: string | undefined;
  log: Logger;
  /** Hears how to stop the thread as soon as there is one, before it has started. */
  onThread?: (stop: () => Promise<void>) => void;
}

/**
 * Starts a thread with a recorder and a monitor for each partition of the journal that this process
 * has the lease of: all of them, or its fair share beside other processes that share the records.
 * Resolves when the thread listens; partitions are taken a moment later, and calls wait for them.
 * Without InfluxDB the process has to be alone, or it ends with `INGEST_STORE_NOT_SHARED`.
 */
export async function startPartitionedIngest(options: PartitionedIngestOptions): Promise<Ingest> {
  await checkStore(options);
  const { dataDir, journal, recordsPort, channels, config, isAlone, changes } = options;
  const start: PartitionsStart = {
    dataDir,
    journal,
    config,
    isAlone,
    recordsPort,
    channels,
    crashPointSetting: options.crashPointSetting ?? null,
    changeSeq: changes.changeSeq,
  };
  const worker = startThread(new URL("./partitions/main.ts", import.meta.url), start);
  const ingest = new PartitionedIngest(worker, options);
  options.onThread?.(() => ingest.stop());
  await ingest.started;
  return ingest;
}

class PartitionedIngest implements Ingest {
  readonly #link: WorkerLink<ToPartitions, never>;
  readonly #partitions: number;

  constructor(worker: Worker, { log, changes, journal }: PartitionedIngestOptions) {
    this.#partitions = journal.partitions;
    const stopListening = changes.onChange(({ seq }) =>
      this.#link.post({ kind: "change", changeSeq: seq }),
    );
    this.#link = new WorkerLink<ToPartitions, never>(worker, {
      log,
      onMessage: () => undefined,
      farewell: () => ({ kind: "stop" }),
      onEnding: stopListening,
    });
    // What changed between the start's look and the listener.
    this.#link.post({ kind: "change", changeSeq: changes.changeSeq });
  }

  get started(): Promise<void> {
    return this.#link.started;
  }

  async snapshot(sppgId: string): Promise<KitchenSnapshot> {
    // The thread answers what its monitor gives.
    return (await this.#link.call((id) => ({ kind: "snapshot", id, sppgId }))) as KitchenSnapshot;
  }

  async flush(sppgId?: string): Promise<void> {
    await this.#link.call((id) => ({ kind: "flush", id, sppgId: sppgId ?? null }));
  }

  ownsKitchen(sppgId: string): boolean {
    const partition = partitionOf(sppgId, this.#partitions);
    const owned = this.#link.status.partitions?.owned ?? [];
    return owned.some((one) => one.partition === partition);
  }

  status(): IngestStatus {
    return this.#link.status;
  }

  onExit(listener: (exit: IngestExit) => void): () => void {
    return this.#link.onExit(listener);
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }
}
