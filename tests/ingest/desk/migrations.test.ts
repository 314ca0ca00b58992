import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from "kysely";
import { expect, test } from "vitest";
import { loadMigrations, migrate } from "../../../devices/records/migrations.ts";
import { openRecords } from "../../../devices/records/records.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import type { Records } from "../../../devices/records/records.ts";
import { moveByMachine } from "../../../ingest/desk/alert-row.ts";
import { createService } from "../../../ingest/desk/ingest-service.ts";
import { ingestMigrationsModule, migrations } from "../../../ingest/desk/migrations.ts";
import { openEngineRecords } from "../../support/records.ts";
import { alertEffect, deadLetter, sppgId } from "./factories.ts";

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
  expect(await migrate(records, both)).toEqual(migrations.map(({ id }) => id));
  expect(await migrate(records, both)).toEqual([]);
});

test("a database from before partitions keeps its state, alerts and messages", async (t) => {
  const records = await openEngineRecords(t, { path: ":memory:" });
  const [registry, ingest] = await Promise.all([
    loadMigrations([registryMigrationsModule]),
    loadMigrations([ingestMigrationsModule]),
  ]);
  const isOld = ({ id }: (typeof ingest)[number]): boolean => id < "0013";
  await migrate(records, [...registry, ...ingest].filter(isOld));
  const { db } = records;
  await sql`insert into monitor_meta values (1, 41, 'meta')`.execute(db);
  await sql`insert into monitor_state values (${sppgId}, 'k', 40, 'row')`.execute(db);
  const alert = moveByMachine(null, alertEffect({}, 39), 0).record;
  const { partition: _unknownThen, ...old } = alert;
  const names = sql.join(Object.keys(old).map((name) => sql.ref(name)));
  const values = sql.join(Object.values(old));
  await sql`insert into alert (${names}) values (${values})`.execute(db);
  await sql`insert into outbox (id, alert_id, entry_offset, channel, text, is_published)
    values ('a1.1', 'a1', 39, 'c', 't', 0)`.execute(db);

  await migrate(records, [...registry, ...ingest]);

  const service = createService(records);
  expect(await service.loadMonitorMeta()).toEqual({ offset: 41, body: "meta" });
  expect(await service.loadStateRows(null, 10)).toEqual([
    { sppgId, key: "k", offset: 40, body: "row" },
  ]);
  const range = { afterOffset: 38, uptoOffset: 39 };
  expect(await service.alertsMovedBetween(range, null, 10)).toMatchObject([{ alertId: "a1" }]);
  expect(await service.unpublished(10)).toEqual([{ id: "a1.1", channel: "c", text: "t" }]);
  await service.saveState([], { offset: 42, body: "next" });
  expect(await service.loadMonitorMeta()).toEqual({ offset: 42, body: "next" });
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
