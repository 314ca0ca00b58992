import type { TestContext } from "vitest";
import type { JournalEntry } from "../../../../broker/journal/journal.ts";
import { linkLimits } from "../../../../broker/journal/redis/link.ts";
import { openRedisJournal } from "../../../../broker/journal/redis/open-redis-journal.ts";
import type {
  JournalAppender,
  PartitionedJournal,
  PartitionJournal,
  RedisJournalOptions,
} from "../../../../broker/journal/redis/partitioned-journal.ts";
import { type JournalTimers, systemTimers } from "../../../../broker/journal/timers.ts";
import { fileScope } from "../../../support/file-scope.ts";
import { eventually } from "../../../support/kitchen.ts";
import type { Scope } from "../../../support/nadi-process.ts";
import { type RedisServer, startRedis } from "../../../support/redis.ts";
import { valkeyProgram } from "../../../support/valkey.ts";
import { reading } from "../harness.ts";

type Hooks = Pick<TestContext, "onTestFinished">;

/** What the journal requires of its Redis. */
export const durableArgs = ["--appendonly", "yes", "--appendfsync", "always"] as const;

/** Five times what the slowest recovery took here. */
export const backWithinMs = 30_000;

/** Looks at Redis' settings at once and not after ten seconds. */
export const hastyTimers: JournalTimers = {
  after: (delayMs, callback) =>
    systemTimers.after(delayMs === linkLimits.recheckMs ? 50 : delayMs, callback),
  soon: (callback) => systemTimers.soon(callback),
};

export type StartRedis = (scope: Scope, more?: readonly string[]) => Promise<RedisServer>;

/** Debian 12's: before 7.2, without WAITAOF. */
export const startDurableRedis: StartRedis = (scope, more = []) =>
  startRedis(scope, { args: [...durableArgs, ...more] });

/** With WAITAOF. */
export const startDurableValkey: StartRedis = (scope, more = []) =>
  startRedis(scope, { program: valkeyProgram(), args: [...durableArgs, ...more] });

/** One server for a file; not before a test asks for it, so that a run without any starts none. */
export function sharedRedis(start: (scope: Scope) => Promise<RedisServer>) {
  const scope = fileScope();
  let started: Promise<RedisServer> | null = null;
  return (): Promise<RedisServer> => (started ??= start(scope));
}

export function createLog() {
  const lines: string[] = [];
  const add = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: add, warn: add, error: add };
}

export async function openOn(
  t: Hooks,
  redis: Pick<RedisServer, "url">,
  options: Partial<RedisJournalOptions> = {},
): Promise<PartitionedJournal> {
  const journal = await openRedisJournal({
    url: redis.url,
    partitions: 4,
    log: createLog(),
    ...options,
  });
  t.onTestFinished(() => journal.close());
  return journal;
}

/** Partition of the kitchen that `reading` tells of. */
export function partitionUnderTest(journal: PartitionedJournal): Promise<PartitionJournal> {
  return journal.partition(journal.partitionOf("sppg-jakarta-001"));
}

/** Resolves to the entry's offset once it is durable. */
export function appendTo(
  appender: JournalAppender,
  entry: Parameters<JournalAppender["append"]>[0],
): Promise<number> {
  return new Promise((resolve, reject) => {
    appender.append(entry, (error, offset) => (error ? reject(error) : resolve(offset)));
  });
}

/** What senders saw: the text of each acknowledged entry, and its offset. */
export interface Acknowledged {
  readonly offsets: Map<string, number>;
  /** Ends the load; resolves when everything has been answered. */
  stop(): Promise<void>;
}

/** Keeps so many appends under way, each with a text of its own. */
export function load(journal: JournalAppender, name: string, inFlight: number): Acknowledged {
  const offsets = new Map<string, number>();
  const ended = Promise.withResolvers<void>();
  let isStopped = false;
  let underWay = inFlight;
  let count = 0;
  const append = (): void => {
    count++;
    const text = `${name}-${count}`;
    journal.append(reading(text), (error, offset) => {
      if (error === null) offsets.set(text, offset);
      if (!isStopped && error === null) append();
      else if (--underWay === 0) ended.resolve();
    });
  };
  for (let index = 0; index < inFlight; index++) append();
  return {
    offsets,
    stop() {
      isStopped = true;
      return ended.promise;
    },
  };
}

/** Waits for so many more acknowledgements. */
export async function moreAcknowledged(load: Acknowledged, more: number): Promise<void> {
  const wanted = load.offsets.size + more;
  await eventually(
    () => Promise.resolve(load.offsets.size),
    (size) => size >= wanted,
    backWithinMs,
  );
}

/** Resolves when the owner has heard of the entry: under WAITAOF that may be after its answer. */
export async function untilSynced(owner: PartitionJournal, offset: number): Promise<void> {
  await eventually(
    () => Promise.resolve(owner.syncedOffset),
    (syncedOffset) => syncedOffset >= offset,
    backWithinMs,
  );
}

/** The whole of a partition, in reads of a size that ends inside batches. */
export async function readPartition(
  view: PartitionJournal,
  from = view.firstOffset,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let next = from; next <= view.syncedOffset; ) {
    const batch = await view.read(next, { entriesMax: 997, bytesMax: 100_000 });
    // A payload is a view of its batch.
    entries.push(...batch.entries);
    next = batch.nextOffset;
  }
  return entries;
}
