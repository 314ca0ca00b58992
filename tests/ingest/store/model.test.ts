import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openSqliteHistory } from "../../../ingest/store/sqlite-history.ts";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { type ModelledStore, storeModel } from "./model.contract.ts";
import { createHours } from "./open-store.ts";
import { countRaw, findWrongMinutes } from "./recount.ts";

test("any order of writes, repeats, restarts and upkeep answers as a recount does", async () => {
  const result = await fc.check(storeModel(createSqlite), { numRuns: 60 });
  expect(fc.defaultReportMessage(result)).toBeUndefined();
}, 60_000);

async function createSqlite(): Promise<ModelledStore> {
  const directory = await mkdtemp(path.join(tmpdir(), "nadi-model-"));
  const { options, keepUp } = createHours();
  return {
    history: openSqliteHistory({ directory }),
    open: () => openSqliteStore({ ...options, directory }),
    maintain: (store, nowMs) => keepUp(store, nowMs),
    async verify(readings) {
      expect(countRaw(directory)).toBe(readings);
      expect(findWrongMinutes(directory)).toEqual([]);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
