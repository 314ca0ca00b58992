import { readFileSync } from "node:fs";
import { Client } from "pg";
import { expect, test, vi } from "vitest";
import { acquireDatabaseLock, databaseLockLimits } from "../../../devices/records/database-lock.ts";
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

test("processes with roles share a database, and none that is alone comes among them", async (t) => {
  const url = await (await shared).createDatabase();
  const share = async () => {
    const lock = await acquireDatabaseLock({ url, isShared: true, onLost: () => undefined });
    t.onTestFinished(() => lock.release());
    return lock;
  };
  const [first, second] = [await share(), await share()];
  await expect(acquire(t, url)).rejects.toMatchObject(inUse);
  await first.release();
  await expect(acquire(t, url)).rejects.toMatchObject(inUse);
  await second.release();
  await acquire(t, url);
  await expect(share()).rejects.toMatchObject(inUse);
});

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

test("a host that went without a word holds the lock for seconds, not for hours", async (t) => {
  const url = await (await shared).createDatabase();
  await acquire(t, url);
  const [owner] = await query(
    url,
    `select client_port from pg_stat_activity
      where datname = current_database() and application_name = 'nadi-owner'`,
  );
  const ports = { server: Number(new URL(url).port), client: Number(owner?.["client_port"]) };
  const timer = await eventually(
    () => Promise.resolve(keepAliveSeconds(ports)),
    // What was sent last has to be acknowledged first.
    (seconds) => seconds !== null,
    deadlineMs,
  );
  const { idleSeconds, intervalSeconds, count } = databaseLockLimits.serverKeepAlive;
  expect(timer).toBeLessThanOrEqual(idleSeconds);
  const heldSeconds = idleSeconds + intervalSeconds * count;
  expect(heldSeconds * 1000).toBeLessThan(databaseLockLimits.takenMsMax);
});

/** Until the system of the server probes that connection of its; `null`: no probe is due. */
function keepAliveSeconds({ server, client }: { server: number; client: number }): number | null {
  const portOf = (address = ""): number => Number.parseInt(address.split(":")[1] ?? "", 16);
  const lines = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  const sockets = lines.map((line) => line.trim().split(/\s+/));
  const socket = sockets.find(([, own, peer]) => portOf(own) === server && portOf(peer) === client);
  const [kind, when = ""] = (socket?.[5] ?? "").split(":");
  // 02: the timer of keep-alive; in hundredths [Linux, proc_net_tcp.rst].
  return kind === "02" ? Number.parseInt(when, 16) / 100 : null;
}

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
