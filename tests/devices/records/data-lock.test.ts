import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acquireDataLock } from "../../../devices/records/data-lock.ts";
import { createDataDir, firstLine, openTestRecords, spawnChild } from "./factories.ts";

test("a second process is refused, and admitted after kill -9 of the first", async (t) => {
  const dataDir = createDataDir(t);
  const owner = spawnChild(t, "hold-lock.ts", [dataDir]);
  expect(await firstLine(owner)).toBe("held");
  expect(() => acquireDataLock(dataDir)).toThrow(
    expect.objectContaining({
      code: "RECORDS_DATA_DIR_IN_USE",
      message: expect.stringContaining("NADI_DATA_DIR"),
    }),
  );
  owner.kill("SIGKILL");
  await once(owner, "exit");
  acquireDataLock(dataDir).release();
});

test("two owners in one process are refused as well, until the first releases", (t) => {
  const dataDir = createDataDir(t);
  const lock = acquireDataLock(dataDir);
  expect(() => acquireDataLock(dataDir)).toThrow("owns the data folder");
  lock.release();
  lock.release();
  acquireDataLock(dataDir).release();
});

test("commands open the records beside the owner", async (t) => {
  const dataDir = createDataDir(t);
  const owner = spawnChild(t, "hold-lock.ts", [dataDir]);
  await firstLine(owner);
  const records = await openTestRecords(t, { dataDir });
  expect(records.dialect).toBe("sqlite");
});

test("two folders have two owners, and a missing folder is made", (t) => {
  const dataDir = createDataDir(t);
  const first = acquireDataLock(join(dataDir, "deep", "a"));
  const second = acquireDataLock(join(dataDir, "deep", "b"));
  expect(() => acquireDataLock(join(dataDir, "deep", "b"))).toThrow("owns the data folder");
  first.release();
  second.release();
});

test("the lock's file is its owner's only", (t) => {
  const dataDir = createDataDir(t);
  const lock = acquireDataLock(dataDir);
  expect(statSync(join(dataDir, "lock.sqlite")).mode & 0o777).toBe(0o600);
  lock.release();
});
