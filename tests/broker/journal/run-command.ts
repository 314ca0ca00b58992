import { expect } from "vitest";
import { createJournalCommands } from "../../../broker/journal/commands.ts";
import type { CommandContext, ParsedArguments } from "../../../devices/cli/command.ts";

export interface GivenWords {
  json?: boolean;
  options?: ParsedArguments["options"];
}

/** `nadi journal …` in this process; answers what it prints. */
export async function runJournalCommand(
  env: CommandContext["env"],
  words: string,
  given: GivenWords = {},
): Promise<string> {
  const command = createJournalCommands().find(({ path }) => path.join(" ") === words);
  let output = "";
  const context: CommandContext = {
    version: "1.2.3",
    env,
    stdout: { write: (text) => (output += text) },
    stderr: { write: () => {} },
    json: given.json ?? false,
    signal: new AbortController().signal,
  };
  const exitCode = await command?.run({ positionals: [], options: given.options ?? {} }, context);
  expect(exitCode).toBe(0);
  return output;
}
