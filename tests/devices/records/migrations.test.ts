import { once } from "node:events";
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from "kysely";
import { expect, test } from "vitest";
import { loadMigrations, migrate, type Migration } from "../../../devices/records/migrations.ts";
import { migrations, registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import { migrations as tenMigrations } from "./children/ten-migrations.ts";
import { createDataDir, firstLine, openTestRecords, spawnChild } from "./factories.ts";

const tenModule = new URL("./children/ten-migrations.ts", import.meta.url).href;
const noModule = new URL("./factories.ts", import.meta.url).href;

function step(id: string, up: Migration["up"] = async () => {}): Migration {
  return { id, up };
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

test("an empty database is brought up to date, oldest id first, and only once", async (t) => {
  const records = await openTestRecords(t);
  const shuffled = [...tenMigrations].toReversed();
  const applied = await migrate(records, shuffled);
  expect(applied).toEqual(tenMigrations.map(({ id }) => id));
  expect(await migrate(records, shuffled)).toEqual([]);
});

test("a migration that another folder adds later is applied beside the others", async (t) => {
  const records = await openTestRecords(t);
  await migrate(records, migrations);
  const all = [...(await loadMigrations([registryMigrationsModule])), step("0002-alerts")];
  expect(await migrate(records, all)).toEqual(["0002-alerts"]);
});

test("a migration that fails leaves nothing of itself and is tried again", async (t) => {
  const records = await openTestRecords(t);
  const failing = step("0001-half", async (tx) => {
    await sql`create table half (id integer)`.execute(tx);
    await sql`create tabel typo (id integer)`.execute(tx);
  });
  await expect(migrate(records, [failing])).rejects.toMatchObject({
    code: "RECORDS_MIGRATION_FAILED",
    facts: { migration: "0001-half" },
  });
  const whole = step("0001-half", async (tx) => {
    await sql`create table half (id integer)`.execute(tx);
  });
  expect(await migrate(records, [whole])).toEqual(["0001-half"]);
});

test("a database of a newer Nadi is refused with what to do", async (t) => {
  const records = await openTestRecords(t);
  await migrate(records, [step("0001-old"), step("0002-new")]);
  await expect(migrate(records, [step("0001-old")])).rejects.toMatchObject({
    code: "RECORDS_NEWER_THAN_CODE",
    message: expect.stringContaining("0002-new"),
  });
});

test("an id that stands twice or has a wrong form is refused before anything runs", async (t) => {
  const records = await openTestRecords(t);
  const code = "RECORDS_MIGRATIONS_INVALID";
  await expect(migrate(records, [step("0001-a"), step("0001-a")])).rejects.toMatchObject({ code });
  await expect(migrate(records, [step("first")])).rejects.toMatchObject({ code });
  await expect(loadMigrations([noModule])).rejects.toMatchObject({ code });
});

test("four processes that migrate at once apply each step exactly once", async (t) => {
  const dataDir = createDataDir(t);
  const children = Array.from({ length: 4 }, () =>
    spawnChild(t, "migrate.ts", [dataDir, registryMigrationsModule, tenModule]),
  );
  await Promise.all(children.map(firstLine));
  const answers = children.map(firstLine);
  const ends = children.map((child) => once(child, "exit"));
  for (const child of children) child.stdin?.end("go\n");
  const applied = (await Promise.all(answers)).map((line) => JSON.parse(line) as string[]);
  expect((await Promise.all(ends)).map(([code]): unknown => code)).toEqual([0, 0, 0, 0]);
  expect(applied.flat().toSorted(byText)).toEqual(
    [...migrations, ...tenMigrations].map(({ id }) => id).toSorted(byText),
  );
});

test("the registry's schema compiles for PostgreSQL, numbered by identity columns", async () => {
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
  await db.transaction().execute(async (tx) => {
    for (const migration of migrations) await migration.up(tx, "postgres");
  });
  const text = statements.join(";\n");
  expect(text.match(/"(seq|id)" bigint generated always as identity primary key/g)).toHaveLength(3);
  expect(text).not.toMatch(/autoincrement|blob/i);
});
