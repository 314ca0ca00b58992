import type { RedisJournalConfig } from "./journal/config.ts";
import { JournalError } from "./journal/errors.ts";
import { nodeFileSystem } from "./journal/file-system.ts";
import { lookAtRedisJournal } from "./journal/redis/inspect.ts";
import { partitionsMismatch } from "./journal/redis/link.ts";
import { requireAllTaken } from "./journal/untaken.ts";
import { journalDirectory } from "./open-journal.ts";

/**
 * Before a process of any role works with the journal on Redis, so that nothing begins that must
 * end at once. Rejects with `JOURNAL_NOT_EMPTY` while segment files of before in the data folder
 * hold what nobody has taken, and with `JOURNAL_PARTITIONS_MISMATCH`. A Redis that is away is
 * waited for later.
 */
export async function requireRedisJournal(
  { url, partitions }: RedisJournalConfig,
  parentDir: string,
): Promise<void> {
  await requireAllTaken({ disk: nodeFileSystem, directory: journalDirectory(parentDir) });
  const stored = await lookAtRedisJournal(url, (look) => look.partitions()).catch(
    (error: unknown) => {
      if (error instanceof JournalError && error.retryable) return null;
      throw error;
    },
  );
  if (stored !== null && stored !== partitions)
    throw partitionsMismatch(String(stored), partitions);
}
