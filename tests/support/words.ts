import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

interface Words<Options extends ParseArgsOptionsConfig> {
  options: Options;
  /** Left out: the options with their defaults, and the comment at the top of the program. */
  usage?: string;
}

/**
 * The command line of a program of ours: `--help` prints what it is and ends the process, and so
 * does a word that it does not take, with exit code 2.
 */
export function parseWords<const Options extends ParseArgsOptionsConfig>(
  words: Words<Options>,
): ReturnType<typeof parseArgs<{ options: Options }>> {
  if (process.argv.slice(2).includes("--help")) {
    process.stdout.write(`${usageOf(words)}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ options: words.options });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n\n${usageOf(words)}\n`);
    return process.exit(2);
  }
}

function usageOf({ options, usage }: Words<ParseArgsOptionsConfig>): string {
  if (usage !== undefined) return usage;
  const file = process.argv[1] ?? "";
  const lines = Object.entries(options).map(([name, option]) => {
    const value = option.type === "boolean" ? "" : " <value>";
    const given = option.default;
    const isShown = given !== undefined && given !== false;
    return `  --${name}${value}${isShown ? `  (default ${String(given)})` : ""}`;
  });
  const name = path.relative(process.cwd(), file);
  return [`usage: node ${name} [options]`, "", ...lines, "", describe(file)].join("\n").trimEnd();
}

/** The comment that begins the file, without its marks. */
function describe(file: string): string {
  const lines = readFileSync(file, "utf8").split("\n");
  const end = lines.findIndex((line) => !/^(\/\/|\/\*\*| \*)/.test(line));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^(\/\/|\/\*\*| \*\/| \*) ?/, "").replace(/ ?\*\/$/, ""))
    .join("\n")
    .trim();
}
