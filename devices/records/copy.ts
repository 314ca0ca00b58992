import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { acquireDataLock } from "./data-lock.ts";
import { recordsError } from "./errors.ts";
import { migrate, type Migration } from "./migrations.ts";
import { describeDatabaseUrl } from "./postgres.ts";
import { openRecords, recordsPath, type Records, writeTransaction } from "./records.ts";

export interface CopyOptions {
  /** Whose records are copied; no `serve` may run on it. */
  dataDir: string;
  /** The PostgreSQL database that takes them; empty, or a finished copy of the same. */
  url: string;
  /** Where that URL comes from, for messages. */
  setting?: string;
  /** All folders' migrations. */
  migrations: readonly Migration[];
}

export interface CopiedTable {
  table: string;
  rows: number;
  /** Of all values of all rows in the order of the primary key; the same on both sides. */
  sha256: string;
}

export interface CopyReport {
  /** Without user and password. */
  target: string;
  tables: CopiedTable[];
  /** An earlier copy had come to its end already; nothing was written. */
  wasThere: boolean;
}

/** One statement, and one answer of the target. */
const rowsPerCall = 500;
/** For a statement over a whole table, such as the check of its references. */
const statementMsMax = 3_600_000;

interface Table {
  name: string;
  columns: string[];
  primaryKey: string[];
  /** The column that numbers its rows, if it has one. */
  identity: string | null;
}

type Row = Record<string, unknown>;

/**
 * Copies the records of a data folder into PostgreSQL, in one transaction that is committed only
 * when each table has been read back and is the same: a crash leaves the target as it was, and the
 * copy may be run again. Rejects with `RECORDS_COPY_REFUSED` when the target holds anything else.
 */
export async function copyRecords(options: CopyOptions): Promise<CopyReport> {
  const path = recordsPath(options.dataDir);
  if (!existsSync(path)) {
    throw refused(
      `There are no records in ${options.dataDir}: set NADI_DATA_DIR to where they are.`,
    );
  }
  const lock = acquireDataLock(options.dataDir);
  try {
    const source = await openRecords({ path });
    try {
      await migrate(source, options.migrations);
      return await copyFrom(source, options);
    } finally {
      await source.close();
    }
  } finally {
    lock.release();
  }
}

async function copyFrom(source: Records, options: CopyOptions): Promise<CopyReport> {
  const { url, migrations, setting = "NADI_DATABASE_URL" } = options;
  const target = await openRecords({ url, setting, connectionsMax: 2, statementMsMax });
  try {
    await refuseForeignTables(source.db, target.db);
    await migrate(target, migrations);
    const tables = await listTables(source.db);
    return await writeTransaction<unknown, CopyReport>(target, async (tx) => {
      const wasThere = await hasRows(tx, tables);
      if (!wasThere) await fill(source.db, tx, tables);
      const report: CopiedTable[] = [];
      for (const table of tables) report.push(await compare(source.db, tx, { table, wasThere }));
      return { target: describeDatabaseUrl(url), tables: report, wasThere };
    });
  } finally {
    await target.close();
  }
}

/** A database that others use, named by mistake; what an extension brings is nobody's. */
async function refuseForeignTables(
  source: Kysely<unknown>,
  target: Kysely<unknown>,
): Promise<void> {
  const ours = new Set(["nadi_migration", ...(await listTables(source)).map(({ name }) => name)]);
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by c.relname`.execute(target);
  const foreign = rows.map(({ name }) => name).filter((name) => !ours.has(name));
  if (foreign.length === 0) return;
  const shown = foreign.slice(0, foreignShownMax).join(", ");
  throw refused(`The target holds what is not Nadi's (${shown}): name an empty database.`);
}

const foreignShownMax = 5;

async function listTables(source: Kysely<unknown>): Promise<Table[]> {
  const { rows } = await sql<{ name: string; column: string; pk: number; isNumbered: number }>`
    select m.name as name, c.name as "column", c.pk as pk,
      c.pk = 1 and m.sql like '%autoincrement%' as "isNumbered"
    from sqlite_master m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite_%' and m.name <> 'nadi_migration'
    order by m.name, c.cid`.execute(source);
  const tables = new Map<string, Table & { keys: [number, string][] }>();
  for (const { name, column, pk, isNumbered } of rows) {
    const table = tables.get(name) ?? {
      name,
      columns: [],
      primaryKey: [],
      identity: null,
      keys: [],
    };
    table.columns.push(column);
    if (pk > 0) table.keys.push([pk, column]);
    if (isNumbered === 1) table.identity = column;
    tables.set(name, table);
  }
  return [...tables.values()].map(({ keys, ...table }) => {
    const primaryKey = keys.toSorted(([a], [b]) => a - b).map(([, column]) => column);
    return { ...table, primaryKey };
  });
}

async function hasRows(target: Kysely<unknown>, tables: readonly Table[]): Promise<boolean> {
  for (const { name } of tables) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(target);
    if (rows.length > 0) return true;
  }
  return false;
}

