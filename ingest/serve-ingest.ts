import type { MessagePort } from "node:worker_threads";
import { type FileJournal, journalDirectory, type PublisherEnd } from "../broker/index.ts";
import type { ServeParts } from "../devices/index.ts";
import type { IngestConfig } from "./config.ts";
import { type Ingest, startIngest } from "./ingest.ts";
import { historyPlace } from "./readings-directory.ts";
import { type HistoryThread, startHistory } from "./store/history-thread.ts";

export interface ServeIngestOptions {
  dataDir: string;
  journal: FileJournal;
  /** Of `RecordsWorker.connect()`. */
  recordsPort: MessagePort;
  channels: PublisherEnd;
  config: IngestConfig;
}

/** Recorder and monitor over the journal of this process's own data folder. */
export async function serveIngest(
  options: ServeIngestOptions,
  { log, stack, crashPointSetting }: ServeParts,
): Promise<Ingest> {
  const ingest = await startIngest({
    ...options,
    journalDirectory: journalDirectory(options.dataDir),
    crashPointSetting,
    log: log.child({ component: "ingest" }),
  });
  stack.push(() => ingest.stop());
  return ingest;
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
