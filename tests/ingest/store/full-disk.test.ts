import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { mountTmpfs } from "../../system/needs.ts";
import { batchOf } from "./batches.ts";
import { openStore } from "./open-store.ts";
import { countRaw, findWrongMinutes } from "./recount.ts";

test("a full disk refuses batches to be tried again, and loses nothing once there is room", async (t) => {
  const { folder, whyNot } = mountTmpfs(t, 8);
  t.skip(whyNot !== null, whyNot ?? "");
  const ballast = path.join(folder, "ballast");
  writeFileSync(ballast, Buffer.alloc(5 * 2 ** 20, 1));
  const directory = path.join(folder, "store");
  const { store } = await openStore(t, { directory });
  let batch = 0;
  const writeUntilFull = async (): Promise<void> => {
    for (; batch < 1_000; batch += 1) await store.write(batchOf(1, batch));
  };
  await expect(writeUntilFull()).rejects.toMatchObject({
    code: "INGEST_STORE_UNAVAILABLE",
    retryable: true,
  });
  rmSync(ballast);
  for (let again = 0; again <= batch; again += 1) {
    expect(await store.write(batchOf(1, again))).toMatchObject({ collisions: 0, rejected: [] });
  }
  expect(countRaw(directory)).toBe((batch + 1) * batchOf(1, 0).length);
  await store.write(batchOf(1, batch + 200));
  expect(findWrongMinutes(directory)).toEqual([]);
});
