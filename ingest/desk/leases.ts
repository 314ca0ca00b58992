import { type Records, type RecordsDialect, writeTransaction } from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import { readDatabaseClock } from "./database-clock.ts";
import { shareOut } from "./fair-share.ts";
import {
  type IngestTables,
  type IngestTransaction,
  type PartitionLeaseRow,
  readLeases,
} from "./tables.ts";

/** The right to write for a partition of the journal. */
export interface Tenure {
  partition: number;
  /** `null`: no lease, since only one process can write this journal. */
  epoch: number | null;
}

/** Of the one process that has the data folder. */
export const soleTenure: Tenure = Object.freeze({ partition: 0, epoch: null });

/** The same, of a process that shares the records with others. */
export interface Lease extends Tenure {
  epoch: number;
}

export interface KeepRequest {
  /** Another one at each start. */
  processId: string;
  /** Of the journal. */
  partitions: number;
  /** So long the leases hold without being kept. */
  ttlMs: number;
  /** `local`: its store of readings can't be written by others, so it has to be alone. */
  store: "local" | "shared";
  /** These records are this process's alone, by a lock: whoever else stands in them is dead. */
  isAlone: boolean;
}

export interface KeptLeases {
  /** All that this process owns now. */
  leases: Lease[];
  /** So many of them should go to others, by `giveBackLeases` once they have been stopped. */
  surplus: number;
  /** So many partitions are to come, as soon as others have given them back or have expired. */
  missing: number;
  /** With this one. */
  liveProcesses: number;
}

export interface LeaseRecords {
  /**
   * One transaction: tells that the process lives, holds on to its leases, and takes what nobody
   * holds up to its fair share. Lives and leases end by the database's own clock.
   * `INGEST_STORE_NOT_SHARED` if it has to be alone and is not, or if another has to be.
   */
  keepLeases(request: KeepRequest): Promise<KeptLeases>;
  /** Others may take them at once. What has got another owner meanwhile is left alone. */
  giveBackLeases(leases: readonly Lease[]): Promise<void>;
  /** The process ends: all its leases, and its share. Idempotent. */
  leaveIngest(processId: string): Promise<void>;
}

/**
 * Refuses, in the transaction that it guards, what an earlier owner still writes. Writers are
 * serialised (`writeTransaction`): a take-over is before it or after it, never beside it.
 */
export async function requireTenure(
  tx: IngestTransaction,
  { partition, epoch }: Tenure,
): Promise<void> {
  if (epoch === null) return;
  const lease = await tx
    .selectFrom("partition_lease")
    .select("epoch")
    .where("partition", "=", partition)
    .executeTakeFirst();
  if (lease?.epoch === epoch) return;
  throw ingestError("INGEST_LEASE_LOST", {
    message: `Partition ${partition} has another owner since: nothing was written.`,
    facts: { partition, epoch, currentEpoch: lease?.epoch ?? null },
  });
}

export function createLeaseMethods(records: Records): LeaseRecords {
  const write = <Result>(work: (tx: IngestTransaction) => Promise<Result>): Promise<Result> =>
    writeTransaction<IngestTables, Result>(records, work);
  return {
    keepLeases: (request) => write((tx) => keepLeases(tx, records.dialect, request)),
    giveBackLeases: (leases) =>
      write(async (tx) => {
        for (const { partition, epoch } of leases) {
          await tx
            .updateTable("partition_lease")
            .set({ owner: null, expires_at_ms: 0 })
            .where("partition", "=", partition)
            .where("epoch", "=", epoch)
            .execute();
        }
      }),
    leaveIngest: (processId) =>
      write(async (tx) => {
        await tx
          .updateTable("partition_lease")
          .set({ owner: null, expires_at_ms: 0 })
          .where("owner", "=", processId)
          .execute();
        await tx.deleteFrom("ingest_process").where("process_id", "=", processId).execute();
      }),
  };
}

async function keepLeases(
  tx: IngestTransaction,
  dialect: RecordsDialect,
  request: KeepRequest,
): Promise<KeptLeases> {
  const { processId, partitions, ttlMs } = request;
  const nowMs = await readDatabaseClock(tx, dialect);
  const expiresAtMs = nowMs + ttlMs;
  if (request.isAlone) await forgetOthers(tx, processId);
  await forgetTheDead(tx, { nowMs, expiresAtMs, processId });
  await tx
    .insertInto("ingest_process")
    .values({ process_id: processId, store: request.store, expires_at_ms: expiresAtMs })
    .onConflict((conflict) =>
      conflict
        .column("process_id")
        .doUpdateSet({ store: request.store, expires_at_ms: expiresAtMs }),
    )
    .execute();
  const processes = await tx.selectFrom("ingest_process").selectAll().execute();
  const isLocal = processes.some(({ store }) => store === "local");
  if (isLocal && processes.length > 1) throw notShared(request, processes.length);
  const shares = shareOut({
    processIds: processes.map(({ process_id }) => process_id),
    leases: await makeLeases(tx, partitions),
    processId,
    nowMs,
  });
  await tx
    .updateTable("partition_lease")
    .set({ expires_at_ms: expiresAtMs })
    .where("owner", "=", processId)
    .execute();
  for (const { partition, epoch } of shares.taken) {
    await tx
      .updateTable("partition_lease")
      .set({ owner: processId, epoch: epoch + 1, expires_at_ms: expiresAtMs })
      .where("partition", "=", partition)
      .execute();
  }
  const taken = shares.taken.map(({ partition, epoch }) => ({ partition, epoch: epoch + 1 }));
  const kept = shares.kept.map(({ partition, epoch }) => ({ partition, epoch }));
  return {
    leases: [...kept, ...taken],
    surplus: shares.surplus,
    missing: shares.missing,
    liveProcesses: processes.length,
  };
}

/** What they had is nobody's, and gets a new epoch with its new owner. */
async function forgetOthers(tx: IngestTransaction, processId: string): Promise<void> {
  await tx.deleteFrom("ingest_process").where("process_id", "<>", processId).execute();
}

/** A database whose clock has been put back must not let the dead live for so much longer. */
async function forgetTheDead(
  tx: IngestTransaction,
  at: { nowMs: number; expiresAtMs: number; processId: string },
): Promise<void> {
  for (const table of ["partition_lease", "ingest_process"] as const) {
    await tx
      .updateTable(table)
      .set({ expires_at_ms: at.expiresAtMs })
      .where("expires_at_ms", ">", at.expiresAtMs)
      .execute();
  }
  await tx
    .deleteFrom("ingest_process")
    .where("expires_at_ms", "<=", at.nowMs)
    .where("process_id", "<>", at.processId)
    .execute();
}

/** All of them, in order; those that nobody has looked at yet are made. */
async function makeLeases(tx: IngestTransaction, partitions: number): Promise<PartitionLeaseRow[]> {
  const known = await readLeases(tx, partitions);
  if (known.length === partitions) return known;
  await tx
    .insertInto("partition_lease")
    .values(
      Array.from({ length: partitions }, (_, partition) => ({
        partition,
        owner: null,
        epoch: 0,
        expires_at_ms: 0,
      })),
    )
    .onConflict((conflict) => conflict.column("partition").doNothing())
    .execute();
  return readLeases(tx, partitions);
}

function notShared({ store }: KeepRequest, processes: number): Error {
  const whose = store === "local" ? "this one keeps" : "another one keeps";
  return ingestError("INGEST_STORE_NOT_SHARED", {
    message:
      `${processes} ingest processes share these records, and ${whose} readings in files of its ` +
      "own: set NADI_INFLUX_URL for all of them, or run one.",
    facts: { processes, store },
  });
}
