import path from "node:path";

/** The telemetry store's own folder: the recorder writes it, the history worker reads it. */
export function readingsDirectory(dataDir: string): string {
  return path.join(dataDir, "readings");
}
