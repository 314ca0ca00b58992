import { type Records, tablesOf, writeTransaction } from "../../devices/index.ts";
import type { MonitorMeta, StateRow } from "../monitor/monitor.ts";
import type { PartitionRecords } from "./desk.ts";
import { requireTenure, type Tenure } from "./leases.ts";
import { inChunks, type IngestTables, type IngestTransaction } from "./tables.ts";

type StateMethods = Pick<PartitionRecords, "loadMonitorMeta" | "loadStateRows" | "saveState">;

/** What one answer holds at most: a start reads page by page. */
const loadedRowsMax = 5_000;

export function createStateMethods(records: Records, tenure: Tenure): StateMethods {
  const db = tablesOf<IngestTables>(records);
  const { partition } = tenure;
  return {
    async loadMonitorMeta() {
      const row = await db
        .selectFrom("monitor_meta")
        .selectAll()
        .where("partition", "=", partition)
        .executeTakeFirst();
      return row === undefined ? null : { offset: row.entry_offset, body: row.body };
    },
    async loadStateRows(after, limit) {
      const all = db.selectFrom("monitor_state").selectAll().where("partition", "=", partition);
      const rows = await (after === null
        ? all
        : all.where((build) =>
            build(
              build.refTuple("sppg_id", "state_key"),
              ">",
              build.tuple(after.sppgId, after.key),
            ),
          )
      )
        .orderBy("sppg_id")
        .orderBy("state_key")
        .limit(Math.min(limit, loadedRowsMax))
        .execute();
      return rows.map((row) => ({
        sppgId: row.sppg_id,
        key: row.state_key,
        offset: row.entry_offset,
        body: row.body,
      }));
    },
    async saveState(rows, meta) {
      await writeTransaction<IngestTables, void>(records, async (tx) => {
        await requireTenure(tx, tenure);
        for (const chunk of inChunks(newestByKey(rows))) await putRows(tx, chunk, partition);
        if (meta !== null) await putMeta(tx, meta, partition);
      });
    },
  };
}

/** One statement may meet each row only once on PostgreSQL. */
function newestByKey(rows: readonly StateRow[]): StateRow[] {
  const newest = new Map<string, StateRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.sppgId, row.key]);
    const present = newest.get(key);
    if (present === undefined || row.offset > present.offset) newest.set(key, row);
  }
  return [...newest.values()];
}

async function putRows(
  tx: IngestTransaction,
  rows: readonly StateRow[],
  partition: number,
): Promise<void> {
  await tx
    .insertInto("monitor_state")
    .values(
      rows.map(({ sppgId, key, offset, body }) => ({
        sppg_id: sppgId,
        state_key: key,
        entry_offset: offset,
        body,
        partition,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(["sppg_id", "state_key"])
        .doUpdateSet((build) => ({
          entry_offset: build.ref("excluded.entry_offset"),
          body: build.ref("excluded.body"),
        }))
        .whereRef("excluded.entry_offset", ">", "monitor_state.entry_offset"),
    )
    .execute();
}

async function putMeta(
  tx: IngestTransaction,
  { offset, body }: MonitorMeta,
  partition: number,
): Promise<void> {
  await tx
    .insertInto("monitor_meta")
    .values({ partition, entry_offset: offset, body })
    .onConflict((conflict) =>
      conflict
        .column("partition")
        .doUpdateSet((build) => ({
          entry_offset: build.ref("excluded.entry_offset"),
          body: build.ref("excluded.body"),
        }))
        .whereRef("excluded.entry_offset", ">", "monitor_meta.entry_offset"),
    )
    .execute();
}
