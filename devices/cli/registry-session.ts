import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadDevicesConfig, type DevicesConfig } from "../config.ts";
import { loadMigrations, migrate } from "../records/migrations.ts";
import { openRecords, recordsOf, type RecordsOptions, recordsPath } from "../records/records.ts";
import { unfinishedRestoreName } from "../records/unfinished-restore.ts";
import { createRegistry } from "../registry/create-registry.ts";
import type { Registry } from "../registry/registry.ts";
import { exitCodes, type CommandContext, type ParsedArguments } from "./command.ts";
import { UsageError } from "./errors.ts";

/** How the audit log names whoever sits at the command line. */
export const commandLineActor = "cli";

export interface RegistryCommandOptions {
  /** All folders' migrations, as for the records worker: fewer would look like a newer database. */
  migrationModules: readonly string[];
}

export interface RegistrySession {
  registry: Registry;
  config: DevicesConfig;
}

/**
 * Opens the records in this process, makes them if missing, and closes them again. It works beside
 * a running `serve`, which keeps its own handle and hears the change from the change log.
 */
export async function withRegistry<Result>(
  options: RegistryCommandOptions,
  context: CommandContext,
  work: (session: RegistrySession) => Promise<Result>,
): Promise<Result> {
  const config = loadDevicesConfig(context.env);
  return useRegistry(options, { config, place: recordsOf(config) }, work);
}

/**
 * The same for a command that adds nothing to an empty deployment: where there are no records it
 * works on none, and leaves a folder as it is that may only be mistyped.
 */
export async function withStoredRegistry<Result>(
  options: RegistryCommandOptions,
  context: CommandContext,
  work: (session: RegistrySession) => Promise<Result>,
): Promise<Result> {
  const config = loadDevicesConfig(context.env);
  const { dataDir, databaseUrl } = config;
  const files = [recordsPath(dataDir), join(dataDir, unfinishedRestoreName)];
  if (databaseUrl !== undefined || files.some((file) => existsSync(file))) {
    return withRegistry(options, context, work);
  }
  if (!context.json) context.stderr.write(`nadi: there are no records in ${dataDir} yet\n`);
  return useRegistry(options, { config, place: { path: ":memory:" } }, work);
}

async function useRegistry<Result>(
  options: RegistryCommandOptions,
  { config, place }: { config: DevicesConfig; place: RecordsOptions },
  work: (session: RegistrySession) => Promise<Result>,
): Promise<Result> {
  const migrations = await loadMigrations(options.migrationModules);
  const records = await openRecords(place);
  try {
    await migrate(records, migrations);
    const registry = createRegistry(records, { nowMs: () => Date.now() });
    return await work({ registry, config });
  } finally {
    await records.close();
  }
}

/** One JSON object, or the text for people. */
export function answer(context: CommandContext, json: object, text: string): number {
  context.stdout.write(context.json ? `${JSON.stringify(json)}\n` : text);
  return exitCodes.done;
}

/** A positional that the command's `positionals.min` promises. */
export function positional(args: ParsedArguments, index: number): string {
  const value = args.positionals[index];
  if (value === undefined) throw new UsageError(`Argument ${index + 1} is missing.`);
  return value;
}

export function textOption(args: ParsedArguments, name: string): string | undefined {
  const value = args.options[name];
  return typeof value === "string" ? value : undefined;
}

export function requiredOption(args: ParsedArguments, name: string): string {
  const value = textOption(args, name);
  if (value === undefined) throw new UsageError(`--${name} is missing.`);
  return value;
}
