import path from "node:path";
import type { Logger } from "pino";
import type { StopStack } from "../devices/index.ts";
import type { JournalConfig, RedisJournalConfig } from "./journal/config.ts";
import { crashPointFrom } from "./journal/crash-points.ts";
import { JournalError } from "./journal/errors.ts";
import { type FileJournal, openFileJournal } from "./journal/file-journal.ts";
import type { Journal } from "./journal/journal.ts";
import { openRedisJournal } from "./journal/redis/open-redis-journal.ts";
import type { PartitionedJournal } from "./journal/redis/partitioned-journal.ts";

export interface ServedJournalOptions {
  config: JournalConfig;
  /** The folder in which the folder `journal` lies. */
  parentDir: string;
  /** What others remember of the journal ends before it. */
  nextOffsetMin?: number;
  /** `NADI_CRASH_POINT`. */
  crashPointSetting: string | undefined;
  log: Logger;
  stack: StopStack;
}

/** Where the segment files of a data folder lie. */
export function journalDirectory(parentDir: string): string {
  return path.join(parentDir, "journal");
}

/** Opens the segment files of a running service: conditions are logged, its end is on the stack. */
export async function openServedJournal(options: ServedJournalOptions): Promise<FileJournal> {
  const { stack, nextOffsetMin = 1 } = options;
  if (options.config.redis !== null) {
    const message = "this command keeps its journal in segment files: set NADI_JOURNAL=file";
    throw new JournalError("JOURNAL_OPEN_FAILED", message);
  }
  const log = options.log.child({ component: "journal" });
  const startMs = performance.now();
  const journal = await openFileJournal({
    ...options.config,
    directory: journalDirectory(options.parentDir),
    nextOffsetMin,
    crashPoint: crashPointFrom(options.crashPointSetting),
  });
  stack.push(() => journal.close());
  const { firstOffset, syncedOffset } = journal;
  const openMs = Math.round(performance.now() - startMs);
  log.info({ firstOffset, syncedOffset, openMs }, "journal open");
  logConditions(journal, log);
  return journal;
}

export interface ServedRedisJournalOptions {
  /** `config.redis`. */
  config: RedisJournalConfig;
  /** The newest change of the registry that this process knows of. */
  changeSeq: () => number;
  log: Logger;
  stack: StopStack;
}

/** Opens the journal on Redis for a running service, as `openServedJournal` does the files. */
export async function openServedRedisJournal(
  options: ServedRedisJournalOptions,
): Promise<PartitionedJournal> {
  const { config, changeSeq, stack } = options;
  const log = options.log.child({ component: "journal" });
  const startMs = performance.now();
  const journal = await openRedisJournal({ ...config, changeSeq, log });
  stack.push(() => journal.close());
  const { partitions, durability } = journal;
  const openMs = Math.round(performance.now() - startMs);
  log.info({ partitions, openMs, durability: durability.kind }, "journal open");
  if (durability.kind === "weak") log.warn({ detail: durability.detail }, "journal is weak");
  if (config.isOfChannelsToo) {
    // Each live value would wait for the disk, and their room would be the journal's.
    log.warn("NADI_JOURNAL_REDIS_URL is the Redis of NADI_REDIS_URL: give the journal its own");
  }
  logConditions(journal, log);
  return journal;
}

function logConditions(journal: Pick<Journal, "onCondition">, log: Logger): void {
  journal.onCondition((condition) => {
    if (condition.kind === "withheld") {
      log.error({ reason: condition.reason }, "acknowledgements withheld");
    } else if (condition.kind === "open") {
      log.info("acknowledgements given again");
    }
  });
}
