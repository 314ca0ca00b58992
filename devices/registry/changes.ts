import type { Insertable, Transaction } from "kysely";
import { tablesOf, writeTransaction, type Records } from "../records/records.ts";
import type { AuditEvent, ChangeKind, RegistryChange } from "./model.ts";
import type { Actor, Registry } from "./registry.ts";
import type { AuditRow, RegistryTables } from "./tables.ts";

export interface WallClock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
}

/** What each part of the registry works with. */
export interface RegistryContext {
  records: Records;
  clock: WallClock;
}

export type RegistryTransaction = Transaction<RegistryTables>;

/** Who did what; with it go one row of the change log and one of the audit log. */
export interface ChangeNote {
  kind: ChangeKind;
  /** A dotted verb, e.g. `device.add`. */
  action: string;
  actor: string;
  sppgId: string | null;
  subject: string | null;
  /** Where the request came from, if it came over a network. */
  address?: string | null;
  /** Under which kitchen the audit log has it, where the change itself names none. */
  auditSppgId?: string | null;
  detail?: AuditEvent["detail"];
}

/** More rows of an audit batch in one statement meet SQLite's limit of 32,766 parameters. */
const auditRowsMax = 1_000;
/** A line of the audit log is read by people; what is longer says only that it was. */
const auditDetailCharactersMax = 2_000;
const auditTextCharactersMax = 300;
const readChangesMax = 10_000;

/**
 * Runs `work` and notes the change in the same transaction: there is no change without its row,
 * and no row without its change. Writers are serialised, so seq order is commit order.
 */
export async function recordChange<Result>(
  context: RegistryContext,
  note: ChangeNote,
  work: (tx: RegistryTransaction) => Promise<Result>,
): Promise<Result> {
  return writeTransaction<RegistryTables, Result>(context.records, async (tx) => {
    const result = await work(tx);
    await appendChange(tx, note, context.clock.nowMs());
    return result;
  });
}

/**
 * One row of the change log and one of the audit log, inside the caller's own `writeTransaction`;
 * answers the change's seq. For a folder whose rows carry the seq, or that finds out only within
 * the transaction whether anything changes at all; else `recordChange`.
 */
export async function appendChange<Tables>(
  transaction: Transaction<Tables>,
  note: ChangeNote,
  atMs: number,
): Promise<number> {
  // The caller's type names its own folder's tables; the logs are there by the first migration.
  const tx = transaction as unknown as RegistryTransaction;
  const { kind, sppgId, subject } = note;
  const { seq } = await tx
    .insertInto("change_log")
    .values({ kind, sppg_id: sppgId, subject, at_ms: atMs })
    .returning("seq")
    .executeTakeFirstOrThrow();
  const event: AuditEvent = {
    atMs,
    actor: note.actor,
    action: note.action,
    sppgId: note.auditSppgId ?? sppgId,
    subject,
    address: note.address ?? null,
    outcome: "done",
    detail: note.detail ?? {},
  };
  await tx.insertInto("audit_log").values(toAuditRow(event)).execute();
  return seq;
}

type ChangeMethods = Pick<Registry, "readChanges" | "lastChangeSeq" | "appendAudit">;

export function createChangeMethods(context: RegistryContext): ChangeMethods {
  const db = tablesOf<RegistryTables>(context.records);
  return {
    async readChanges(afterSeq, limit) {
      const rows = await db
        .selectFrom("change_log")
        .select(["seq", "kind", "sppg_id", "subject"])
        .where("seq", ">", afterSeq)
        .orderBy("seq")
        .limit(Math.min(limit, readChangesMax))
        .execute();
      return rows.map(
        (row): RegistryChange => ({
          seq: row.seq,
          // Written by recordChange alone.
          kind: row.kind as ChangeKind,
          sppgId: row.sppg_id,
          subject: row.subject,
        }),
      );
    },
    async lastChangeSeq() {
      const row = await db
        .selectFrom("change_log")
        .select((build) => build.fn.max("seq").as("seq"))
        .executeTakeFirst();
      return row?.seq ?? 0;
    },
    async appendAudit(events) {
      if (events.length === 0) return;
      await writeTransaction<RegistryTables, void>(context.records, async (tx) => {
        for (let from = 0; from < events.length; from += auditRowsMax) {
          const rows = events.slice(from, from + auditRowsMax).map(toAuditRow);
          await tx.insertInto("audit_log").values(rows).execute();
        }
      });
    },
  };
}

function toAuditRow(event: AuditEvent): Insertable<AuditRow> {
  const detail = JSON.stringify(event.detail);
  const isTooLong = detail.length > auditDetailCharactersMax;
  return {
    at_ms: event.atMs,
    actor: clip(event.actor),
    action: clip(event.action),
    sppg_id: event.sppgId === null ? null : clip(event.sppgId),
    subject: event.subject === null ? null : clip(event.subject),
    address: event.address === null ? null : clip(event.address),
    outcome: event.outcome,
    detail_json: isTooLong ? JSON.stringify({ detailCharacters: detail.length }) : detail,
  };
}

/** What strangers send as a name ends up here: bounded, however long it was. */
function clip(text: string): string {
  return text.slice(0, auditTextCharactersMax);
}

/** The two columns of an actor, for a `ChangeNote`. */
export function actorOf(by: Actor): { actor: string; address: string | null } {
  return typeof by === "string" ? { actor: by, address: null } : by;
}
