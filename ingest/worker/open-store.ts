import { readingsDirectory } from "../readings-directory.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { InfluxPart } from "../store/influx/influx-config.ts";
import type { TelemetryStore } from "../store/store.ts";
import type { IngestStart } from "./protocol.ts";
import type { WorkerLog } from "./service.ts";

/** The store that the configuration asks for; it opens whether or not its engine is there. */
export async function openStore(
  { dataDir, config }: Pick<IngestStart, "dataDir" | "config">,
  log: WorkerLog,
  part?: InfluxPart,
): Promise<TelemetryStore> {
  const { influx, keep } = config;
  if (influx !== null) {
    // Its client's code is loaded only where it is asked for.
    const { openInfluxStore } = await import("../store/influx/influx-store.ts");
    return openInfluxStore({
      influx,
      ...(part === undefined ? {} : { part }),
      log: ({ kind, ...facts }) => {
        log.error({ ...facts, event: kind }, "the telemetry store met a fault");
      },
    });
  }
  return openSqliteStore({
    directory: readingsDirectory(dataDir),
    keep,
    log: (event) => {
      const { kind, ...facts } = event;
      if (kind === "clockDoubted") {
        log.warn(facts, "the host's clock has jumped: upkeep follows it by a day an hour");
        return;
      }
      const err = "error" in event ? { err: event.error, error: undefined } : {};
      log.error({ ...facts, ...err, event: kind }, "the telemetry store met a fault");
    },
  });
}
