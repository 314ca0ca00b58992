import { Client } from "pg";
import { expect, test, vi } from "vitest";
import { acquireDatabaseLock } from "../../../devices/records/database-lock.ts";
import { startRecordsWorker } from "../../../devices/records/records-worker.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import { fileScope } from "../../support/file-scope.ts";
import { eventually } from "../../support/kitchen.ts";
import type { Scope } from "../../support/nadi-process.ts";
import { query, startPostgres } from "../../support/postgres.ts";
import { createDataDir } from "./factories.ts";

// A cluster is made anew, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const shared = startPostgres(fileScope());
const inUse = { code: "RECORDS_DATABASE_IN_USE", retryable: false };
const deadlineMs = 20_000;

async function acquire(scope: Scope, url: string, takenMsMax?: number) {
  const onLost = vi.fn();
  const lock = await acquireDatabaseLock({
    url,
    onLost,
    ...(takenMsMax === undefined ? {} : { takenMsMax }),
  });
  scope.onTestFinished(() => lock.release());
  return { ...lock, onLost };
}

/** Waits for the lock, and then ends the owner's connection, as a network would. */
async function steal(scope: Scope, url: string): Promise<void> {
  const thief = new Client({ connectionString: url });
  await thief.connect();
  scope.onTestFinished(() => thief.end());
  const stolen = thief.query("select pg_advisory_lock(1851876457, hashtext(current_schema()))");
  const waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted";
  await eventually(
    () => query(url, waiting),
    (rows) => rows.length > 0,
    deadlineMs,
  );
  await query(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'nadi-owner'`,
  );
  await stolen;
}

test("one process serves a database, and the next one when it has given it back", async (t) => {
  const url = await (await shared).createDatabase();
  const first = await acquire(t, url);
  await expect(acquire(t, url)).rejects.toMatchObject(inUse);
  await expect(acquire(t, url)).rejects.toThrow("stop it first");
  await Promise.all([first.release(), first.release()]);
  await acquire(t, url);
  expect(first.onLost).not.toHaveBeenCalled();
});

test("two schemas of one database have an owner each", async (t) => {
  const url = await (await shared).createDatabase();
  await query(url, "create schema other");
  await acquire(t, url);
  const other = `${url}?options=-csearch_path%3Dother`;
  await acquire(t, other);
  await expect(acquire(t, other)).rejects.toMatchObject(inUse);
});

test("an owner whose server was killed is the owner again when it is back", async (t) => {
  const server = await startPostgres(t);
  const first = await acquire(t, server.url());
  await server.kill();
  await server.start();
  const held = "select count(*)::int as n from pg_locks where locktype = 'advisory'";
  await eventually(
    () => query(server.url(), held),
    ([row]) => row?.["n"] === 1,
    deadlineMs,
  );
  await expect(acquire(t, server.url())).rejects.toMatchObject(inUse);
  expect(first.onLost).not.toHaveBeenCalled();
});

test("an owner that finds another in its place says so", async (t) => {
  const url = await (await shared).createDatabase();
  const first = await acquire(t, url, 100);
  await steal(t, url);
  await eventually(
    () => Promise.resolve(first.onLost.mock.calls),
    (calls) => calls.length > 0,
    deadlineMs,
  );
  expect(first.onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining(inUse));
});

test("a second serve is refused on the database of another, also with a folder of its own", async (t) => {
  const databaseUrl = await (await shared).createDatabase();
  const start = async () => {
    const worker = await startRecordsWorker({
      dataDir: createDataDir(t),
      databaseUrl,
      lock: true,
      migrationModules: [registryMigrationsModule],
      services: {},
    });
    t.onTestFinished(() => worker.close());
    return worker;
  };
  const first = await start();
  await expect(start()).rejects.toMatchObject(inUse);
  await first.close();
  await start();
});
