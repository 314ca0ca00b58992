import type { JournalClock } from "../clock.ts";
import type { Journal } from "../journal.ts";
import type { JournalTimers } from "../timers.ts";
import type { RedisDurability } from "./durability.ts";

/** What a broker needs of a journal: it never reads. */
export type JournalAppender = Pick<Journal, "append" | "condition" | "onCondition" | "close">;

/**
 * One partition as its owner sees it: the whole port. Its offsets are the partition's own.
 *
 * - Offsets begin near the microseconds since 1970 and not at 1, and jump ahead after a restart of
 *   Redis, so that none is given twice even by a Redis that has lost what it held. Readers step
 *   over gaps, as with the file journal.
 * - Received times are told by the clock of Redis, one line for all brokers; `clock` entries tell
 *   where it was stepped, as with the file journal.
 * - Before the first `publish` entry that was accepted under a newer change of the registry than
 *   any before it in this partition, there stands a `change` entry: a fold knows a device before
 *   its first reading. One change may stand there more than once: folding it twice is harmless.
 * - Cursors are remembered as of `partition()`, and as committed through this object: an owner that
 *   takes over opens the partition anew.
 */
export interface PartitionJournal extends Journal {
  readonly partition: number;
  /** Ends this view; the connection and the other partitions stay. Idempotent. */
  close(): Promise<void>;
}

/** Counters since the journal was opened; the metrics endpoint reads them. */
export interface RedisJournalStats {
  entriesAppended: number;
  bytesAppended: number;
  batchesAppended: number;
  /** A round brings a batch to each partition that has entries, with one sync for all. */
  roundsAppended: number;
  /** Batches that were sent again because their first answer was lost. */
  batchesRepeated: number;
  /** Of those, what Redis had stored already. */
  batchesKnown: number;
  /** From sending a round to its durable answer; with `roundsAppended` it gives the mean. */
  appendMsTotal: number;
  appendMsMax: number;
  /** Entries and bytes that wait for Redis now. */
  entriesPending: number;
  bytesPending: number;
  /** Times that acknowledgements began to be withheld. */
  withheld: number;
  /** Batches, as read, whose checksum failed. */
  damagedBatches: number;
  clockSteps: number;
  reconnects: number;
}

const noStats: RedisJournalStats = {
  entriesAppended: 0,
  bytesAppended: 0,
  batchesAppended: 0,
  roundsAppended: 0,
  batchesRepeated: 0,
  batchesKnown: 0,
  appendMsTotal: 0,
  appendMsMax: 0,
  entriesPending: 0,
  bytesPending: 0,
  withheld: 0,
  damagedBatches: 0,
  clockSteps: 0,
  reconnects: 0,
};

export function createRedisStats(): RedisJournalStats {
  return { ...noStats };
}

/** The journal on Redis Streams, of one process or thread. */
export interface PartitionedJournal {
  /** `NADI_JOURNAL_PARTITIONS`, as it stands in Redis. */
  readonly partitions: number;
  /** What an acknowledgement means, as found at the last check of Redis' settings. */
  readonly durability: RedisDurability;
  /**
   * For brokers: takes `publish` entries, each into the partition of its principal's kitchen, and
   * answers in order within a kitchen. Its `close` is the journal's.
   */
  readonly appender: JournalAppender;
  readonly condition: Journal["condition"];
  onCondition: Journal["onCondition"];
  partitionOf(sppgId: string): number;
  /**
   * For the partition's owner; reads where its cursors stand. Whether it is the only owner is the
   * lease's matter. Rejects with `JOURNAL_OPEN_FAILED` while Redis is away: try again.
   */
  partition(partition: number): Promise<PartitionJournal>;
  /** A snapshot of the counters. */
  stats(): RedisJournalStats;
  /** Sends what is pending, answers it, ends the connections. Idempotent. */
  close(): Promise<void>;
}

export interface RedisJournalOptions {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  url: string;
  /** Written into Redis by the first process; a different number later is refused. */
  partitions: number;
  /** `NADI_ACCEPT_WEAK_JOURNAL`: acknowledge though Redis may lose it; default `false`. */
  isWeakAccepted?: boolean;
  /** The newest change of the registry that this process knows of; asked at each append. */
  changeSeq?: () => number;
  log: RedisJournalLog;
  /** How long a start waits for a Redis that is away or loads its data; default 15 s. */
  openMsMax?: number;
  /** Half seconds without an answer before the connection is given up; default 20. */
  silentBeatsMax?: number;
  clock?: JournalClock;
  timers?: JournalTimers;
}

/** Where log lines go; a pino logger is one. */
export interface RedisJournalLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
