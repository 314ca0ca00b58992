import { type Records, tablesOf } from "../../devices/index.ts";
import type { Kysely } from "kysely";
import type { AlertCommand } from "../monitor/monitor.ts";
import type { Rule, RuleVersion } from "../rules/rule.ts";
import type { PartitionRecords, RuleVersionRecord } from "./desk.ts";
import type { AlertCommandRow, IngestTables, RuleVersionRow } from "./tables.ts";

type FactMethods = Pick<PartitionRecords, "rulesAsOf" | "factsBetween">;

/** What the monitor follows of people's changes; without the defaults, which it knows itself. */
export function createFactMethods(records: Records): FactMethods {
  const db = tablesOf<IngestTables>(records);
  return {
    async rulesAsOf(changeSeq) {
      return newestRules(db, { afterSeq: 0, uptoSeq: changeSeq });
    },
    async factsBetween(afterSeq, uptoSeq) {
      const rules = await newestRules(db, { afterSeq, uptoSeq });
      const commands = await db
        .selectFrom("alert_command")
        .selectAll()
        .where("change_seq", ">", afterSeq)
        .where("change_seq", "<=", uptoSeq)
        .orderBy("change_seq")
        .execute();
      const changes = await db
        .selectFrom("change_log")
        .select("sppg_id")
        .distinct()
        .where("seq", ">", afterSeq)
        .where("seq", "<=", uptoSeq)
        .where("kind", "in", ["kitchen", "device"])
        .orderBy("sppg_id")
        .execute();
      return {
        rules,
        commands: commands.map(toCommand),
        sppgIds: changes.flatMap(({ sppg_id }) => (sppg_id === null ? [] : [sppg_id])),
        hasRegistryChange: changes.length > 0,
      };
    },
  };
}

/** The newest version of each rule of these changes, in the order of kitchens and keys. */
async function newestRules(
  db: Kysely<IngestTables>,
  range: { afterSeq: number; uptoSeq: number },
): Promise<RuleVersion[]> {
  const rows = await db
    .selectFrom("rule_version")
    .innerJoin(
      (build) =>
        build
          .selectFrom("rule_version")
          .select(["sppg_id", "rule_key"])
          .select((select) => select.fn.max("version").as("version"))
          .where("change_seq", ">", range.afterSeq)
          .where("change_seq", "<=", range.uptoSeq)
          .groupBy(["sppg_id", "rule_key"])
          .as("newest"),
      (join) =>
        join
          .onRef("newest.sppg_id", "=", "rule_version.sppg_id")
          .onRef("newest.rule_key", "=", "rule_version.rule_key")
          .onRef("newest.version", "=", "rule_version.version"),
    )
    .selectAll("rule_version")
    .orderBy("rule_version.sppg_id")
    .orderBy("rule_version.rule_key")
    .execute();
  return rows.map(toRuleVersion);
}

/** Newest first, each with its row of the audit log, which was written in its transaction. */
export async function readVersions(
  db: Kysely<IngestTables>,
  { sppgId, key, limit }: { sppgId: string; key: string; limit: number },
): Promise<RuleVersionRecord[]> {
  const rows = await db
    .selectFrom("rule_version")
    .innerJoin("change_log", "change_log.seq", "rule_version.change_seq")
    .leftJoin("audit_log", (join) =>
      join
        .onRef("audit_log.sppg_id", "=", "rule_version.sppg_id")
        .onRef("audit_log.subject", "=", "rule_version.rule_key")
        .onRef("audit_log.at_ms", "=", "change_log.at_ms")
        .on("audit_log.action", "=", "rule.put"),
    )
    .selectAll("rule_version")
    .select(["change_log.at_ms", "audit_log.actor"])
    .where("rule_version.sppg_id", "=", sppgId)
    .where("rule_version.rule_key", "=", key)
    .orderBy("version", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    ...toRuleVersion(row),
    changedAtMs: row.at_ms,
    changedBy: row.actor,
  }));
}

export function toRuleVersion(row: RuleVersionRow): RuleVersion {
  return {
    sppgId: row.sppg_id,
    key: row.rule_key,
    version: row.version,
    changeSeq: row.change_seq,
    isEnabled: row.is_enabled === 1,
    // Parsed by its schema before it was stored, and never rewritten since.
    rule: JSON.parse(row.rule_json) as Rule,
  };
}

function toCommand(row: AlertCommandRow): AlertCommand {
  return {
    changeSeq: row.change_seq,
    sppgId: row.sppg_id,
    alertId: row.alert_id,
    // Written by alert-actions.ts alone.
    action: row.action as AlertCommand["action"],
    atMs: row.at_ms,
    by: row.done_by,
    note: row.note,
    correctiveAction: row.corrective_action,
  };
}
