import { closeSync, existsSync, openSync, symlinkSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { createDurability, type Durability } from "../../../ingest/store/durability.ts";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { storeFolder } from "./open-store.ts";

interface Doubtful {
  durability: Durability;
  place: string;
  /** Asked for since the log's sync has failed; each settles one. */
  checkpoints: ((failure: string | null) => void)[];
}

/** A log that no sync can open: a link to itself. */
async function openDoubtful(t: TestContext): Promise<Doubtful> {
  const directory = await storeFolder(t);
  const place = path.join(directory, "day.sqlite");
  symlinkSync("day.sqlite-wal", `${place}-wal`);
  const checkpoints: Doubtful["checkpoints"] = [];
  const durability = createDurability(directory, {
    checkpoint: () => new Promise((resolve) => void checkpoints.push(resolve)),
    close: () => Promise.resolve(),
  });
  durability.touched(place);
  return { durability, place, checkpoints };
}

test("a sync asked for during one that fails tries its files again before it resolves", async (t) => {
  const { durability, checkpoints } = await openDoubtful(t);
  const ends: string[] = [];
  const first = durability.sync().then(
    () => ends.push("first done"),
    () => ends.push("first failed"),
  );
  const second = durability.sync().then(
    () => ends.push("second done"),
    () => ends.push("second failed"),
  );
  await first;
  while (checkpoints.length === 0 && ends.length < 2) await nextTurn();
  expect(ends).toEqual(["first failed"]);
  checkpoints.shift()?.(null);
  await second;
  expect(ends).toEqual(["first failed", "second done"]);
});

test("a sync asked for during another waits for the same disk, and fails with it", async (t) => {
  const { durability, checkpoints } = await openDoubtful(t);
  await expect(durability.sync()).rejects.toMatchObject({ code: "ELOOP" });
  const both = Promise.allSettled([durability.sync(), durability.sync()]);
  for (const failure of ["no room", "no room"]) {
    while (checkpoints.length === 0) await nextTurn();
    checkpoints.shift()?.(failure);
  }
  expect(await both).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
});

test("what is touched while a sync is under way belongs to the next one", async (t) => {
  const { durability, place, checkpoints } = await openDoubtful(t);
  await expect(durability.sync()).rejects.toMatchObject({ code: "ELOOP" });
  const first = durability.sync();
  while (checkpoints.length === 0) await nextTurn();
  durability.touched(place);
  checkpoints.shift()?.(null);
  await first;
  // The log is doubted no more: it is opened again.
  await expect(durability.sync()).rejects.toMatchObject({ code: "ELOOP" });
});

test("a store whose folder's own entry can't be synced does not open", async (t) => {
  const folder = openSync(await storeFolder(t), "r");
  t.onTestFinished(() => closeSync(folder));
  t.skip(!existsSync("/proc/self/fd"), "no /proc here: its folders refuse fsync");
  const directory = `/proc/self/fd/${folder}`;
  expect(() => openSqliteStore({ directory })).toThrow(/EINVAL/);
});
