import { sql } from "kysely";
import { expect, test, type TestContext, vi } from "vitest";
import { peopleMigrationsModule } from "../../../dashboard/server/people/migrations.ts";
import { createRecordsCommands } from "../../../devices/cli/records-commands.ts";
import { copyRecords } from "../../../devices/records/copy.ts";
import { acquireDataLock } from "../../../devices/records/data-lock.ts";
import { loadMigrations, migrate, type Migration } from "../../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../../devices/records/records.ts";
import { createRegistry } from "../../../devices/registry/create-registry.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import { createService as createIngest } from "../../../ingest/desk/ingest-service.ts";
import { ingestMigrationsModule } from "../../../ingest/index.ts";
import { alertEffect, deadLetter } from "../../ingest/desk/factories.ts";
import { createCommandLine } from "../cli/command-line.ts";
import { fileScope } from "../../support/file-scope.ts";
import { eventually } from "../../support/kitchen.ts";
import { spawnNadi } from "../../support/nadi-process.ts";
import { query, startPostgres } from "../../support/postgres.ts";
import { createDataDir, kitchen } from "./factories.ts";

// A cluster is made anew, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const shared = startPostgres(fileScope());
const modules = [registryMigrationsModule, ingestMigrationsModule, peopleMigrationsModule];
const { sppgId } = kitchen;
/** Enough for several statements and answers. */
const auditCount = 1_234;

/** Records of every kind, as a kitchen that has run for a while has them. */
async function createDeployment(t: TestContext) {
  const dataDir = createDataDir(t);
  const migrations: Migration[] = await loadMigrations(modules);
  const records = await openRecords({ path: recordsPath(dataDir) });
  await migrate(records, migrations);
  const registry = createRegistry(records, { nowMs: () => 1_795_300_000_000 });
  await registry.addKitchen({ ...kitchen, name: 'Dapur "Ibu" – é 💧' }, "cli");
  await registry.addDevice({ sppgId, deviceId: "z-gateway", kind: "gateway" }, "cli");
  // Before its gateway in the order of keys.
  const child = { sppgId, deviceId: "a-probe", kind: "temperature-probe" } as const;
  await registry.addDevice({ ...child, gatewayId: "z-gateway" }, "cli");
  await registry.addUser({ email: "op@example.org", role: "operator" }, "cli");
  const event = { atMs: 1, actor: "a", action: "b", sppgId, subject: null, address: null } as const;
  const audit = { ...event, outcome: "refused", detail: { why: "nul \0 and 'quote'" } } as const;
  await registry.appendAudit(Array.from({ length: auditCount }, () => audit));
  const ingest = createIngest(records);
  await ingest.applyEffects([alertEffect(), deadLetter(1, { detail: "nul \0" })]);
  const state = { sppgId, key: "k", offset: 2 ** 40, body: "{}" };
  await ingest.saveState([state], { offset: 2 ** 41, body: "{}" });
  // The last number was given and its row is gone: it must not be given again.
  await sql`insert into change_log (kind, at_ms) values ('kitchen', 1)`.execute(records.db);
  await sql`delete from change_log where seq = (select max(seq) from change_log)`.execute(
    records.db,
  );
  const lastSeq = await registry.lastChangeSeq();
  await records.close();
  const url = await (await shared).createDatabase();
  return { dataDir, migrations, url, lastSeq };
}

test("every row moves over and is the same, and the numbers go on behind the last one", async (t) => {
  const made = await createDeployment(t);
  const report = await copyRecords(made);
  const counts = new Map(report.tables.map(({ table, rows }) => [table, rows]));
  expect(Object.fromEntries(counts)).toMatchObject({
    kitchen: 1,
    device: 2,
    person: 1,
    alert: 1,
    outbox: 1,
    dead_letter: 1,
    monitor_state: 1,
    monitor_meta: 1,
  });
  expect(counts.get("audit_log")).toBeGreaterThanOrEqual(auditCount);
  expect(report).toMatchObject({ wasThere: false, target: made.url.replace("nadi@", "") });

  const records = await openRecords({ url: made.url });
  t.onTestFinished(() => records.close());
  expect(await migrate(records, made.migrations)).toEqual([]);
  const registry = createRegistry(records, { nowMs: () => 0 });
  expect(await registry.findKitchen(sppgId)).toMatchObject({ name: 'Dapur "Ibu" – é 💧' });
  await registry.addKitchen({ ...kitchen, sppgId: "sppg-new-002" }, "cli");
  // One beyond the number that was given and taken back.
  expect(await registry.lastChangeSeq()).toBe(made.lastSeq + 2);
  // References hold again at each statement.
  await expect(query(made.url, "delete from kitchen")).rejects.toThrow("foreign key");
});

