import path from "node:path";
import type { Logger } from "pino";
import type { StopStack } from "../devices/index.ts";
import type { JournalConfig } from "./journal/config.ts";
import { crashPointFrom } from "./journal/crash-points.ts";
import { type FileJournal, openFileJournal } from "./journal/file-journal.ts";

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

/** Opens the journal of a running service: its conditions are logged, its end is on the stack. */
export async function openServedJournal(options: ServedJournalOptions): Promise<FileJournal> {
  const { stack, nextOffsetMin = 1 } = options;
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
  journal.onCondition((condition) => {
    if (condition.kind === "withheld") {
      log.error({ reason: condition.reason }, "acknowledgements withheld");
    } else if (condition.kind === "open") {
      log.info("acknowledgements given again");
    }
  });
  return journal;
}
