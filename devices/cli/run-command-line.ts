import { parseArgs } from "node:util";
import { CodedError } from "../records/errors.ts";
import { exitCodes, type Command, type CommandContext, type ParsedArguments } from "./command.ts";
import { UsageError } from "./errors.ts";
import { commandHelp, overview } from "./help.ts";
import { nearestCommand, nearestName } from "./suggest.ts";

/** Codes of a wrong command line, whoever found it out. */
const usageCodes = new Set(["CLI_USAGE", "CLI_COMMAND_UNKNOWN", "REGISTRY_INPUT_INVALID"]);

const globalOptions = {
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
} as const;

/**
 * Runs the command that `argv` (without node and script) names and answers its exit code. It never
 * throws: an error becomes one line on stderr, in `--json` mode one JSON object.
 */
export async function runCommandLine(
  commands: readonly Command[],
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { words, flags } = splitLeadingFlags(argv);
  // `nadi help device add` is `nadi device add --help`.
  if (words[0] === "help") {
    return runCommandLine(commands, [...flags, ...words.slice(1), "--help"], context);
  }
  const json = context.json || isFlagged(argv, "--json");
  try {
    const command = findCommand(commands, words);
    if (command === null) {
      if (words.length === 0 && flags.includes("--version")) return answerVersion(context, json);
      return answerWithoutCommand(commands, argv, context);
    }
    const parsed = parse(command, [...flags, ...words.slice(command.path.length)]);
    if (parsed.options["help"] === true) {
      context.stdout.write(commandHelp(command));
      return exitCodes.done;
    }
    checkPositionals(command, parsed);
    return await command.run(parsed, { ...context, json });
  } catch (error) {
    return reportError(error, context.stderr, json);
  }
}

/** `nadi --json kitchen list` is `nadi kitchen list --json`. */
function splitLeadingFlags(argv: readonly string[]): { words: string[]; flags: string[] } {
  const firstWord = argv.findIndex((word) => !word.startsWith("-"));
  const end = firstWord === -1 ? argv.length : firstWord;
  return { flags: argv.slice(0, end), words: argv.slice(end) };
}

/** What stands behind `--` is data and not a flag. */
function isFlagged(argv: readonly string[], ...names: string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => names.includes(word));
}

function findCommand(commands: readonly Command[], words: readonly string[]): Command | null {
  const matching = commands.filter(({ path }) =>
    path.every((word, index) => words[index] === word),
  );
  const byLength = matching.toSorted((a, b) => b.path.length - a.path.length);
  return byLength[0] ?? null;
}

function answerWithoutCommand(
  commands: readonly Command[],
  argv: readonly string[],
  context: CommandContext,
): number {
  const { words } = splitLeadingFlags(argv);
  const typed = words.slice(0, Math.max(0, firstFlag(words)));
  const group = commands.filter(({ path }) => typed.length > 0 && path[0] === typed[0]);
  const isGroup = typed.length === 1 && group.length > 0;
  if (typed.length === 0 || isGroup) {
    const shown = overview(isGroup ? group : commands);
    if (isFlagged(argv, "--help", "-h")) {
      context.stdout.write(shown);
      return exitCodes.done;
    }
    if (!isFlagged(argv, "--json") && !context.json) {
      context.stderr.write(shown);
      return exitCodes.usage;
    }
    throw new UsageError('No command was given: see "nadi --help".');
  }
  const name = typed.slice(0, 2).join(" ");
  const nearest = nearestCommand(commands, typed);
  const advice = nearest === null ? 'see "nadi --help"' : `did you mean "nadi ${nearest}"?`;
  throw new UsageError(`There is no command "${name}": ${advice}`, "CLI_COMMAND_UNKNOWN");
}

function firstFlag(words: readonly string[]): number {
  const index = words.findIndex((word) => word.startsWith("-"));
  return index === -1 ? words.length : index;
}

function answerVersion({ stdout, version }: CommandContext, json: boolean): number {
  stdout.write(json ? `${JSON.stringify({ version })}\n` : `nadi ${version}\n`);
  return exitCodes.done;
}

/** Not strict, since what Node says of a wrong option is neither short nor one line. */
function parse(command: Command, args: string[]): ParsedArguments {
  const options = { ...command.options, ...globalOptions };
  const { values, positionals, tokens } = parseArgs({
    args,
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    const problem = token.kind === "option" ? findOptionProblem(options, token) : null;
    if (problem !== null) throw new UsageError(`${problem}; ${seeHelp(command)}`);
  }
  return { positionals, options: values };
}

/** An option as it was typed. */
interface TypedOption {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function findOptionProblem(known: Command["options"], typed: TypedOption): string | null {
  const { name, rawName, value, inlineValue } = typed;
  const type = Object.hasOwn(known, name) ? known[name]?.type : undefined;
  if (type === undefined) {
    const names = Object.keys(known).map((each) => `--${each}`);
    const nearest = nearestName(names, rawName);
    const advice = nearest === null ? "" : ` (did you mean ${nearest}?)`;
    return `There is no option ${rawName}${advice}`;
  }
  if (type === "boolean") return value === undefined ? null : `${rawName} takes no value`;
  if (value === undefined) return `${rawName} needs a value`;
  // The next option, when the value was forgotten; a number is none.
  if (inlineValue !== true && /^-[^\d]/.test(value)) {
    return `${rawName} needs a value; one that begins with - is written ${rawName}=${value}`;
  }
  return null;
}

function checkPositionals(command: Command, { positionals }: ParsedArguments): void {
  const { min, max } = command.positionals;
  if (positionals.length < min) {
    throw new UsageError(`An argument is missing: usage: ${command.usage}`);
  }
  const surplus = positionals[max];
  if (surplus !== undefined) {
    throw new UsageError(`"${surplus}" is one argument too many: usage: ${command.usage}`);
  }
}

function seeHelp(command: Command): string {
  return `see "nadi ${command.path.join(" ")} --help"`;
}

function reportError(error: unknown, stderr: CommandContext["stderr"], json: boolean): number {
  const { code, message } = describe(error);
  if (json) stderr.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else stderr.write(`nadi: ${message} [${code}]\n`);
  const isKnown = error instanceof CodedError || code !== "CLI_UNEXPECTED";
  // A fault of ours: its place in the code is what a report needs.
  if (!isKnown && !json && error instanceof Error) stderr.write(`${error.stack ?? ""}\n`);
  return usageCodes.has(code) ? exitCodes.usage : exitCodes.failed;
}

function describe(error: unknown): { code: string; message: string } {
  const text = error instanceof Error ? error.message : String(error);
  const hasCode = error instanceof Error && "code" in error && typeof error.code === "string";
  // One line, also when a name with control characters is quoted in it.
  const message = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return { code: hasCode ? String(error.code) : "CLI_UNEXPECTED", message };
}
