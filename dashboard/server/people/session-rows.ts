import { createHash } from "node:crypto";
import type { Transaction } from "kysely";
import { appendChange, type Records, type verifyPassword } from "../../../devices/index.ts";
import type { PersonRole } from "../../contract/index.ts";
import { idleMsMax, type StoredSession } from "./people.ts";
import type { SessionClock } from "./session-clock.ts";
import type { PeopleTables, PersonSessionRow } from "./tables.ts";

/** What each part of the people's service works with. */
export interface PeopleContext {
  records: Records;
  clock: SessionClock;
  verify: typeof verifyPassword;
  /** What time the records have seen before this process: awaited before the clock is read. */
  isReady: () => Promise<void>;
}

export type Person = Omit<PeopleTables["person"], "enabled"> & { kitchens: readonly string[] };
export type PeopleTransaction = Transaction<PeopleTables>;

/**
 * A session belongs to the person as they were at sign-in: another password, role or list of
 * kitchens ends it, whichever process made the change and whether or not it knows of sessions. By
 * the version also what was changed and changed back, e.g. disabled and enabled.
 */
export function printOf(person: Person): string {
  const { email, role, password_hash: hash, kitchens, version } = person;
  // People who never changed keep the sessions that they had before versions were counted.
  const changed = version > 1 ? [version] : [];
  return createHash("sha256")
    .update(JSON.stringify([email, role, hash, kitchens, ...changed]))
    .digest("hex");
}

/** When it ends if nobody uses it any more. */
export function endOf(row: Pick<PersonSessionRow, "last_seen_at_ms" | "expires_at_ms">): number {
  return Math.min(row.last_seen_at_ms + idleMsMax, row.expires_at_ms);
}

export function toSession(row: PersonSessionRow, person: Person, nowMs: number): StoredSession {
  return {
    sessionId: row.session_id,
    email: row.email,
    // Checked when the person was added.
    role: person.role as PersonRole,
    kitchens: person.kitchens,
    screenName: null,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    remainingMs: endOf(row) - nowMs,
  };
}

/** Other processes hear of the end by the change log. */
export async function noteEnd(
  tx: PeopleTransaction,
  end: {
    actor: string;
    address: string | null;
    email: string;
    detail: { session: string; because: string };
    atMs: number;
  },
): Promise<void> {
  const { actor, address, email, detail, atMs } = end;
  const note = { kind: "user", action: "session.end", sppgId: null, subject: email } as const;
  await appendChange(tx, { ...note, actor, address, detail }, atMs);
}
