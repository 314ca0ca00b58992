import { type Command, exitCodes } from "../devices/index.ts";
import { loadIngestConfig } from "./config.ts";
import { ingestError } from "./errors.ts";
import type { SetupStep } from "./store/influx/setup.ts";

/** `nadi store …`: the engine that keeps readings, where it is not the data folder's files. */
export function createStoreCommands(): Command[] {
  return [initCommand];
}

const initCommand: Command = {
  path: ["store", "init"],
  summary: "Prepare InfluxDB: what holds readings and sums, each with its retention",
  usage: "nadi store init [--json]",
  details: [
    "Reads NADI_INFLUX_* and NADI_KEEP_…_DAYS, as `nadi serve` does. Run it once, and again after",
    "a change of NADI_KEEP_…_DAYS. It deletes nothing itself; InfluxDB deletes what is older than",
    "the retention that it is given.",
    "",
    "example: NADI_INFLUX_URL=http://127.0.0.1:8086 NADI_INFLUX_VERSION=1 nadi store init",
  ].join("\n"),
  options: {},
  positionals: { min: 0, max: 0 },
  async run(_args, context) {
    const { influx, keep } = loadIngestConfig(context.env);
    if (influx === null) {
      const message = "Readings lie in SQLite files, which need no set-up: set NADI_INFLUX_URL.";
      throw ingestError("INGEST_STORE_NOT_INITIALISED", { message });
    }
    const { initInfluxStore } = await import("./store/influx/setup.ts");
    const steps = await initInfluxStore(influx, keep);
    const report = { version: influx.version, stores: steps };
    context.stdout.write(context.json ? `${JSON.stringify(report)}\n` : describe(steps));
    return exitCodes.done;
  },
};

function describe(steps: readonly SetupStep[]): string {
  const lines = steps.map(({ name, keepDays, action }) =>
    action === "kept"
      ? `there     ${name}; this InfluxDB does not change its retention`
      : `${action}  ${name}, for ${keepDays} days`,
  );
  return `${lines.join("\n")}\n`;
}
