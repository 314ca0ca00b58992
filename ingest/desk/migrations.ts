import { sql, type Transaction } from "kysely";
import {
  identityColumn,
  identityType,
  type Migration,
  type RecordsDialect,
} from "../../devices/index.ts";

/** Handed to the records worker and to the commands. */
export const ingestMigrationsModule: string = import.meta.url;

export const migrations: readonly Migration[] = [
  {
    id: "0002-ingest",
    async up(tx, dialect) {
      await createRules(tx);
      await createAlerts(tx);
      await createAlertCommands(tx);
      await createOutbox(tx, dialect);
      await createDeadLetters(tx);
      await createMonitorState(tx);
    },
  },
  {
    id: "0004-alert-by-entry",
    async up(tx) {
      // A start asks for those of the last seconds among years of them.
      await tx.schema.createIndex("alert_by_entry").on("alert").column("entry_offset").execute();
    },
  },
  {
    id: "0013-partitions",
    async up(tx) {
      await nameThePartition(tx);
      await createLeases(tx);
    },
  },
];

async function createRules(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("rule_version")
    .addColumn("sppg_id", "text", (column) => column.notNull().references("kitchen.sppg_id"))
    .addColumn("rule_key", "text", (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("change_seq", "bigint", (column) => column.notNull())
    .addColumn("is_enabled", "integer", (column) => column.notNull())
    .addColumn("rule_json", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("rule_version_key", ["sppg_id", "rule_key", "version"])
    .execute();
  await tx.schema
    .createIndex("rule_version_by_change")
    .on("rule_version")
    .column("change_seq")
    .execute();
}

/** What the machine writes refers to no kitchen: a missing one must not stop the monitor. */
async function createAlerts(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("alert")
    .addColumn("alert_id", "text", (column) => column.primaryKey())
    .addColumn("sppg_id", "text", (column) => column.notNull())
    .addColumn("revision", "integer", (column) => column.notNull())
    .addColumn("entry_offset", "bigint", (column) => column.notNull())
    .addColumn("opened_at_ms", "bigint", (column) => column.notNull())
    .addColumn("severity", "text", (column) => column.notNull())
    .addColumn("machine_json", "text", (column) => column.notNull())
    .addColumn("response", "text", (column) => column.notNull())
    .addColumn("acknowledged_at_ms", "bigint")
    .addColumn("acknowledged_by", "text")
    .addColumn("corrective_action", "text")
    .addColumn("note", "text")
    .addColumn("person_cleared_at_ms", "bigint")
    .addColumn("person_cleared_occurrences", "integer")
    .addColumn("is_resolved", "integer", (column) => column.notNull())
    .addColumn("change_count", "integer", (column) => column.notNull())
    .execute();
  await tx.schema
    .createIndex("alert_by_opening")
    .on("alert")
    .columns(["sppg_id", "opened_at_ms", "alert_id"])
    .execute();
  // The open ones are few among years of resolved ones.
  await tx.schema
    .createIndex("alert_by_state_and_opening")
    .on("alert")
    .columns(["sppg_id", "is_resolved", "opened_at_ms", "alert_id"])
    .execute();
}

async function createAlertCommands(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("alert_command")
    .addColumn("change_seq", "bigint", (column) => column.primaryKey())
    .addColumn("sppg_id", "text", (column) => column.notNull())
    .addColumn("alert_id", "text", (column) => column.notNull().references("alert.alert_id"))
    .addColumn("action", "text", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("done_by", "text", (column) => column.notNull())
    .addColumn("note", "text")
    .addColumn("corrective_action", "text")
    .execute();
}

async function createOutbox(tx: Transaction<unknown>, dialect: RecordsDialect): Promise<void> {
  await tx.schema
    .createTable("outbox")
    .addColumn("number", identityType(dialect), identityColumn(dialect))
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("alert_id", "text", (column) => column.notNull())
    .addColumn("entry_offset", "bigint")
    .addColumn("channel", "text", (column) => column.notNull())
    .addColumn("text", "text", (column) => column.notNull())
    .addColumn("is_published", "integer", (column) => column.notNull())
    .execute();
  await tx.schema
    .createIndex("outbox_by_state")
    .on("outbox")
    .columns(["is_published", "number"])
    .execute();
}

async function createDeadLetters(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("dead_letter")
    .addColumn("sppg_id", "text", (column) => column.notNull())
    .addColumn("device_id", "text", (column) => column.notNull())
    .addColumn("slot", "integer", (column) => column.notNull())
    .addColumn("number", "bigint", (column) => column.notNull())
    .addColumn("entry_offset", "bigint", (column) => column.notNull())
    .addColumn("entry_index", "integer", (column) => column.notNull())
    .addColumn("topic_name", "text", (column) => column.notNull())
    .addColumn("first_bytes_hex", "text", (column) => column.notNull())
    .addColumn("payload_bytes", "integer", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("detail", "text", (column) => column.notNull())
    .addColumn("received_at_ms", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("dead_letter_key", ["sppg_id", "device_id", "slot"])
    .execute();
  await tx.schema
    .createIndex("dead_letter_by_age")
    .on("dead_letter")
    .columns(["sppg_id", "entry_offset", "entry_index"])
    .execute();
  await tx.schema
    .createIndex("dead_letter_by_device_and_age")
    .on("dead_letter")
    .columns(["sppg_id", "device_id", "entry_offset", "entry_index"])
    .execute();
}

async function createMonitorState(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("monitor_state")
    .addColumn("sppg_id", "text", (column) => column.notNull())
    .addColumn("state_key", "text", (column) => column.notNull())
    .addColumn("entry_offset", "bigint", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("monitor_state_key", ["sppg_id", "state_key"])
    .execute();
  await tx.schema
    .createTable("monitor_meta")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("entry_offset", "bigint", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .execute();
}

/** What one journal has written so far is partition 0, and stays where it is. */
async function nameThePartition(tx: Transaction<unknown>): Promise<void> {
  await tx.schema.alterTable("monitor_meta").renameColumn("id", "partition").execute();
  await sql`update monitor_meta set partition = 0`.execute(tx);
  for (const table of ["monitor_state", "alert", "outbox"]) {
    await tx.schema
      .alterTable(table)
      .addColumn("partition", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await tx.schema
    .createIndex("monitor_state_by_partition")
    .on("monitor_state")
    .columns(["partition", "sppg_id", "state_key"])
    .execute();
  await tx.schema.dropIndex("alert_by_entry").execute();
  await tx.schema
    .createIndex("alert_by_partition_and_entry")
    .on("alert")
    .columns(["partition", "entry_offset"])
    .execute();
  await tx.schema.dropIndex("outbox_by_state").execute();
  await tx.schema
    .createIndex("outbox_by_partition_and_state")
    .on("outbox")
    .columns(["partition", "is_published", "number"])
    .execute();
}

async function createLeases(tx: Transaction<unknown>): Promise<void> {
  await tx.schema
    .createTable("partition_layout")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("partitions", "integer", (column) => column.notNull())
    .execute();
  await tx.schema
    .createTable("partition_lease")
    .addColumn("partition", "integer", (column) => column.primaryKey())
    .addColumn("owner", "text")
    .addColumn("epoch", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await tx.schema
    .createTable("ingest_process")
    .addColumn("process_id", "text", (column) => column.primaryKey())
    .addColumn("store", "text", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .execute();
}
