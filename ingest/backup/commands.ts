import { loadJournalConfig } from "../../broker/index.ts";
import {
  type Command,
  type CommandContext,
  exitCodes,
  loadDevicesConfig,
  loadTogether,
  type ParsedArguments,
  UsageError,
} from "../../devices/index.ts";
import { loadIngestConfig } from "../config.ts";
import { backUp } from "./backup.ts";
import { backupError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { restore } from "./restore.ts";

/** `nadi backup` and `nadi restore`: the data folder, beside a running `serve`. */
export function createBackupCommands(): Command[] {
  return [backupCommand, restoreCommand];
}

const backupCommand: Command = {
  path: ["backup"],
  summary: "Copy the data folder, beside a running serve, up to a stated offset",
  usage: "nadi backup --to <folder> [--json]",
  details: `
  --to    a folder that is empty or does not exist, best on another disk

What was acknowledged up to the offset that it prints is in the backup: journal, records (kitchens,
devices, people, rules, alerts) and readings. It holds nothing back in nadi serve, and whoever kills
it leaves only its folder behind, without backup.json. The backup holds password hashes, and where
people and vehicles were: keep it as safe as the data folder.

Records in PostgreSQL and a journal in Redis are backed up by their own tools, and refused here; so
are readings in InfluxDB, while journal and records are taken.

example: nadi backup --to /mnt/backup/nadi-2026-12-01`,
  options: { to: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run(args, context) {
    const to = folderOption(args, "to");
    const { devices, journal, ingest } = loadConfigs(context);
    const manifest = await backUp({
      dataDir: devices.dataDir,
      to,
      readings: ingest.influx === null ? "included" : "influxdb",
      freeBytesMin: journal.freeBytesMin,
      nowMs: () => Date.now(),
      signal: context.signal,
    });
    const text = `Backed up everything acknowledged up to offset ${manifest.offset}`;
    return tell(context, { folder: to, manifest, text });
  },
};

const restoreCommand: Command = {
  path: ["restore"],
  summary: "Write a backup into an empty data folder",
  usage: "nadi restore --from <folder> [--json]",
  details: `
  --from    a folder that nadi backup has written

Verifies every file first, and writes only into an empty NADI_DATA_DIR. After a crash run it again:
until it has come to its end no nadi serve starts there. Then start nadi serve, which goes on behind
the offset that it prints.

example: NADI_DATA_DIR=/var/lib/nadi nadi restore --from /mnt/backup/nadi-2026-12-01`,
  options: { from: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run(args, context) {
    const from = folderOption(args, "from");
    const { dataDir } = loadConfigs(context).devices;
    const manifest = await restore({ from, dataDir, signal: context.signal });
    const text = `Restored everything acknowledged up to offset ${manifest.offset}`;
    return tell(context, { folder: dataDir, manifest, text });
  },
};

function loadConfigs(context: CommandContext) {
  const configs = loadTogether(context.env, {
    devices: loadDevicesConfig,
    journal: loadJournalConfig,
    ingest: loadIngestConfig,
  });
  if (configs.devices.databaseUrl !== undefined) {
    const message =
      "The records lie in PostgreSQL (NADI_DATABASE_URL): back them up with pg_dump, and the " +
      'data folder with nadi serve stopped. README says how, under "Backup and restore".';
    throw backupError("BACKUP_ELSEWHERE", message);
  }
  if (configs.journal.redis !== null) {
    const message =
      "The journal lies in Redis (NADI_JOURNAL_REDIS_URL): back it up with Redis' own tools. " +
      'README says in which order, under "Backup and restore".';
    throw backupError("BACKUP_ELSEWHERE", message);
  }
  return configs;
}

function folderOption({ options }: ParsedArguments, name: string): string {
  const value = options[name];
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`--${name} is missing.`);
}

function tell(
  context: CommandContext,
  { folder, manifest, text }: { folder: string; manifest: Manifest; text: string },
): number {
  const { files, ...facts } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const report = { folder, ...facts, files: files.length, bytes };
  const elsewhere =
    manifest.readings === "influxdb" ? "The readings are not in it: they lie in InfluxDB.\n" : "";
  context.stdout.write(
    context.json
      ? `${JSON.stringify(report)}\n`
      : `${text}: ${files.length} files, ${bytes} bytes in ${folder}.\n${elsewhere}`,
  );
  return exitCodes.done;
}
