import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { User, UserRole } from "./model.ts";
import type { UserQuery } from "./registry.ts";
import type { PersonRow, RegistryTables } from "./tables.ts";

/** A list of people is read by people: more than this comes page by page. */
const usersMax = 1_000;

type Tables = Kysely<RegistryTables> | Transaction<RegistryTables>;

/** `limit: null`: all of them, for a command. */
export async function searchUsers(
  db: Tables,
  query: Omit<UserQuery, "limit"> & { limit: number | null },
): Promise<User[]> {
  const { kitchens, search, after, limit } = query;
  let people = db.selectFrom("person").selectAll().orderBy("email");
  if (kitchens !== "all") {
    people = people.where("email", "in", (build) =>
      build.selectFrom("person_kitchen").select("email").where("sppg_id", "in", kitchens),
    );
  }
  if (after !== undefined) people = people.where("email", ">", after);
  if (search !== undefined) {
    const literal = search.toLowerCase().replaceAll(/[\\%_]/g, (sign) => `\\${sign}`);
    people = people.where(sql<boolean>`email like ${`%${literal}%`} escape '\\'`);
  }
  const rows = await (limit === null ? people : people.limit(Math.min(limit, usersMax))).execute();
  const owned = await kitchensOf(db, rows, limit === null);
  return rows.map((row) => toUser(row, owned.get(row.email) ?? []));
}

export async function findUser(db: Tables, email: string): Promise<User | null> {
  const row = await db
    .selectFrom("person")
    .selectAll()
    .where("email", "=", email)
    .executeTakeFirst();
  if (row === undefined) return null;
  return toUser(row, (await kitchensOf(db, [row], false)).get(email) ?? []);
}

/** By e-mail address: a Map, because people typed the keys. */
async function kitchensOf(
  db: Tables,
  rows: readonly { email: string }[],
  isAll: boolean,
): Promise<Map<string, string[]>> {
  // PostgreSQL knows no empty list.
  if (rows.length === 0) return new Map();
  let query = db.selectFrom("person_kitchen").selectAll().orderBy("sppg_id");
  if (!isAll) {
    query = query.where(
      "email",
      "in",
      rows.map(({ email }) => email),
    );
  }
  const owned = new Map<string, string[]>();
  for (const { email, sppg_id: sppgId } of await query.execute()) {
    const known = owned.get(email);
    if (known === undefined) owned.set(email, [sppgId]);
    else known.push(sppgId);
  }
  return owned;
}

export function toUser(row: Selectable<PersonRow>, kitchens: readonly string[]): User {
  return {
    email: row.email,
    // Checked when it was written.
    role: row.role as UserRole,
    kitchens,
    enabled: row.enabled === 1,
    createdAtMs: row.created_at_ms,
    version: row.version,
  };
}
