import path from "node:path";
import type { IngestConfig } from "./config.ts";
import type { HistoryThreadOptions } from "./store/history-thread.ts";

/** The telemetry store's own folder: the recorder writes it, the history worker reads it. */
export function readingsDirectory(dataDir: string): string {
  return path.join(dataDir, "readings");
}

/** Where the history is read, for `startHistory`. */
export function historyPlace(
  dataDir: string,
  { influx, keep }: IngestConfig,
): Pick<HistoryThreadOptions, "directory" | "influx"> {
  const directory = readingsDirectory(dataDir);
  return { directory, influx: influx === null ? null : { influx, keep } };
}
