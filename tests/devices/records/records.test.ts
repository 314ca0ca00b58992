import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql, type Generated } from "kysely";
import { expect, test, type TestContext } from "vitest";
import {
  openRecords,
  recordsPath,
  tablesOf,
  writeTransaction,
  type Records,
} from "../../../devices/records/records.ts";
import { createDataDir, openTestRecords } from "./factories.ts";

interface NoteTables {
  note: { id: Generated<number>; text: string | null };
}

async function createNotes(t: TestContext, dataDir: string): Promise<Records> {
  const records = await openTestRecords(t, { dataDir });
  await sql`create table note (id integer primary key, text text not null)`.execute(records.db);
  return records;
}

async function pragma(records: Records, name: string): Promise<unknown> {
  const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(records.db);
  return Object.values(rows[0] ?? {})[0];
}

test("WAL, synchronous=FULL, foreign keys and a busy timeout are set", async (t) => {
  const records = await openTestRecords(t);
  expect(await pragma(records, "journal_mode")).toBe("wal");
  expect(await pragma(records, "synchronous")).toBe(2);
  expect(await pragma(records, "foreign_keys")).toBe(1);
  expect(await pragma(records, "busy_timeout")).toBe(5_000);
});

test("the database file is its owner's alone", async (t) => {
  const dataDir = createDataDir(t);
  await createNotes(t, dataDir);
  for (const suffix of ["", "-wal", "-shm"]) {
    expect(statSync(`${recordsPath(dataDir)}${suffix}`).mode & 0o777).toBe(0o600);
  }
});

test("a write transaction holds the write lock from its beginning", async (t) => {
  const dataDir = createDataDir(t);
  const records = await createNotes(t, dataDir);
  const other = await openTestRecords(t, { dataDir, busyTimeoutMs: 0 });
  await writeTransaction<NoteTables, void>(records, async (tx) => {
    await tx.selectFrom("note").selectAll().execute();
    const write = writeTransaction<NoteTables, void>(other, async () => {});
    await expect(write).rejects.toMatchObject({ code: "RECORDS_LOCKED", retryable: true });
  });
});

test("transactions that run at once on one handle do not mix", async (t) => {
  const records = await createNotes(t, createDataDir(t));
  const add = (text: string | null): Promise<void> =>
    writeTransaction<NoteTables, void>(records, async (tx) => {
      await tx.insertInto("note").values({ text: "first" }).execute();
      await tx.insertInto("note").values({ text }).execute();
    });
  const results = await Promise.allSettled([add("a"), add(null), add("b")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const rows = await tablesOf<NoteTables>(records).selectFrom("note").select("text").execute();
  expect(rows.map(({ text }) => text)).toEqual(["first", "a", "first", "b"]);
});

test("a transaction that fails leaves nothing and its error is not hidden", async (t) => {
  const records = await createNotes(t, createDataDir(t));
  const work = writeTransaction<NoteTables, void>(records, async (tx) => {
    await tx.insertInto("note").values({ text: "a" }).execute();
    // As SQLite does by itself on a full disk.
    await sql`rollback`.execute(tx);
    throw new Error("the reason");
  });
  await expect(work).rejects.toThrow("the reason");
  const rows = await tablesOf<NoteTables>(records).selectFrom("note").selectAll().execute();
  expect(rows).toEqual([]);
});

test("a full database is told as RECORDS_DISK_FULL and changes nothing", async (t) => {
  const records = await createNotes(t, createDataDir(t));
  const pages = Number(await pragma(records, "page_count"));
  await sql`pragma max_page_count = ${sql.lit(pages)}`.execute(records.db);
  const work = writeTransaction<NoteTables, void>(records, async (tx) => {
    await tx
      .insertInto("note")
      .values({ text: "x".repeat(100_000) })
      .execute();
  });
  await expect(work).rejects.toMatchObject({ code: "RECORDS_DISK_FULL", status: 507 });
  const rows = await tablesOf<NoteTables>(records).selectFrom("note").selectAll().execute();
  expect(rows).toEqual([]);
});

test("a folder in the file's place is refused with the path and what to check", async (t) => {
  const dataDir = createDataDir(t);
  await mkdir(recordsPath(dataDir));
  await expect(openRecords({ path: recordsPath(dataDir) })).rejects.toMatchObject({
    code: "RECORDS_UNAVAILABLE",
    message: expect.stringContaining("check the data folder"),
  });
});

test("a file that is no database is refused and left as it is", async (t) => {
  const path = join(createDataDir(t), "records.sqlite");
  await writeFile(path, "not a database ".repeat(100));
  await expect(openRecords({ path })).rejects.toMatchObject({ code: "RECORDS_UNAVAILABLE" });
  expect(statSync(path).size).toBe(1_500);
});

test("closing twice is closing once", async (t) => {
  const records = await openTestRecords(t);
  await sql`select 1`.execute(records.db);
  await expect(Promise.all([records.close(), records.close()])).resolves.toBeDefined();
  await expect(sql`select 1`.execute(records.db)).rejects.toThrow("destroyed");
});
