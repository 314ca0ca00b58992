import { parentPort } from "node:worker_threads";
import { DatabaseSync } from "node:sqlite";

/** What the thread is asked, and what it answers: `null` when the file is whole without its log. */
export interface CheckpointRequest {
  id: number;
  path: string;
}
export interface CheckpointAnswer {
  id: number;
  failure: string | null;
}

/** A checkpoint waits for the disk twice: for the log, then for the database. */
function checkpoint(path: string): string | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA synchronous = NORMAL");
    const { busy, log, checkpointed } =
      database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get() ?? {};
    return busy === 0 && log === checkpointed ? null : "a reader stands in the way";
  } finally {
    database.close();
  }
}

function attempt(path: string): string | null {
  try {
    return checkpoint(path);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

parentPort?.on("message", ({ id, path }: CheckpointRequest) => {
  parentPort?.postMessage({ id, failure: attempt(path) } satisfies CheckpointAnswer, []);
});
