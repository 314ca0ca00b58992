import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "vitest";
import type { StoreEvent } from "../../../ingest/store/day-files.ts";
import { openSqliteHistory } from "../../../ingest/store/sqlite-history.ts";
import {
  openSqliteStore,
  type SqliteStoreOptions,
  type SqliteTelemetryStore,
} from "../../../ingest/store/sqlite-store.ts";
import type { History } from "../../../ingest/store/store.ts";

export interface OpenedSqliteStore {
  directory: string;
  store: SqliteTelemetryStore;
  history: History;
  events: StoreEvent[];
}

export async function storeFolder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "nadi-store-"));
  t.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A store and its history over a folder of their own, or over the given one. */
export async function openStore(
  t: TestContext,
  given: Partial<SqliteStoreOptions> = {},
): Promise<OpenedSqliteStore> {
  const directory = given.directory ?? (await storeFolder(t));
  const events: StoreEvent[] = [];
  const log = (event: StoreEvent): void => void events.push(event);
  const store = openSqliteStore({ log, ...given, directory });
  const history = openSqliteHistory({ directory });
  t.onTestFinished(async () => {
    await history.close();
    await store.close();
  });
  return { directory, store, history, events };
}
