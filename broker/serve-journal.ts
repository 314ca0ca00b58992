import type { ServeParts } from "../devices/index.ts";
import type { JournalConfig } from "./journal/config.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import type { PartitionedJournal } from "./journal/redis/partitioned-journal.ts";
import { openServedJournal, openServedRedisJournal } from "./open-journal.ts";
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
