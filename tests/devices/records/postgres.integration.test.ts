import { sql, type Generated } from "kysely";
import { expect, test, type TestContext, vi } from "vitest";
import {
  openRecords,
  type Records,
  tablesOf,
  writeTransaction,
} from "../../../devices/records/records.ts";
import { fileScope } from "../../support/file-scope.ts";
import { query, startPostgres } from "../../support/postgres.ts";

// A cluster is made anew, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const shared = startPostgres(fileScope());

interface NoteTables {
  note: { id: Generated<number>; number: number | null; text: string | null };
}

async function openAt(t: Pick<TestContext, "onTestFinished">, url: string): Promise<Records> {
  const records = await openRecords({ url, connectionsMax: 2 });
  t.onTestFinished(() => records.close());
  return records;
}

async function createNotes(t: TestContext) {
  const url = await (await shared).createDatabase();
  const records = await openAt(t, url);
  await sql`create table note (
    id bigint generated always as identity primary key, number bigint, text text
  )`.execute(records.db);
  return { url, records };
}

function add(records: Records, text: string, before = async (): Promise<void> => {}) {
  return writeTransaction<NoteTables, number>(records, async (tx) => {
    await before();
    const row = await tx
      .insertInto("note")
      .values({ text })
      .returning("id")
      .executeTakeFirstOrThrow();
    return row.id;
  });
}

async function texts(records: Records): Promise<(string | null)[]> {
  const rows = await tablesOf<NoteTables>(records)
    .selectFrom("note")
    .select("text")
    .orderBy("id")
    .execute();
  return rows.map(({ text }) => text);
}

/** As an operator would: every connection of Nadi to that database is ended. */
async function endConnections(url: string): Promise<void> {
  const mine = `datname = current_database() and application_name = 'nadi'`;
  await query(url, `select pg_terminate_backend(pid) from pg_stat_activity where ${mine}`);
}

test("times and counts are numbers, and what no number holds exactly is refused", async (t) => {
  const { records } = await createNotes(t);
  const { rows } = await sql`
    select 1795300000000::bigint as ms, count(*) as count, sum(1::bigint) as sum,
      9007199254740991::bigint as most`.execute(records.db);
  expect(rows).toEqual([{ ms: 1_795_300_000_000, count: 1, sum: 1, most: 2 ** 53 - 1 }]);
  const beyond = sql`select 9007199254740993::bigint as number`.execute(records.db);
  await expect(beyond).rejects.toMatchObject({ code: "RECORDS_INTERNAL", retryable: false });
  expect(await texts(records)).toEqual([]);
});

test("a commit is on disk, and nothing waits for ever, also beside options of the URL", async (t) => {
  const url = await (await shared).createDatabase();
  await query(url, "create schema own");
  const records = await openAt(t, `${url}?options=-csearch_path%3Down`);
  const settings = [
    ["synchronous_commit", "on"],
    ["transaction_isolation", "read committed"],
    ["statement_timeout", "10s"],
    ["lock_timeout", "5s"],
    ["idle_in_transaction_session_timeout", "3s"],
    ["search_path", "own"],
  ] as const;
  for (const [name, value] of settings) {
    const { rows } = await sql`select current_setting(${name}) as value`.execute(records.db);
    expect({ name, rows }).toEqual({ name, rows: [{ value }] });
  }
});

test("a command over whole tables may pause between two statements as long as one may take", async (t) => {
  const url = await (await shared).createDatabase();
  const records = await openRecords({ url, statementMsMax: 3_600_000 });
  t.onTestFinished(() => records.close());
  for (const name of ["statement_timeout", "idle_in_transaction_session_timeout"]) {
    const { rows } = await sql`select current_setting(${name}) as value`.execute(records.db);
    expect({ name, rows }).toEqual({ name, rows: [{ value: "1h" }] });
  }
});

