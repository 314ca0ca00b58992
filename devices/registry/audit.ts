import type { Selectable, SelectQueryBuilder } from "kysely";
import * as z from "zod";
import { tablesOf } from "../records/records.ts";
import type { RegistryContext } from "./changes.ts";
import type { AuditEvent, StoredAuditEvent } from "./model.ts";
import type { AuditPage, AuditPlace, AuditQuery, Registry } from "./registry.ts";
import type { AuditRow, RegistryTables } from "./tables.ts";

const eventsMax = 500;
/**
 * Rows that one page looks at. A rare kind in a long log would keep the records' thread, and with
 * it the devices' logins, waiting; 5,000 rows are about 5 ms. A page may be shorter than asked.
 */
export const auditScanMax = 5_000;

type AuditRows = SelectQueryBuilder<RegistryTables, "audit_log", object>;
type Row = Selectable<AuditRow>;

export function createAuditMethods(context: RegistryContext): Pick<Registry, "readAudit"> {
  return {
    async readAudit(query) {
      const limit = Math.min(query.limit, eventsMax);
      const scopes = query.kitchens === "all" ? [null] : query.kitchens;
      // A kitchen at a time: each has an index in the order of time, several together have none.
      const pages: Scanned[] = [];
      for (const sppgId of scopes) pages.push(await scan(context, query, { sppgId, limit }));
      return merge(pages, limit);
    },
  };
}

interface Scanned {
  rows: Row[];
  /** What lies behind it was not looked at; `null`: nothing does. */
  end: AuditPlace | null;
}

async function scan(
  context: RegistryContext,
  query: AuditQuery,
  of: { sppgId: string | null; limit: number },
): Promise<Scanned> {
  const inScope = within(tablesOf<RegistryTables>(context.records).selectFrom("audit_log"), {
    ...query,
    sppgId: of.sppgId,
  })
    .orderBy("at_ms", "desc")
    .orderBy("id", "desc");
  const last = await inScope
    .select(["at_ms", "id"])
    .offset(auditScanMax - 1)
    .limit(1)
    .executeTakeFirst();
  let wanted = inScope.selectAll();
  if (last !== undefined) {
    wanted = wanted.where((build) =>
      build.or([
        build("at_ms", ">", last.at_ms),
        build.and([build("at_ms", "=", last.at_ms), build("id", ">=", last.id)]),
      ]),
    );
  }
  const { kind, outcome } = query;
  // "/" is the character behind "." in ASCII: every action of the kind lies between them.
  if (kind !== undefined) {
    wanted = wanted.where("action", ">=", `${kind}.`).where("action", "<", `${kind}/`);
  }
  if (outcome !== undefined) wanted = wanted.where("outcome", "=", outcome);
  const rows = await wanted.limit(of.limit + 1).execute();
  const end = last === undefined ? null : { atMs: last.at_ms, id: last.id };
  return { rows, end };
}

function within(rows: AuditRows, query: AuditQuery & { sppgId: string | null }): AuditRows {
  const { sppgId, fromMs, toMs, before } = query;
  let kept = rows;
  if (sppgId !== null) kept = kept.where("sppg_id", "=", sppgId);
  if (fromMs !== undefined) kept = kept.where("at_ms", ">=", fromMs);
  if (toMs !== undefined) kept = kept.where("at_ms", "<", toMs);
  if (before === undefined) return kept;
  return kept
    .where("at_ms", "<=", before.atMs)
    .where((build) => build.or([build("at_ms", "<", before.atMs), build("id", "<", before.id)]));
}

function merge(pages: readonly Scanned[], limit: number): AuditPage {
  const rows = pages.flatMap((page) => page.rows).map(toStored);
  const [end] = pages
    .flatMap((page) => (page.end === null ? [] : [page.end]))
    .toSorted(newestFirst);
  // Beyond the nearest end one of the kitchens was not looked at.
  const seen = rows
    .filter((event) => end === undefined || newestFirst(event, end) <= 0)
    .toSorted(newestFirst);
  const events = seen.slice(0, limit);
  const last = events.at(-1);
  if (seen.length > limit && last !== undefined) {
    return { events, next: { atMs: last.atMs, id: last.id } };
  }
  return { events, next: end ?? null };
}

function newestFirst(a: AuditPlace, b: AuditPlace): number {
  return b.atMs - a.atMs || b.id - a.id;
}

const detailSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

function toStored(row: Row): StoredAuditEvent {
  const { actor, action, subject, address } = row;
  return {
    id: row.id,
    atMs: row.at_ms,
    actor,
    action,
    sppgId: row.sppg_id,
    subject,
    address,
    // Written by `toAuditRow` alone.
    outcome: row.outcome as AuditEvent["outcome"],
    detail: detailSchema.parse(JSON.parse(row.detail_json)),
  };
}
