import type { TestContext } from "vitest";
import type { Command, CommandContext } from "../../../devices/cli/command.ts";
import { createDeviceCommands } from "../../../devices/cli/device-commands.ts";
import { createKitchenCommands } from "../../../devices/cli/kitchen-commands.ts";
import { runCommandLine } from "../../../devices/cli/run-command-line.ts";
import { createUserCommands } from "../../../devices/cli/user-commands.ts";
import { registryMigrationsModule } from "../../../devices/registry/migrations.ts";
import { createDataDir } from "../records/factories.ts";

const options = { migrationModules: [registryMigrationsModule] };

export const registryCommands: readonly Command[] = [
  ...createKitchenCommands(options),
  ...createDeviceCommands(options),
  ...createUserCommands(options),
];

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  dataDir: string;
  env: Record<string, string>;
  run(...argv: string[]): Promise<CommandResult>;
  /** With `--json`: what stood on stdout, which must be one line. */
  runJson(...argv: string[]): Promise<Record<string, unknown>>;
}

/** `nadi` without its process: streams in memory, a data folder of its own. */
export function createCommandLine(
  t: TestContext,
  commands: readonly Command[] = registryCommands,
): CommandLine {
  const dataDir = createDataDir(t);
  const env: Record<string, string> = { NADI_DATA_DIR: dataDir };
  const run = async (...argv: string[]): Promise<CommandResult> => {
    const written = { stdout: "", stderr: "" };
    const context: CommandContext = {
      version: "1.2.3",
      env,
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
      json: false,
      signal: new AbortController().signal,
    };
    const code = await runCommandLine(commands, argv, context);
    return { code, ...written };
  };
  return {
    dataDir,
    env,
    run,
    async runJson(...argv) {
      const { code, stdout, stderr } = await run(...argv, "--json");
      if (code !== 0 || stderr !== "") throw new Error(`exit code ${code}: ${stderr}`);
      if (stdout.indexOf("\n") !== stdout.length - 1) throw new Error(`not one line: ${stdout}`);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}

export const kitchenAdd = [
  "kitchen",
  "add",
  "sppg-jakarta-001",
  "--name",
  "SPPG Jakarta 001",
  "--timezone",
  "Asia/Jakarta",
] as const;