/** References are checked when all rows are there: a device may come before its gateway. */
async function fill(
  source: Kysely<unknown>,
  target: Kysely<unknown>,
  tables: readonly Table[],
): Promise<void> {
  const references = await listReferences(target);
  await alterReferences(target, references, sql`deferrable initially deferred`);
  for (const table of tables) {
    let batch: Row[] = [];
    for await (const row of sourceRows(source, table)) {
      batch.push(row);
      if (batch.length < rowsPerCall) continue;
      await insert(target, table, batch);
      batch = [];
    }
    if (batch.length > 0) await insert(target, table, batch);
    if (table.identity !== null) await continueNumbers(source, target, table);
  }
  await sql`set constraints all immediate`.execute(target);
  await alterReferences(target, references, sql`not deferrable`);
}

interface Reference {
  table: string;
  name: string;
}

async function listReferences(target: Kysely<unknown>): Promise<Reference[]> {
  const { rows } = await sql<Reference>`
    select r.relname as "table", c.conname as name from pg_constraint c
    join pg_class r on r.oid = c.conrelid
    where c.contype = 'f' and c.connamespace = current_schema()::regnamespace`.execute(target);
  return rows;
}

async function alterReferences(
  target: Kysely<unknown>,
  references: readonly Reference[],
  how: RawBuilder<unknown>,
): Promise<void> {
  for (const { table, name } of references) {
    await sql`alter table ${sql.table(table)} alter constraint ${sql.ref(name)} ${how}`.execute(
      target,
    );
  }
}

async function insert(
  target: Kysely<unknown>,
  { name, columns }: Table,
  rows: readonly Row[],
): Promise<void> {
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  await sql`insert into ${sql.table(name)} (${names}) overriding system value
    values ${sql.join(values)}`.execute(target);
}

/** A number is never given twice, also not after its row was deleted. */
async function continueNumbers(
  source: Kysely<unknown>,
  target: Kysely<unknown>,
  { name, identity }: Table,
): Promise<void> {
  const { rows } = await sql<{ seq: number }>`
    select seq from sqlite_sequence where name = ${name}`.execute(source);
  const last = rows[0]?.seq ?? 0;
  if (last === 0) return;
  await sql`select setval(pg_get_serial_sequence(${name}, ${identity}), ${last}::bigint)`.execute(
    target,
  );
}

async function compare(
  source: Kysely<unknown>,
  target: Kysely<unknown>,
  { table, wasThere }: { table: Table; wasThere: boolean },
): Promise<CopiedTable> {
  const ours = await digest(table, sourceRows(source, table));
  const theirs = await digest(table, targetRows(target, table));
  if (ours.rows === theirs.rows && ours.sha256 === theirs.sha256) {
    return { table: table.name, ...ours };
  }
  const counts = `${table.name}: ${ours.rows} rows here, ${theirs.rows} there`;
  if (wasThere) {
    throw refused(`The target holds other records already (${counts}): name an empty database.`);
  }
  throw recordsError("RECORDS_COPY_DIFFERS", {
    message: `What was written is not what was read (${counts}); nothing was kept.`,
    facts: { table: table.name, rows: ours.rows, copied: theirs.rows },
  });
}

async function digest(
  { columns }: Table,
  rows: AsyncIterable<Row>,
): Promise<{ rows: number; sha256: string }> {
  const hash: Hash = createHash("sha256");
  let count = 0;
  for await (const row of rows) {
    hash.update(`${JSON.stringify(columns.map((column) => row[column]))}\n`);
    count += 1;
  }
  return { rows: count, sha256: hash.digest("hex") };
}

/** In the order of the primary key. A NUL in a text is written down as U+FFFD, as everywhere. */
async function* sourceRows(source: Kysely<unknown>, table: Table): AsyncGenerator<Row> {
  const dynamic = source as Kysely<Record<string, Row>>;
  let select = dynamic.selectFrom(table.name).selectAll();
  for (const column of table.primaryKey) select = select.orderBy(column);
  for await (const row of select.stream()) {
    yield Object.fromEntries(
      Object.entries(row).map(([column, value]) => [
        column,
        typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value,
      ]),
    );
  }
}

/** By a cursor of the transaction: a table may be larger than memory. */
async function* targetRows(target: Kysely<unknown>, table: Table): AsyncGenerator<Row> {
  const order = sql.join(table.primaryKey.map((column) => sql.ref(column)));
  await sql`declare copied no scroll cursor for
    select * from ${sql.table(table.name)} order by ${order}`.execute(target);
  for (;;) {
    const { rows } = await sql<Row>`fetch ${sql.lit(rowsPerCall)} from copied`.execute(target);
    yield* rows;
    if (rows.length < rowsPerCall) break;
  }
  await sql`close copied`.execute(target);
}

function refused(message: string): Error {
  return recordsError("RECORDS_COPY_REFUSED", { message });
}