test("writers of several processes take turns: the order of numbers is that of commits", async (t) => {
  const { url, records } = await createNotes(t);
  const others = await Promise.all([openAt(t, url), openAt(t, url)]);
  const seen: number[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const { rows } = await sql<{ most: number | null; count: number }>`
        select max(id) as most, count(*) as count from note`.execute(records.db);
      // A reader that has seen n never finds a smaller one later.
      expect(rows[0]?.most ?? 0).toBe(rows[0]?.count);
      seen.push(rows[0]?.count ?? 0);
    }
  })();
  const writers = [records, ...others].flatMap((one) => Array.from({ length: 20 }, () => one));
  await Promise.all(writers.map((one, index) => add(one, `note ${index}`)));
  over.abort();
  await watching;
  expect(await texts(records)).toHaveLength(60);
  expect(new Set(seen).size).toBeGreaterThan(2);
});

test("writers that wait for another process leave the connections to those who read", async (t) => {
  const { url, records } = await createNotes(t);
  const other = await openAt(t, url);
  const held = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const holder = add(other, "first", async () => {
    holding.resolve();
    await held.promise;
  });
  await holding.promise;
  // More than the pool has connections, which is two.
  const writers = Array.from({ length: 6 }, (_, index) => add(records, `waited ${index}`));
  const inLine = async () => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event = 'advisory'`.execute(other.db);
    return rows.length;
  };
  await expect.poll(inLine).toBe(1);
  expect(await texts(records)).toEqual([]);
  held.resolve();
  await Promise.all([holder, ...writers]);
  expect(await texts(records)).toEqual(["first", ...[0, 1, 2, 3, 4, 5].map((n) => `waited ${n}`)]);
});

test("a connection that broke before the commit costs nothing: the work runs again", async (t) => {
  const { url, records } = await createNotes(t);
  let runs = 0;
  await add(records, "once", async () => {
    runs += 1;
    if (runs === 1) await endConnections(url);
  });
  expect({ runs, texts: await texts(records) }).toEqual({ runs: 2, texts: ["once"] });
});

test("a read on a connection that has been ended is asked again", async (t) => {
  const { url, records } = await createNotes(t);
  await add(records, "kept");
  await records.db.connection().execute(async (db) => {
    await endConnections(url);
    const { rows } = await sql`select text from note`.execute(db);
    expect(rows).toEqual([{ text: "kept" }]);
  });
});

test("a commit whose answer was lost is not repeated but told, as retryable", async (t) => {
  const { records } = await createNotes(t);
  // The server ends this connection while it commits.
  await sql`create function cut() returns trigger language plpgsql as
    'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'`.execute(records.db);
  await sql`create constraint trigger cut after insert on note
    deferrable initially deferred for each row execute function cut()`.execute(records.db);
  let runs = 0;
  const lost = add(records, "unknown", async () => void (runs += 1));
  await expect(lost).rejects.toMatchObject({ code: "RECORDS_UNAVAILABLE", retryable: true });
  expect(runs).toBe(1);
});

test("a killed server is told as unavailable, and the same handle works when it is back", async (t) => {
  const server = await startPostgres(t);
  const records = await openAt(t, server.url());
  await sql`create table note (id bigint primary key)`.execute(records.db);
  await server.kill();
  const read = (): Promise<unknown> => sql`select * from note`.execute(records.db);
  await expect(read()).rejects.toMatchObject({ code: "RECORDS_UNAVAILABLE", retryable: true });
  await expect(writeTransaction(records, async () => {})).rejects.toMatchObject({
    code: "RECORDS_UNAVAILABLE",
    status: 503,
  });
  await server.start();
  expect(await read()).toMatchObject({ rows: [] });
});

test("an address that leads nowhere is told at the start, without the password", async () => {
  const { url } = await shared;
  const wrong = [
    "postgres://nadi:hush@127.0.0.1:1/postgres",
    url("no_such_database").replace("nadi@", "nadi:hush@"),
  ];
  for (const address of wrong) {
    const failure: unknown = await openRecords({ url: address }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "RECORDS_UNAVAILABLE" });
    expect(String(failure)).toContain(new URL(address).host);
    expect(JSON.stringify(failure) + String(failure)).not.toContain("hush");
  }
});
