import type { TestContext } from "vitest";
import type {
  PartitionedJournal,
  RedisJournalOptions,
} from "../../../../broker/journal/redis/partitioned-journal.ts";
import { openRedisJournal } from "../../../../broker/journal/redis/open-redis-journal.ts";
import type { Scope } from "../../../support/nadi-process.ts";
import { type RedisServer, startRedis } from "../../../support/redis.ts";

type Hooks = Pick<TestContext, "onTestFinished">;

/** What the journal requires of a Redis without WAITAOF. */
export const durableArgs = ["--appendonly", "yes", "--appendfsync", "always"] as const;

/** Five times what the slowest recovery took here. */
export const backWithinMs = 30_000;

export function startDurableRedis(
  scope: Scope,
  more: readonly string[] = [],
): Promise<RedisServer> {
  return startRedis(scope, { args: [...durableArgs, ...more] });
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
