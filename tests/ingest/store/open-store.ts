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

export interface OpenedSqliteStore extends Pick<Hours, "keepUp"> {
  directory: string;
  store: SqliteTelemetryStore;
  history: History;
  events: StoreEvent[];
}

export interface Hours {
  options: Required<Pick<SqliteStoreOptions, "monotonicMs" | "log">>;
  /** Upkeep every hour, until the store follows a clock that has jumped. */
  keepUp(store: Pick<SqliteTelemetryStore, "maintain">, nowMs: number): Promise<void>;
}

/** An uptime that passes with the upkeep alone. */
export function createHours(log: (event: StoreEvent) => void = () => undefined): Hours {
  let uptimeMs = 0;
  let isDoubted = false;
  return {
    options: {
      monotonicMs: () => uptimeMs,
      log(event) {
        if (event.kind === "clockDoubted") isDoubted = true;
        log(event);
      },
    },
    async keepUp(store, nowMs) {
      do {
        isDoubted = false;
        uptimeMs += 3_600_000;
        await store.maintain(nowMs);
      } while (isDoubted);
    },
  };
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
  const { options, keepUp } = createHours((event) => void events.push(event));
  const store = openSqliteStore({ ...options, ...given, directory });
  const history = openSqliteHistory({ directory });
  t.onTestFinished(async () => {
    await history.close();
    await store.close();
  });
  return { directory, store, history, events, keepUp };
}
