import { tablesOf } from "../records/records.ts";
import { recordChange, type ChangeNote, type RegistryContext } from "./changes.ts";
import { RegistryError } from "./errors.ts";
import { parseEmail, parseNewUser } from "./input.ts";
import { requireKitchen } from "./kitchens.ts";
import type { User, UserRole } from "./model.ts";
import type { Registry } from "./registry.ts";
import { generatePassword, hashPassword } from "./secrets.ts";
import type { PersonRow, RegistryTables } from "./tables.ts";

type UserMethods = Pick<Registry, "addUser" | "listUsers" | "resetUserPassword">;

export function createUserMethods(context: RegistryContext): UserMethods {
  return {
    async addUser(input, actor) {
      const { email, role, kitchens } = parseNewUser(input);
      // Hashed before the transaction: 50 ms of Argon2 must not hold the write lock.
      const { password, passwordHash } = await newPassword();
      const detail = { role, kitchens: kitchens.join(",") };
      const note = { ...noteOn(email, "user.add", actor), detail };
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
        return { user: { email, role, kitchens, createdAtMs }, password };
      });
    },
    listUsers: () => listUsers(context),
    async resetUserPassword(input, actor) {
      const email = parseEmail(input);
      const { password, passwordHash } = await newPassword();
      return recordChange(context, noteOn(email, "user.reset", actor), async (tx) => {
        const row = await tx
          .updateTable("person")
          .set({ password_hash: passwordHash })
          .where("email", "=", email)
          .returning(["email", "role", "created_at_ms"])
          .executeTakeFirst();
        if (row === undefined) throw userUnknown(email);
        const kitchens = await tx
          .selectFrom("person_kitchen")
          .select("sppg_id")
          .where("email", "=", email)
          .orderBy("sppg_id")
          .execute();
        return {
          user: toUser(
            row,
            kitchens.map(({ sppg_id }) => sppg_id),
          ),
          password,
        };
      });
    },
  };
}

async function newPassword(): Promise<{ password: string; passwordHash: string }> {
  const password = generatePassword();
  return { password, passwordHash: await hashPassword(password) };
}

async function listUsers(context: RegistryContext): Promise<User[]> {
  const rows = await tablesOf<RegistryTables>(context.records)
    .selectFrom("person")
    .leftJoin("person_kitchen", "person_kitchen.email", "person.email")
    .select(["person.email", "person.role", "person.created_at_ms", "person_kitchen.sppg_id"])
    .orderBy("person.email")
    .orderBy("person_kitchen.sppg_id")
    .execute();
  // Keyed by what people typed: a Map, and not an object with a prototype.
  const kitchensByEmail = new Map<string, string[]>();
  const users: User[] = [];
  for (const row of rows) {
    let kitchens = kitchensByEmail.get(row.email);
    if (kitchens === undefined) {
      kitchens = [];
      kitchensByEmail.set(row.email, kitchens);
      users.push(toUser(row, kitchens));
    }
    if (row.sppg_id !== null) kitchens.push(row.sppg_id);
  }
  return users;
}

function noteOn(email: string, action: string, actor: string): ChangeNote {
  return { kind: "user", action, actor, sppgId: null, subject: email };
}

function toUser(
  row: Pick<PersonRow, "email" | "role" | "created_at_ms">,
  kitchens: readonly string[],
): User {
  // The role was checked when the person was added.
  const role = row.role as UserRole;
  return { email: row.email, role, kitchens, createdAtMs: row.created_at_ms };
}

function userExists(email: string): RegistryError {
  return new RegistryError("REGISTRY_USER_EXISTS", {
    message: `${email} is there already: "nadi user reset ${email}" gives a new password.`,
    facts: { email },
  });
}

function userUnknown(email: string): RegistryError {
  return new RegistryError("REGISTRY_USER_UNKNOWN", {
    message: `There is no user ${email}: see "nadi user list".`,
    facts: { email },
  });
}
