import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Checkpointer } from "./checkpointer.ts";
import { createExclusive } from "./exclusive.ts";

/**
 * Puts the folder's own entry on disk: else a power cut could take all that is in it. Each time it
 * is opened, since whoever has made it may have been killed before. The journal does the same.
 */
export function syncEntryOf(directory: string): void {
  const parent = openSync(dirname(resolve(directory)), "r");
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}

/**
 * Makes what was committed to files durable. Only their logs are opened: closing a descriptor of a
 * database's main file would drop the locks of the whole process on it (POSIX), and SQLite locks
 * nothing on a log. A log is restarted only behind a checkpoint, which has synced the database.
 */
export interface Durability {
  touched(path: string): void;
  /**
   * What was touched before the call is on disk when it resolves. Calls run one after the other: a
   * later one may not resolve while the files that it asks about are still on their way.
   */
  sync(): Promise<void>;
}

export function createDurability(directory: string, checkpointer: Checkpointer): Durability {
  const dirty = new Set<string>();
  /** Their last sync failed: the kernel may call the log clean that never reached the disk. */
  const doubtful = new Set<string>();
  const syncFile = async (path: string): Promise<void> => {
    try {
      if (doubtful.has(path)) await copyAnew(path);
      else await syncLog(`${path}-wal`);
      doubtful.delete(path);
    } catch (error) {
      dirty.add(path);
      doubtful.add(path);
      throw error;
    }
  };
  const copyAnew = async (path: string): Promise<void> => {
    const failure = await checkpointer.checkpoint(path);
    if (failure !== null) throw Object.assign(new Error(failure), { syscall: "checkpoint" });
  };
  /** Takes what is dirty when its turn comes, also what a failed one before it has put back. */
  const syncDirty = async (): Promise<void> => {
    const paths = [...dirty];
    dirty.clear();
    if (paths.length === 0) return;
    const ends = await Promise.allSettled(paths.map(syncFile));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    try {
      // New files, and logs that were deleted and made again, need their entry.
      await syncPath(directory);
    } catch (error) {
      for (const path of paths) dirty.add(path);
      throw error;
    }
  };
  const turns = createExclusive();
  return {
    touched: (path) => void dirty.add(path),
    sync: () => turns.run(syncDirty),
  };
}

async function syncLog(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    // The last one to close has moved it into the database and synced that.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
