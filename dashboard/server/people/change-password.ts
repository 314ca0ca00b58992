import { appendChange, hashPassword, tablesOf, writeTransaction } from "../../../devices/index.ts";
import type { PasswordChange } from "./people.ts";
import { type PeopleContext, printOf } from "./session-rows.ts";
import { findPerson } from "./sign-in.ts";
import type { PeopleTables } from "./tables.ts";

/**
 * A person's own new password. The session in which it is changed goes on, every other one of
 * theirs ends with it [ASVS 7.4.3].
 */
export async function changePassword(
  context: PeopleContext,
  change: PasswordChange,
): Promise<boolean> {
  const { email, sessionId, address } = change;
  const known = await tablesOf<PeopleTables>(context.records)
    .selectFrom("person")
    .select("password_hash")
    .where("email", "=", email)
    .executeTakeFirst();
  if (known === undefined) return false;
  // Both before the transaction: Argon2 must not hold the write lock.
  if (!(await context.verify(known.password_hash, change.current))) return false;
  const passwordHash = await hashPassword(change.next);
  await context.isReady();
  return writeTransaction<PeopleTables, boolean>(context.records, async (tx) => {
    const person = await findPerson(tx, email);
    // Reset, or disabled, while the old one was verified.
    if (person === null || person.password_hash !== known.password_hash) return false;
    const changed = { ...person, password_hash: passwordHash, version: person.version + 1 };
    await tx
      .updateTable("person")
      .set({ password_hash: passwordHash, version: changed.version })
      .where("email", "=", email)
      .execute();
    const ended = await tx
      .deleteFrom("person_session")
      .where("email", "=", email)
      .where("session_id", "!=", sessionId)
      .returning("session_id")
      .execute();
    await tx
      .updateTable("person_session")
      .set({ person_print: printOf(changed) })
      .where("session_id", "=", sessionId)
      .where("email", "=", email)
      .execute();
    const note = { kind: "user", action: "user.password", sppgId: null, subject: email } as const;
    const detail = { sessionsEnded: ended.length };
    const nowMs = context.clock.nowMs();
    await appendChange(tx, { ...note, actor: `user:${email}`, address, detail }, nowMs);
    return true;
  });
}
