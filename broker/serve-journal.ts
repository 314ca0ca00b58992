import type { ServeParts } from "../devices/index.ts";
import type { JournalConfig } from "./journal/config.ts";
import { nodeFileSystem } from "./journal/file-system.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import type { PartitionedJournal } from "./journal/redis/partitioned-journal.ts";
import { requireAllTaken } from "./journal/untaken.ts";
import { journalDirectory, openServedJournal, openServedRedisJournal } from "./open-journal.ts";
import type { LoginSource } from "./ports.ts";

export interface ServeJournalOptions {
  config: JournalConfig;
  /** The folder in which the folder of the segment files lies. */
  parentDir: string;
  /** Whose newest change goes with each entry on Redis. */
  changes: Pick<LoginSource, "changeSeq">;
  /** Segment files: what others remember of the journal ends before it. */
  nextOffsetMin(): Promise<number>;
}

/** The journal of a running service, on the engine that `NADI_JOURNAL` names. */
export async function serveJournal(
  options: ServeJournalOptions,
  parts: ServeParts,
): Promise<FileJournal | PartitionedJournal> {
  const { config, parentDir, changes } = options;
  if (config.redis !== null) {
    const changeSeq = (): number => changes.changeSeq;
    return await openServedRedisJournal({ ...parts, config: config.redis, changeSeq });
  }
  const nextOffsetMin = await options.nextOffsetMin();
  return await openServedJournal({ ...parts, config, parentDir, nextOffsetMin });
}

/**
 * Before a journal on Redis is worked with, by any role: the segment files that a process of before
 * may have left in the data folder must have been taken, or it rejects with `JOURNAL_NOT_EMPTY`.
 */
export function requireFilesTaken(parentDir: string): Promise<void> {
  return requireAllTaken({ disk: nodeFileSystem, directory: journalDirectory(parentDir) });
}
