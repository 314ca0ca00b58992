import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { dayOf, dayPath } from "../../ingest/store/files.ts";
import { readingsDirectory } from "../../ingest/index.ts";

/**
 * Takes the telemetry store away from a running serve, as an operator's tool can: another process
 * (this one) holds the write lock on its day files. Answers how to give it back.
 */
export function holdStore(dataDir: string, forMs: number): () => void {
  const today = dayOf(Date.now());
  // A long run may see midnight.
  const days = dayOf(Date.now() + forMs) === today ? [today] : [today, today + 1];
  const held = days.map((day) => {
    const path = dayPath(readingsDirectory(dataDir), day);
    if (day === today && !existsSync(path)) throw new Error(`${path}: nothing is stored yet`);
    const database = new DatabaseSync(path, { timeout: 10_000 });
    database.exec("PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE");
    return database;
  });
  return () => {
    for (const database of held) {
      database.exec("ROLLBACK");
      database.close();
    }
  };
}