test("the same copy again says that it is there; other records are refused", async (t) => {
  const made = await createDeployment(t);
  const first = await copyRecords(made);
  expect(await copyRecords(made)).toEqual({ ...first, wasThere: true });
  await query(made.url, "update person set role = 'viewer'");
  await expect(copyRecords(made)).rejects.toMatchObject({
    code: "RECORDS_COPY_REFUSED",
    message: expect.stringContaining("person: 1 rows here, 1 there"),
  });
});

test("a database that others use is refused before anything is made in it", async (t) => {
  const made = await createDeployment(t);
  await query(made.url, "create table invoice (id integer)");
  await expect(copyRecords(made)).rejects.toMatchObject({
    code: "RECORDS_COPY_REFUSED",
    message: expect.stringContaining("(invoice)"),
  });
  const tables = "select relname from pg_class where relname = 'kitchen'";
  expect(await query(made.url, tables)).toEqual([]);
});

test("a target that can't be reached is told by where its address stands", async (t) => {
  const { dataDir } = await createDeployment(t);
  const line = createCommandLine(t, createRecordsCommands({ migrationModules: modules }));
  line.env["NADI_DATA_DIR"] = dataDir;
  const url = "postgres://nadi@127.0.0.1:1/nadi";
  const given = await line.run("records", "copy", "--to", url);
  expect(given.stderr).toMatch(/check that it runs, and --to\. \[RECORDS_UNAVAILABLE\]\n$/);
  line.env["NADI_DATABASE_URL"] = url;
  const { stderr } = await line.run("records", "copy");
  expect(stderr).toContain("check that it runs, and NADI_DATABASE_URL.");
});

test("what changes on its way is found, and nothing of the copy stays", async (t) => {
  const made = await createDeployment(t);
  const target = await openRecords({ url: made.url });
  await migrate(target, made.migrations);
  await sql`create function spoil() returns trigger language plpgsql as
    'begin new.detail_json = lower(new.detail_json) || chr(32); return new; end'`.execute(
    target.db,
  );
  await sql`create trigger spoil before insert on audit_log
    for each row execute function spoil()`.execute(target.db);
  await target.close();
  await expect(copyRecords(made)).rejects.toMatchObject({
    code: "RECORDS_COPY_DIFFERS",
    facts: { table: "audit_log" },
  });
  expect(await query(made.url, "select count(*)::int as n from kitchen")).toEqual([{ n: 0 }]);
});

test("killed in the middle it leaves the target empty, and the next one comes to its end", async (t) => {
  const made = await createDeployment(t);
  const target = await openRecords({ url: made.url });
  await migrate(target, made.migrations);
  await sql`create function wait() returns trigger language plpgsql as
    'begin perform pg_sleep(60); return new; end'`.execute(target.db);
  await sql`create trigger wait before insert on dead_letter
    for each row execute function wait()`.execute(target.db);
  await target.close();
  const words = ["records", "copy", "--to", made.url];
  const copying = spawnNadi(t, { dataDir: made.dataDir, words });
  const sleeping = "select pid from pg_stat_activity where wait_event = 'PgSleep'";
  await eventually(
    () => query(made.url, sleeping),
    (rows) => rows.length > 0,
    20_000,
  );
  await copying.kill();
  await query(
    made.url,
    "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'",
  );
  expect(await query(made.url, "select count(*)::int as n from kitchen")).toEqual([{ n: 0 }]);
  await query(made.url, "drop trigger wait on dead_letter");
  expect(await copyRecords(made)).toMatchObject({ wasThere: false });
});

test("a data folder that is served, or has no records, is refused with what to do", async (t) => {
  const made = await createDeployment(t);
  const line = createCommandLine(t, createRecordsCommands({ migrationModules: modules }));
  line.env["NADI_DATABASE_URL"] = made.url;
  expect(await line.run("records", "copy")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There are no records in"),
  });
  line.env["NADI_DATA_DIR"] = made.dataDir;
  const lock = acquireDataLock(made.dataDir);
  expect(await line.run("records", "copy")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("stop it first"),
  });
  lock.release();
  const done = await line.run("records", "copy");
  expect(done.stdout).toMatch(/audit_log +\d+ +[0-9a-f]{16}/);
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(await line.run("records", "copy", "--to", "mysql://x")).toMatchObject({ code: 2 });
});
