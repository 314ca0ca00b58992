import type { MessagePort } from "node:worker_threads";
import {
  type FileJournal,
  journalDirectory,
  type PartitionedJournal,
  type PublisherEnd,
} from "../broker/index.ts";
import type { ServeParts } from "../devices/index.ts";
import type { IngestConfig } from "./config.ts";
import { type Ingest, startIngest } from "./ingest.ts";
import { type PartitionedIngestOptions, startPartitionedIngest } from "./partitioned-ingest.ts";
import { historyPlace } from "./readings-directory.ts";
import { type HistoryThread, startHistory } from "./store/history-thread.ts";

export interface ServeIngestOptions {
  dataDir: string;
  /** Of this process's broker; `null`: it has none. */
  journal: FileJournal | PartitionedJournal | null;
  /** Where the journal on Redis is; `null`: it lies in segment files. */
  redisJournal: PartitionedIngestOptions["journal"] | null;
  /** The records lie in the data folder, which this process has locked. */
  isAlone: boolean;
  /** Of `RecordsWorker.connect()`. */
  recordsPort: MessagePort;
  channels: PublisherEnd;
  config: IngestConfig;
  changes: PartitionedIngestOptions["changes"];
}

/** Recorder and monitor over all of the file journal, or over some partitions of that on Redis. */
export async function serveIngest(
  options: ServeIngestOptions,
  { log, stack, crashPointSetting }: ServeParts,
): Promise<Ingest> {
  const { journal, redisJournal, dataDir } = options;
  const common = {
    ...options,
    crashPointSetting,
    log: log.child({ component: "ingest" }),
    onThread: (stop: () => Promise<void>) => stack.push(stop),
  };
  if (redisJournal !== null) return startPartitionedIngest({ ...common, journal: redisJournal });
  if (journal === null || "partitions" in journal) throw new Error("segment files need a broker");
  return startIngest({ ...common, journal, journalDirectory: journalDirectory(dataDir) });
}

/** What charts are drawn from. */
export async function serveHistory(
  { dataDir, config }: { dataDir: string; config: IngestConfig },
  { log, stack }: Pick<ServeParts, "log" | "stack">,
): Promise<HistoryThread> {
  const history = await startHistory({
    ...historyPlace(dataDir, config),
    log: (event) => log.error({ component: "history", ...event }, "history has failed"),
  });
  stack.push(() => history.close());
  return history;
}
