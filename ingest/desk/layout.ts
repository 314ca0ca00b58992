import {
  type Records,
  type RecordsDialect,
  tablesOf,
  writeTransaction,
} from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import { readDatabaseClock } from "./database-clock.ts";
import { inChunks, type IngestTables, type IngestTransaction } from "./tables.ts";

/** Which partition of the journal each kitchen's rows belong to. */
export interface LayoutRecords {
  /** Into how many partitions the rows are divided; 1 before anybody has changed it. */
  readLayout(): Promise<number>;
  /** Kitchens that have rows, in order, behind `after`; some at a time. */
  kitchensWithRows(after: string | null): Promise<string[]>;
  /**
   * Divides the rows anew, in one transaction, because the journal has been changed for another:
   * `kitchens` names the partition of each. The new journal's offsets begin above `highestOffset`.
   * `INGEST_LAYOUT_IN_USE` while a process works with the rows as they are.
   */
  changeLayout(partitions: number, kitchens: readonly (readonly [string, number])[]): Promise<void>;
  /** Of all that was ever written down: a journal that begins anew begins behind it. 0: nothing. */
  highestOffset(): Promise<number>;
}

const kitchensPerPage = 5_000;
const tables = ["monitor_state", "alert"] as const;

export function createLayoutMethods(records: Records): LayoutRecords {
  const db = tablesOf<IngestTables>(records);
  return {
    readLayout: () => readLayout(db),
    async kitchensWithRows(after) {
      const rows = await db
        .selectFrom("monitor_state")
        .select("sppg_id")
        .where("sppg_id", ">", after ?? "")
        // An alert's state row may have gone with its device.
        .union(
          db
            .selectFrom("alert")
            .select("sppg_id")
            .where("sppg_id", ">", after ?? ""),
        )
        .orderBy("sppg_id")
        .limit(kitchensPerPage)
        .execute();
      return rows.map(({ sppg_id }) => sppg_id);
    },
    changeLayout: (partitions, kitchens) =>
      writeTransaction<IngestTables, void>(records, (tx) =>
        changeLayout(tx, records.dialect, { partitions, kitchens }),
      ),
    async highestOffset() {
      const offsets = await Promise.all(
        (["monitor_meta", "dead_letter", ...tables] as const).map((table) =>
          db
            .selectFrom(table)
            .select((build) => build.fn.max("entry_offset").as("offset"))
            .executeTakeFirst(),
        ),
      );
      return Math.max(0, ...offsets.map((row) => row?.offset ?? 0));
    },
  };
}

async function readLayout(db: Pick<IngestTransaction, "selectFrom">): Promise<number> {
  const row = await db.selectFrom("partition_layout").select("partitions").executeTakeFirst();
  return row?.partitions ?? 1;
}

async function changeLayout(
  tx: IngestTransaction,
  dialect: RecordsDialect,
  wanted: { partitions: number; kitchens: readonly (readonly [string, number])[] },
): Promise<void> {
  const { partitions, kitchens } = wanted;
  const before = await readLayout(tx);
  if (before === partitions) return;
  const living = await tx
    .selectFrom("ingest_process")
    .select("process_id")
    .where("expires_at_ms", ">", await readDatabaseClock(tx, dialect))
    .execute();
  if (living.length > 0) throw inUse(before, partitions);
  const byPartition = Map.groupBy(kitchens, ([, partition]) => partition);
  for (const [partition, members] of byPartition) {
    for (const chunk of inChunks(members.map(([sppgId]) => sppgId))) {
      for (const table of tables) {
        await tx
          .updateTable(table)
          .set({ partition })
          .where("sppg_id", "in", chunk)
          .where("partition", "<>", partition)
          .execute();
      }
    }
  }
  await tx
    .updateTable("outbox")
    .from("alert")
    .set((build) => ({ partition: build.ref("alert.partition") }))
    .whereRef("alert.alert_id", "=", "outbox.alert_id")
    .execute();
  // Where a fold stood in the journal before says nothing of the new one: it begins at its start.
  // Leases stay: an epoch is never given twice.
  await tx.deleteFrom("monitor_meta").execute();
  await tx
    .insertInto("partition_layout")
    .values({ id: 1, partitions })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ partitions }))
    .execute();
}

function inUse(before: number, partitions: number): Error {
  return ingestError("INGEST_LAYOUT_IN_USE", {
    message:
      `The monitor's rows are divided into ${before} partitions, the journal into ${partitions}, ` +
      "and an ingest process works with them: stop all of them first, and try again.",
    facts: { before, partitions },
  });
}
