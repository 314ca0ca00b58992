import type { PartitionedJournal, RedisJournalOptions } from "./partitioned-journal.ts";

/**
 * Opens the journal: connects, checks what Redis promises, and joins or founds the partitions.
 * Rejects with a `JournalError`: `JOURNAL_OPEN_FAILED` (away, may be tried again),
 * `JOURNAL_WEAK_REFUSED` or `JOURNAL_PARTITIONS_MISMATCH` (an operator has to decide).
 */
export async function openRedisJournal(options: RedisJournalOptions): Promise<PartitionedJournal> {
  // Loaded only where it is needed: a kitchen's own machine starts without it.
  const { openStreams } = await import("./streams-journal.ts");
  return openStreams(options);
}
