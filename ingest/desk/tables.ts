import type { Generated, Transaction } from "kysely";

/**
 * Ingest's tables in the records database, and what it reads of the registry's. Portable types
 * only: truth as 0 or 1, bytes as hex, times as ms, the rest as JSON.
 */
export interface IngestTables {
  rule_version: RuleVersionRow;
  alert: AlertRecord;
  alert_command: AlertCommandRow;
  outbox: OutboxRow;
  dead_letter: DeadLetterRow;
  monitor_state: MonitorStateRow;
  monitor_meta: MonitorMetaRow;
  partition_layout: PartitionLayoutRow;
  partition_lease: PartitionLeaseRow;
  ingest_process: IngestProcessRow;
  /** The registry's: read here, written by `appendChange` alone. */
  change_log: { seq: number; kind: string; sppg_id: string | null; at_ms: number };
  /** The registry's: says who has changed a rule. */
  audit_log: {
    at_ms: number;
    actor: string;
    action: string;
    sppg_id: string | null;
    subject: string | null;
  };
  /** The registry's. */
  kitchen: { sppg_id: string };
}

export type IngestTransaction = Transaction<IngestTables>;

/** Never rewritten: an alert keeps the version that opened it. */
export interface RuleVersionRow {
  sppg_id: string;
  rule_key: string;
  version: number;
  change_seq: number;
  is_enabled: number;
  rule_json: string;
}

/**
 * One alert: the machine's part, which only the monitor's effects move, and the person's part,
 * which they never touch. What people see is the two together (see `alert-row.ts`).
 */
export interface AlertRecord {
  alert_id: string;
  sppg_id: string;
  // The machine's part.
  revision: number;
  entry_offset: number;
  opened_at_ms: number;
  severity: string;
  machine_json: string;
  // The person's part.
  response: string;
  acknowledged_at_ms: number | null;
  acknowledged_by: string | null;
  corrective_action: string | null;
  note: string | null;
  person_cleared_at_ms: number | null;
  /** The clear of a person holds for the occurrences that there were, and for no later one. */
  person_cleared_occurrences: number | null;
  // Of both.
  is_resolved: number;
  change_count: number;
  /** Whose entry has moved it last: `entry_offset` counts in that partition of the journal. */
  partition: number;
}

/** Every action of a person in its own words: the alert itself shows the newest only. */
export interface AlertCommandRow {
  change_seq: number;
  sppg_id: string;
  alert_id: string;
  action: string;
  at_ms: number;
  done_by: string;
  note: string | null;
  corrective_action: string | null;
}

export interface OutboxRow {
  /** The order in which messages are sent. */
  number: Generated<number>;
  id: string;
  alert_id: string;
  /** The journal entry behind it; `null` for what a person did, until it is first fetched. */
  entry_offset: number | null;
  channel: string;
  text: string;
  is_published: number;
  /** Who sends it. */
  partition: number;
}

/** A ring for each device: a newer letter takes the slot of an old one. */
export interface DeadLetterRow {
  sppg_id: string;
  device_id: string;
  slot: number;
  number: number;
  entry_offset: number;
  entry_index: number;
  topic_name: string;
  first_bytes_hex: string;
  payload_bytes: number;
  reason: string;
  detail: string;
  received_at_ms: number;
}

export interface MonitorStateRow {
  sppg_id: string;
  state_key: string;
  entry_offset: number;
  body: string;
  partition: number;
}

/** A row for each partition of the journal; a journal of files is partition 0. */
export interface MonitorMetaRow {
  partition: number;
  entry_offset: number;
  body: string;
}

/** One row, id 1: into how many partitions the rows are divided. None: 1. */
export interface PartitionLayoutRow {
  id: number;
  partitions: number;
}

/** Who runs a partition, by the database's own clock. Rows are made by the first who looks. */
export interface PartitionLeaseRow {
  partition: number;
  /** `null`: given back. */
  owner: string | null;
  /** Grows with each change of owner: what an earlier owner still writes is refused. */
  epoch: number;
  expires_at_ms: number;
}

/** An ingest process that lives, or has lived a moment ago. */
export interface IngestProcessRow {
  process_id: string;
  /** `local`: nobody else can write its store of readings. */
  store: string;
  expires_at_ms: number;
}

/** Of partitions below that number, in order. */
export function readLeases(
  tx: IngestTransaction,
  partitions: number,
): Promise<PartitionLeaseRow[]> {
  return tx
    .selectFrom("partition_lease")
    .selectAll()
    .where("partition", "<", partitions)
    .orderBy("partition")
    .execute();
}

/** Rows of one statement: SQLite takes 32,766 parameters, and no row here has more than 16. */
const statementRowsMax = 500;

export function inChunks<Item>(items: readonly Item[]): Item[][] {
  const chunks: Item[][] = [];
  for (let from = 0; from < items.length; from += statementRowsMax) {
    chunks.push(items.slice(from, from + statementRowsMax));
  }
  return chunks;
}

/** PostgreSQL refuses a NUL in a text, and a payload's error may quote one. */
export function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD");
}
