import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import { expect, test } from "vitest";
import { loadMigrations, migrate } from "../../../devices/records/migrations.ts";
import { openRecords } from "../../../devices/records/records.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { Records } from "../../../devices/records/records.ts";
import { createService } from "../../../ingest/desk/ingest-service.ts";
import { ingestMigrationsModule, migrations } from "../../../ingest/desk/migrations.ts";
import { alertEffect, deadLetter } from "./factories.ts";

/** A database that compiles for PostgreSQL, runs nothing and remembers the statements. */
function compileForPostgres(): { records: Records; statements: string[] } {
  const statements: string[] = [];
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: (event) => void statements.push(event.query.sql),
  });
  return { records: { db, dialect: "postgres", close: () => db.destroy() }, statements };
}

test("ingest's tables are added to a registry that is there already", async (t) => {
  const records = await openRecords({ path: ":memory:" });
  t.onTestFinished(() => records.close());
  await migrate(records, await loadMigrations([registryMigrationsModule]));
  const both = await loadMigrations([registryMigrationsModule, ingestMigrationsModule]);
  expect(await migrate(records, both)).toEqual(["0002-ingest", "0004-alert-by-entry"]);
  expect(await migrate(records, both)).toEqual([]);
});

test("the schema compiles for PostgreSQL with portable types only", async () => {
  const { records, statements } = compileForPostgres();
  await records.db.transaction().execute(async (tx) => {
    for (const migration of migrations) await migration.up(tx, "postgres");
  });
  const text = statements.join(";\n");
  expect(text.match(/generated always as identity primary key/g)).toHaveLength(1);
  expect(text).not.toMatch(/autoincrement|blob/i);
});

test("writes that may come again say so in the SQL that both databases share", async () => {
  const { records, statements } = compileForPostgres();
  const ingest = createService(records);
  await ingest.applyEffects([alertEffect(), deadLetter(1)]);
  await ingest.saveState([{ sppgId: "s", key: "k", offset: 1, body: "" }], {
    offset: 1,
    body: "",
  });
  const inserts = statements.filter((statement) => statement.startsWith("insert"));
  expect(inserts).toHaveLength(5);
  for (const insert of inserts) expect(insert).toMatch(/ on conflict \(.+\) do (update|nothing)/);
  expect(statements.join(" ")).not.toMatch(/insert or /);
});
