import { writeTransaction } from "../records/records.ts";
import {
  actorOf,
  appendChange,
  type RegistryContext,
  type RegistryTransaction,
} from "./changes.ts";
import { RegistryError, userUnknown, versionStale } from "./errors.ts";
import { parseRights, parseUserChange } from "./input.ts";
import { requireKitchen } from "./kitchens.ts";
import type { User } from "./model.ts";
import type { Actor, UserChange } from "./registry.ts";
import type { RegistryTables } from "./tables.ts";
import { findUser } from "./user-rows.ts";

export async function updateUser(
  context: RegistryContext,
  input: UserChange,
  by: Actor,
): Promise<User> {
  const change = parseUserChange(input);
  const { email, expectedVersion } = change;
  return writeTransaction<RegistryTables, User>(context.records, async (tx) => {
    const before = await findUser(tx, email);
    if (before === null) throw userUnknown(email);
    if (expectedVersion !== undefined && expectedVersion !== before.version) {
      throw versionStale(email, before.version);
    }
    const { role = before.role, enabled = before.enabled } = change;
    // Who becomes an operator leaves the list of kitchens behind.
    const given = change.kitchens ?? (role === "operator" ? [] : before.kitchens);
    const wanted: User = { ...before, ...parseRights({ role, kitchens: given }), enabled };
    if (isSame(before, wanted)) return before;
    for (const sppgId of wanted.kitchens) await requireKitchen(tx, sppgId);
    if (isActingOperator(before) && !isActingOperator(wanted)) await keepOneOperator(tx, email);
    const user = { ...wanted, version: before.version + 1 };
    await write(tx, user);
    await appendChange(tx, noteOf(before, user, by), context.clock.nowMs());
    return user;
  });
}

/** Where the heads of a kitchen look: a person of several belongs to no one list. */
export function auditKitchen(kitchens: readonly string[]): string | null {
  const [only = null] = kitchens;
  return kitchens.length === 1 ? only : null;
}

function isActingOperator({ role, enabled }: User): boolean {
  return role === "operator" && enabled;
}

async function keepOneOperator(tx: RegistryTransaction, email: string): Promise<void> {
  const other = await tx
    .selectFrom("person")
    .select("email")
    .where("role", "=", "operator")
    .where("enabled", "=", 1)
    .where("email", "!=", email)
    .executeTakeFirst();
  if (other !== undefined) return;
  throw new RegistryError("REGISTRY_OPERATOR_LAST", {
    message: `${email} is the only operator: make another one first.`,
    facts: { email },
  });
}

function isSame(before: User, wanted: User): boolean {
  return (
    before.role === wanted.role &&
    before.enabled === wanted.enabled &&
    before.kitchens.join() === wanted.kitchens.join()
  );
}

async function write(tx: RegistryTransaction, user: User): Promise<void> {
  const { email, role, enabled, kitchens, version } = user;
  await tx
    .updateTable("person")
    .set({ role, enabled: enabled ? 1 : 0, version })
    .where("email", "=", email)
    .execute();
  await tx.deleteFrom("person_kitchen").where("email", "=", email).execute();
  for (const sppgId of kitchens) {
    await tx.insertInto("person_kitchen").values({ email, sppg_id: sppgId }).execute();
  }
}

function noteOf(before: User, after: User, by: Actor) {
  const isSwitch = before.enabled !== after.enabled;
  const verb = after.enabled ? "user.enable" : "user.disable";
  const kitchens = [before, after].map((user) => auditKitchen(user.kitchens));
  return {
    kind: "user",
    action: isSwitch ? verb : "user.update",
    ...actorOf(by),
    sppgId: null,
    // Whoever moves between kitchens is the business of neither head alone.
    auditSppgId: kitchens[0] === kitchens[1] ? (kitchens[0] ?? null) : null,
    subject: after.email,
    detail: {
      role: after.role,
      kitchens: after.kitchens.join(","),
      roleBefore: before.role,
      kitchensBefore: before.kitchens.join(","),
    },
  } as const;
}
