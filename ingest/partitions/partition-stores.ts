import { ingestError } from "../errors.ts";
import type { TelemetryStore } from "../store/store.ts";
import { openStore } from "../worker/open-store.ts";
import type { WorkerLog } from "../worker/service.ts";
import type { PartitionsStart } from "./protocol.ts";

/** The telemetry store as the partitions of a process write it. */
export interface PartitionStores {
  of(partition: number): Promise<TelemetryStore>;
  /** What is nobody's own to tidy up. */
  maintain(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionStoresOptions {
  place: Pick<PartitionsStart, "dataDir" | "config">;
  partitions: number;
  partitionOf: (sppgId: string) => number;
  log: WorkerLog;
}

/**
 * InfluxDB is written by each partition for itself, since each remembers how far its own sums have
 * come. Files are written by one, for all.
 */
export async function openPartitionStores(
  options: PartitionStoresOptions,
): Promise<PartitionStores> {
  const { place, partitionOf, log } = options;
  if (place.config.influx !== null) {
    return {
      of: (partition) =>
        openStore(place, log, {
          partition,
          partitions: options.partitions,
          ownsKitchen: (sppgId) => partitionOf(sppgId) === partition,
        }),
      // Retention is InfluxDB's own.
      maintain: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  const store = await openStore(place, log);
  return {
    of: () => Promise.resolve(shared(store)),
    maintain: (nowMs) => store.maintain(nowMs),
    close: () => store.close(),
  };
}

/** The others go on when one partition ends. */
function shared(store: TelemetryStore): TelemetryStore {
  return {
    write: (readings) => store.write(readings),
    sync: () => store.sync(),
    maintain: (nowMs) => store.maintain(nowMs),
    giveUp: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** Writes only while the lease is known to hold: another owner's newer sums are not overwritten. */
export function guardStore(store: TelemetryStore, isHeld: () => boolean): TelemetryStore {
  const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    requireHeld(isHeld);
    return work();
  };
  return {
    write: (readings) => guarded(() => store.write(readings)),
    sync: () => guarded(() => store.sync()),
    maintain: (nowMs) => store.maintain(nowMs),
    giveUp: () => store.giveUp(),
    close: () => store.close(),
  };
}

/** Throws `INGEST_LEASE_UNSURE`, which is tried again, when the lease was not kept in time. */
export function requireHeld(isHeld: () => boolean): void {
  if (isHeld()) return;
  throw ingestError("INGEST_LEASE_UNSURE", {
    message: "The records have not said in time that the partition is still ours: waiting.",
  });
}
