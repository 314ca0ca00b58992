import {
  type PartitionedJournal,
  type PartitionJournal,
  Timekeeper,
  type TimekeeperOptions,
} from "../../broker/index.ts";
import { commitForward, registerCursors } from "../cursors.ts";
import type { Lease } from "../desk/leases.ts";
import { ingestError } from "../errors.ts";
import type { KitchenSnapshot } from "../monitor/monitor.ts";
import type { TelemetryStore } from "../store/store.ts";
import type { CommonPorts } from "../worker/common-ports.ts";
import type { LoadedRegistry } from "../worker/load-registry.ts";
import { isRetryable, retry } from "../worker/retry.ts";
import {
  type CursorName,
  type IngestService,
  type ServicePorts,
  startService,
} from "../worker/service.ts";
import type { ConsumersStatus } from "../worker/status.ts";
import { recordsOfPartition, registryOfPartition } from "./partition-records.ts";
import { offsetStep, startPlaceOf } from "./start-place.ts";
import { guardStore, type PartitionStores, requireHeld } from "./partition-stores.ts";

/** What the partitions of a process have in common. */
export interface SharedParts extends CommonPorts {
  journal: Pick<PartitionedJournal, "partition" | "partitionOf">;
  stores: PartitionStores;
  loaded: LoadedRegistry;
  changes: TimekeeperOptions["source"];
  /** The leases were kept in time: nobody else can have taken one. */
  isHeld: () => boolean;
}

/** A barrier that Redis does not take in this time is told to whoever waits for it. */
const barrierMsMax = 1_000;

interface Opened {
  journal: PartitionJournal;
  store: TelemetryStore;
  service: IngestService;
  timekeeper: Timekeeper;
  stopListening: () => void;
}

/**
 * One partition while this process owns it: its recorder and monitor, and the timekeeper of its
 * part of the journal.
 */
export class PartitionHost {
  readonly lease: Lease;
  /** Resolves when nothing of it is left; never rejects. */
  readonly ended: Promise<void>;
  readonly #parts: SharedParts;
  readonly #over = new AbortController();
  readonly #opening: Promise<Opened>;
  readonly #closed = Promise.withResolvers<void>();
  #opened: Opened | null = null;
  #ending: Promise<void> | null = null;
  #isLost = false;

  /** Begins when `after` has resolved: what this process had of the partition before is gone. */
  constructor(lease: Lease, parts: SharedParts, after: Promise<void>) {
    this.lease = lease;
    this.#parts = parts;
    this.ended = this.#closed.promise;
    this.#opening = after.then(() => this.#open());
    this.#opening.catch((error: unknown) => this.#fail(error));
  }

  /** It stops, or has to. */
  get isEnding(): boolean {
    return this.#ending !== null;
  }

  get status(): ConsumersStatus | null {
    const status = this.#opened?.service.status();
    if (status === undefined) return null;
    const { recorder, monitor } = status;
    return {
      ...status,
      recorder: { ...recorder, lag: entriesOf(recorder.lag) },
      monitor: { ...monitor, lag: entriesOf(monitor.lag) },
    };
  }

  async snapshot(sppgId: string): Promise<KitchenSnapshot> {
    const { service } = await this.#opening;
    return service.snapshot(sppgId);
  }

  /**
   * What brokers elsewhere have acknowledged may not be announced here yet: an entry of our own
   * goes behind it, and what is before that is waited for.
   */
  async flush(): Promise<void> {
    const { service, journal } = await this.#opening;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const over = new AbortController();
    journal.append({ kind: "tick" }, (error) => (error === null ? resolve() : reject(error)));
    void this.#parts.pace.sleep(barrierMsMax, over.signal).then(() => reject(busy()));
    try {
      await promise;
    } finally {
      over.abort();
    }
    await service.flush();
  }

