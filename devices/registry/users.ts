import { tablesOf } from "../records/records.ts";
import { actorOf, recordChange, type ChangeNote, type RegistryContext } from "./changes.ts";
import { RegistryError, userUnknown, versionStale } from "./errors.ts";
import { parseEmail, parseNewUser } from "./input.ts";
import { requireKitchen } from "./kitchens.ts";
import type { Actor, IssuedPassword, NewUser, Registry } from "./registry.ts";
import { generatePassword, hashPassword } from "./secrets.ts";
import type { RegistryTables } from "./tables.ts";
import { findUser, searchUsers } from "./user-rows.ts";
import { auditKitchen, updateUser } from "./user-changes.ts";

type UserMethods = Pick<
  Registry,
  "addUser" | "updateUser" | "listUsers" | "searchUsers" | "findUser" | "resetUserPassword"
>;

export function createUserMethods(context: RegistryContext): UserMethods {
  const db = tablesOf<RegistryTables>(context.records);
  return {
    addUser: (user, actor) => addUser(context, user, actor),
    updateUser: (change, actor) => updateUser(context, change, actor),
    listUsers: () => searchUsers(db, { kitchens: "all", limit: null }),
    searchUsers: (query) => searchUsers(db, query),
    findUser: (email) => findUser(db, parseEmail(email)),
    resetUserPassword: (email, actor, expectedVersion) =>
      resetPassword(context, { email, expectedVersion }, actor),
  };
}

async function addUser(
  context: RegistryContext,
  input: NewUser,
  actor: Actor,
): Promise<IssuedPassword> {
  const { email, role, kitchens } = parseNewUser(input);
  // Hashed before the transaction: 50 ms of Argon2 must not hold the write lock.
  const { password, passwordHash } = await newPassword();
  const detail = { role, kitchens: kitchens.join(",") };
  const auditSppgId = auditKitchen(kitchens);
  const note = { ...noteOn(email, "user.add", actor), auditSppgId, detail };
  return recordChange(context, note, async (tx) => {
    for (const sppgId of kitchens) await requireKitchen(tx, sppgId);
    const present = await tx
      .selectFrom("person")
      .select("email")
      .where("email", "=", email)
      .executeTakeFirst();
    if (present !== undefined) throw userExists(email);
    const createdAtMs = context.clock.nowMs();
    await tx
      .insertInto("person")
      .values({ email, role, password_hash: passwordHash, created_at_ms: createdAtMs })
      .execute();
    for (const sppgId of kitchens) {
      await tx.insertInto("person_kitchen").values({ email, sppg_id: sppgId }).execute();
    }
    return { user: { email, role, kitchens, enabled: true, createdAtMs, version: 1 }, password };
  });
}

async function resetPassword(
  context: RegistryContext,
  input: { email: string; expectedVersion: number | undefined },
  actor: Actor,
): Promise<IssuedPassword> {
  const email = parseEmail(input.email);
  const { expectedVersion } = input;
  const { password, passwordHash } = await newPassword();
  const before = await findUser(tablesOf<RegistryTables>(context.records), email);
  const auditSppgId = auditKitchen(before?.kitchens ?? []);
  const note = { ...noteOn(email, "user.reset", actor), auditSppgId };
  return recordChange(context, note, async (tx) => {
    const row = await tx
      .updateTable("person")
      .set((build) => ({ password_hash: passwordHash, version: build("version", "+", 1) }))
      .where("email", "=", email)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw userUnknown(email);
    // Whoever may reset a cook's password may not thereby have that of an operator.
    if (expectedVersion !== undefined && row.version !== expectedVersion + 1) {
      throw versionStale(email, row.version - 1);
    }
    const user = await findUser(tx, email);
    if (user === null) throw userUnknown(email);
    return { user, password };
  });
}

async function newPassword(): Promise<{ password: string; passwordHash: string }> {
  const password = generatePassword();
  return { password, passwordHash: await hashPassword(password) };
}

function noteOn(email: string, action: string, by: Actor): ChangeNote {
  return { kind: "user", action, ...actorOf(by), sppgId: null, subject: email };
}

function userExists(email: string): RegistryError {
  return new RegistryError("REGISTRY_USER_EXISTS", {
    message: `${email} is there already: "nadi user reset ${email}" gives a new password.`,
    facts: { email },
  });
}
