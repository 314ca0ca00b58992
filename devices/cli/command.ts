import type { ParseArgsOptionsConfig } from "node:util";

/** Exit codes of `nadi`: scripts may branch on them. */
export const exitCodes = {
  done: 0,
  /** The command ran and failed: the message says why. */
  failed: 1,
  /** The command line is wrong: the message names the argument. */
  usage: 2,
} as const;

/** What a command may touch; nothing in it is global, so that tests can hand in their own. */
export interface CommandContext {
  /** Of this Nadi: what `nadi --version` says. */
  version: string;
  /** The environment; read only by the config loaders. */
  env: Readonly<Record<string, string | undefined>>;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  /** `--json`: exactly one JSON object (or JSON lines where documented) goes to stdout. */
  json: boolean;
  /** Aborted on SIGINT and SIGTERM. */
  signal: AbortSignal;
}

export interface ParsedArguments {
  positionals: readonly string[];
  options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
}

/** One command of `nadi`, e.g. `device add`. */
export interface Command {
  /** Its words, e.g. `["device", "add"]`. */
  path: readonly string[];
  /** One line for the list of commands. */
  summary: string;
  /** The line after `usage:`, e.g. `nadi device add <sppgId> <deviceId> --kind <kind>`. */
  usage: string;
  /** Further lines for `--help`: each option with its meaning and default, then an example. */
  details: string;
  /** What `--json` does, where that is not one object on stdout. */
  json?: string;
  options: ParseArgsOptionsConfig;
  positionals: { min: number; max: number };
  run(args: ParsedArguments, context: CommandContext): Promise<number>;
}