  /** Saves and ends, for whoever owns the partition next; `isLast` works off what waits, too. */
  stop({ isLast }: { isLast: boolean }): Promise<void> {
    this.#ending ??= this.#end(async ({ service }) => {
      await (isLast ? service.stop() : service.handOver());
    });
    return this.#ending;
  }

  /** Another process owns it: ends as it stands. */
  abandon(): Promise<void> {
    this.#isLost = true;
    // A stop under way has nothing to save any more.
    void this.#opened?.service.abandon();
    this.#ending ??= this.#end(({ service }) => service.abandon());
    return this.#ending;
  }

  async #open(): Promise<Opened> {
    const { pace, log, journal: all, stores } = this.#parts;
    const { partition } = this.lease;
    const { signal } = this.#over;
    const onFailure = (error: unknown, failures: number): void => {
      if (failures % 10 === 1) log.warn({ err: error, partition, failures }, "not opened yet");
    };
    const journal = await retry(() => all.partition(partition), { pace, signal, onFailure });
    try {
      await retry(() => registerCursors(journal), { pace, signal, onFailure });
      const store = await stores.of(partition);
      const service = await this.#start(journal, store);
      const stopListening = journal.onSynced(() => service.announced());
      // What was synced between the start's look and the listener.
      service.announced();
      const { changes: source } = this.#parts;
      const timekeeper = new Timekeeper({ journal, offsetStep, source, log });
      timekeeper.start();
      this.#opened = { journal, store, service, timekeeper, stopListening };
      return this.#opened;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  #start(journal: PartitionJournal, store: TelemetryStore): Promise<IngestService> {
    const { lease } = this;
    const { loaded, isHeld, ...parts } = this.#parts;
    const { partition } = lease;
    const owns = (sppgId: string): boolean => parts.journal.partitionOf(sppgId) === partition;
    const ports: ServicePorts = {
      ...parts,
      readJournal: (fromOffset, limits) => journal.read(fromOffset, limits),
      syncedOffset: () => journal.syncedOffset,
      commitCursor: (name, nextOffset) => this.#commit(journal, { name, nextOffset }),
      records: recordsOfPartition(parts.records, lease, owns),
      store: guardStore(store, isHeld),
      log: withPartition(parts.log, partition),
      onFatal: (error) => this.#fail(error),
    };
    return startService(ports, startPlaceOf(journal), {
      loaded: registryOfPartition(loaded, owns),
      signal: this.#over.signal,
    });
  }

  async #commit(
    journal: PartitionJournal,
    place: { name: CursorName; nextOffset: number },
  ): Promise<void> {
    requireHeld(this.#parts.isHeld);
    try {
      await commitForward(journal, place);
    } catch (error) {
      // Only another owner can have moved it beyond what this one knows of.
      if (!isRefusedCursor(error)) throw error;
      throw ingestError("INGEST_LEASE_LOST", {
        message: `Partition ${this.lease.partition} has another owner: its cursor was moved.`,
        cause: error,
      });
    }
  }

  /** What can't be mended ends the thread, but for a lease that is another process's by now. */
  #fail(error: unknown): void {
    if (this.#isLost || this.#over.signal.aborted) return;
    const { partition, epoch } = this.lease;
    if (!isLeaseLost(error)) {
      this.#parts.onFatal(error);
      return;
    }
    this.#parts.log.warn({ partition, epoch, err: error }, "partition lost");
    void this.abandon();
  }

  async #end(endService: (opened: Opened) => Promise<void>): Promise<void> {
    if (this.#opened === null) this.#over.abort();
    try {
      const opened = await this.#opening;
      opened.timekeeper.stop();
      opened.stopListening();
      await endService(opened);
      await opened.store.close();
      await opened.journal.close();
    } catch (error) {
      // Given up while it was still opening; what can't be mended has been told where it happened.
      if (!isRetryable(error) && !isLeaseLost(error)) this.#parts.onFatal(error);
    } finally {
      this.#over.abort();
      this.#closed.resolve();
    }
  }
}

/** So many offsets are at most so many entries: those of a journal that was lost left a gap. */
function entriesOf(offsets: number): number {
  return Math.ceil(offsets / offsetStep);
}

function isLeaseLost(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "INGEST_LEASE_LOST";
}

function isRefusedCursor(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "JOURNAL_CURSOR_REFUSED";
}

function withPartition(log: SharedParts["log"], partition: number): SharedParts["log"] {
  return {
    info: (fields, message) => log.info({ partition, ...fields }, message),
    warn: (fields, message) => log.warn({ partition, ...fields }, message),
    error: (fields, message) => log.error({ partition, ...fields }, message),
  };
}

function busy(): Error {
  return ingestError("INGEST_BUSY", {
    message: "The journal does not answer in time: try again.",
  });
}
