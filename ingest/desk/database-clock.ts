import { sql } from "kysely";
import type { RecordsDialect } from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import type { IngestTransaction } from "./tables.ts";

/** UTC ms. One clock for all processes that share the records: their own may differ. */
export async function readDatabaseClock(
  tx: IngestTransaction,
  dialect: RecordsDialect,
): Promise<number> {
  const query =
    dialect === "sqlite"
      ? sql<{ now: number }>`select cast(unixepoch('subsec') * 1000 as integer) as now`
      : sql<{ now: number }>`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint
          as now`;
  const { rows } = await query.execute(tx);
  const [row] = rows;
  if (row !== undefined) return row.now;
  throw ingestError("INGEST_INTERNAL", { message: "The database does not tell its time." });
}
