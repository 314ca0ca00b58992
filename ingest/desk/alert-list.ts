import { tablesOf } from "../../devices/index.ts";
import { toAlertRow } from "./alert-row.ts";
import type { DeskContext } from "./desk-context.ts";
import type { Desk, OpenAlerts } from "./desk.ts";
import type { IngestTables } from "./tables.ts";

const listedMax = 1_000;

export function createAlertListMethods(
  context: DeskContext,
): Pick<Desk, "listAlerts" | "countOpenAlerts" | "findAlert"> {
  const db = tablesOf<IngestTables>(context.records);
  return {
    async listAlerts(query) {
      const { sppgId, state, severity, fromMs, toMs, before } = query;
      let select = db.selectFrom("alert").selectAll().where("sppg_id", "=", sppgId);
      if (state !== "all") select = select.where("is_resolved", "=", state === "resolved" ? 1 : 0);
      if (severity !== undefined) select = select.where("severity", "=", severity);
      if (fromMs !== undefined) select = select.where("opened_at_ms", ">=", fromMs);
      if (toMs !== undefined) select = select.where("opened_at_ms", "<", toMs);
      if (before !== undefined) {
        select = select.where((build) =>
          build(
            build.refTuple("opened_at_ms", "alert_id"),
            "<",
            build.tuple(before.openedAtMs, before.alertId),
          ),
        );
      }
      const records = await select
        .orderBy("opened_at_ms", "desc")
        .orderBy("alert_id", "desc")
        .limit(Math.min(query.limit, listedMax))
        .execute();
      return records.map(toAlertRow);
    },
    async countOpenAlerts(sppgIds) {
      if (sppgIds.length === 0) return [];
      const groups = await db
        .selectFrom("alert")
        .select(["sppg_id", "severity", "response"])
        .select((build) => build.fn.countAll().as("count"))
        .where("sppg_id", "in", sppgIds)
        .where("is_resolved", "=", 0)
        .groupBy(["sppg_id", "severity", "response"])
        .execute();
      const counts = new Map<string, OpenAlerts>();
      for (const { sppg_id: sppgId, severity, response, count } of groups) {
        const known = counts.get(sppgId) ?? { sppgId, open: 0, critical: 0, unacknowledged: 0 };
        const more = Number(count);
        known.open += more;
        if (severity === "critical") known.critical += more;
        if (response === "unacknowledged") known.unacknowledged += more;
        counts.set(sppgId, known);
      }
      return [...counts.values()];
    },
    async findAlert(sppgId, alertId) {
      const record = await db
        .selectFrom("alert")
        .selectAll()
        .where("alert_id", "=", alertId)
        .where("sppg_id", "=", sppgId)
        .executeTakeFirst();
      return record === undefined ? null : toAlertRow(record);
    },
  };
}
