import { type Records, tablesOf } from "../../devices/index.ts";
import { toAlertState } from "./alert-row.ts";
import type { PartitionRecords } from "./desk.ts";
import type { Tenure } from "./leases.ts";
import type { IngestTables } from "./tables.ts";

/** What one answer holds at most: an alert has about 1 KB. */
const alertsMax = 1_000;

export function createMovedAlertMethods(
  records: Records,
  { partition }: Pick<Tenure, "partition">,
): Pick<PartitionRecords, "alertsMovedBetween"> {
  const db = tablesOf<IngestTables>(records);
  return {
    async alertsMovedBetween({ afterOffset, uptoOffset }, after, limit) {
      const rows = await db
        .selectFrom("alert")
        .selectAll()
        .where("partition", "=", partition)
        .where("entry_offset", ">", afterOffset)
        .where("entry_offset", "<=", uptoOffset)
        .where("alert_id", ">", after ?? "")
        .orderBy("alert_id")
        .limit(Math.min(limit, alertsMax))
        .execute();
      return rows.map(toAlertState);
    },
  };
}
