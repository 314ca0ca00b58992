import type { Command } from "./command.ts";
import { alignColumns } from "./text.ts";

/** The list of commands. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ path, summary }) => [`  ${path.join(" ")}`, summary]);
  return [
    "usage: nadi <command> [options]",
    "",
    ...alignColumns(rows),
    "",
    "nadi help <command> is its --help; nadi --version says which Nadi this is.",
    'Each command has --help and --json; see README.md, "Configuration", for its environment.',
    "",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  return [
    command.summary,
    "",
    `usage: ${command.usage}`,
    "",
    command.details.replace(/^\n+/, "").trimEnd(),
    "",
    `  --json   ${command.json ?? "exactly one JSON object on stdout; errors as one on stderr"}`,
    "  --help   this text",
    "",
    "exit codes: 0 done, 1 failed, 2 wrong command line",
    "",
  ].join("\n");
}
