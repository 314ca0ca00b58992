import { type ColumnDefinitionBuilder, sql, type Transaction } from "kysely";
import { CodedError, recordsError } from "./errors.ts";
import { tablesOf, writeTransaction, type Records, type RecordsDialect } from "./records.ts";

/** One step of the schema. It runs once, in its own transaction, on SQLite and on PostgreSQL. */
export interface Migration {
  /** `NNNN-words`; the order of all folders' migrations together. Never renamed, never reused. */
  id: string;
  up(tx: Transaction<unknown>, dialect: RecordsDialect): Promise<void>;
}

const migrationIdPattern = /^\d{4}-[a-z0-9-]{1,60}$/;

/** The one difference between the dialects that schemas meet: a column that numbers its rows. */
export function identityColumn(
  dialect: RecordsDialect,
): (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder {
  // AUTOINCREMENT: a number is never given twice, also not after its row was deleted.
  if (dialect === "sqlite") return (column) => column.primaryKey().autoIncrement();
  return (column) => column.primaryKey().generatedAlwaysAsIdentity();
}

/** SQLite numbers rows only in a column whose type is exactly `integer`. */
export function identityType(dialect: RecordsDialect): "integer" | "bigint" {
  return dialect === "sqlite" ? "integer" : "bigint";
}

/** Reads `migrations` from each module: a worker can be handed URLs, but no functions. */
export async function loadMigrations(moduleUrls: readonly string[]): Promise<Migration[]> {
  const all: Migration[] = [];
  for (const url of moduleUrls) {
    // A module of ours by contract; what it exports is checked below.
    const loaded = (await import(url)) as { migrations?: unknown };
    if (!Array.isArray(loaded.migrations)) throw invalid(`${url} exports no "migrations" list`);
    all.push(...(loaded.migrations as Migration[]));
  }
  return all;
}

/**
 * Brings the database up to date, oldest id first, and answers the ids that this call applied.
 * Several processes may run it at once: each step is checked again inside its own transaction.
 */
export async function migrate(
  records: Records,
  migrations: readonly Migration[],
): Promise<string[]> {
  const ordered = sortAndCheck(migrations);
  await createMigrationTable(records);
  const present = await readApplied(records);
  refuseNewerDatabase(present, ordered);
  const applied: string[] = [];
  for (const migration of ordered) {
    if (present.has(migration.id)) continue;
    if (await applyOnce(records, migration)) applied.push(migration.id);
  }
  return applied;
}

interface MigrationTables {
  nadi_migration: { id: string; applied_at_ms: number };
}

function sortAndCheck(migrations: readonly Migration[]): Migration[] {
  const ids = new Set<string>();
  for (const { id } of migrations) {
    if (!migrationIdPattern.test(id)) throw invalid(`"${id}" is not like 0001-words`);
    if (ids.has(id)) throw invalid(`"${id}" stands twice`);
    ids.add(id);
  }
  return [...migrations].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function createMigrationTable(records: Records): Promise<void> {
  await writeTransaction(records, async (tx) => {
    await tx.schema
      .createTable("nadi_migration")
      .ifNotExists()
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("applied_at_ms", "bigint", (column) => column.notNull())
      .execute();
  });
}

async function readApplied(records: Records): Promise<Set<string>> {
  const rows = await tablesOf<MigrationTables>(records)
    .selectFrom("nadi_migration")
    .select("id")
    .execute();
  return new Set(rows.map(({ id }) => id));
}

function refuseNewerDatabase(present: ReadonlySet<string>, known: readonly Migration[]): void {
  const knownIds = new Set(known.map(({ id }) => id));
  const unknownIds = [...present].filter((id) => !knownIds.has(id)).toSorted();
  if (unknownIds.length === 0) return;
  throw recordsError("RECORDS_NEWER_THAN_CODE", {
    message:
      `The records database was written by a newer Nadi (${unknownIds.join(", ")}): ` +
      "start that version again, or restore a backup made with this one.",
    facts: { migrations: unknownIds.join(",") },
  });
}

async function applyOnce(records: Records, migration: Migration): Promise<boolean> {
  try {
    return await writeTransaction<MigrationTables, boolean>(records, async (tx) => {
      const { id } = migration;
      const row = await tx
        .selectFrom("nadi_migration")
        .select("id")
        .where("id", "=", id)
        .executeTakeFirst();
      if (row !== undefined) return false;
      await migration.up(tx as unknown as Transaction<unknown>, records.dialect);
      if (records.dialect === "postgres") await compareTextByBytes(tx);
      // Only a note for people: nothing is decided by this time.
      await tx.insertInto("nadi_migration").values({ id, applied_at_ms: Date.now() }).execute();
      return true;
    });
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw recordsError("RECORDS_MIGRATION_FAILED", {
      message: `Migration ${migration.id} failed and was rolled back: ${reason}`,
      facts: { migration: migration.id },
      cause: error,
    });
  }
}

/**
 * Texts are ordered by their bytes, as SQLite does: by the database's own language pages would
 * begin elsewhere, and an upgrade of its C library could damage the indexes.
 */
async function compareTextByBytes<Tables>(tx: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ table_name: string; columns: string[] }>`
    select table_name, array_agg(column_name::text) as columns
    from information_schema.columns
    where table_schema = current_schema() and data_type = 'text'
      and collation_name is distinct from 'C'
    group by table_name`.execute(tx);
  for (const { table_name: table, columns } of rows) {
    const changes = columns.map(
      (column) => sql`alter column ${sql.ref(column)} type text collate "C"`,
    );
    await sql`alter table ${sql.table(table)} ${sql.join(changes)}`.execute(tx);
  }
}

function invalid(reason: string): CodedError {
  return recordsError("RECORDS_MIGRATIONS_INVALID", {
    message: `The list of migrations is wrong: ${reason}.`,
  });
}
