import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { CodedError } from "../records/errors.ts";
import { type Command, exitCodes, type ParsedArguments } from "./command.ts";
import { cliErrors, UsageError } from "./errors.ts";

/** What each option takes; `tests/bench` has the same words. */
const choices = {
  part: ["edge", "neighbours", "path"],
  section: ["stored", "rate", "kitchens", "chart", "catchUp"],
  only: ["aedes", "mosquitto", "nadi"],
} as const;

/** `nadi bench`: runs the program `mainFile`, which starts brokers of its own. */
export function createBenchCommand(mainFile: string): Command {
  return {
    path: ["bench"],
    summary: "Measure Nadi beside stock Aedes and Mosquitto",
    usage:
      "nadi bench [--quick] [--part <part>] [--section <section>] [--only <server>] [--apart] " +
      "[--json]",
    details: `
  --quick      one short round of edge and path, two minutes
  --part       ${choices.part.join(", ")}; path is the whole way into the store
  --section    of the path: ${choices.section.join(", ")}
  --only       ${choices.only.join(", ")}
  --apart      of the neighbours: the server has a core to itself (Linux, root)

It is part of the source tree and not of the container image.

example: nadi bench --quick`,
    options: {
      quick: { type: "boolean" },
      part: { type: "string" },
      section: { type: "string" },
      only: { type: "string" },
      apart: { type: "boolean" },
    },
    positionals: { min: 0, max: 0 },
    async run(args, context) {
      const words = [mainFile, ...readWords(args)];
      if (context.json) words.push("--json");
      if (!existsSync(mainFile)) throw missing(mainFile);
      // The bench is no part of the running product.
      const child = spawn(process.execPath, words, { stdio: "inherit", signal: context.signal });
      return await new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code) => resolve(code ?? exitCodes.failed));
      });
    },
  };
}

function readWords({ options }: ParsedArguments): string[] {
  const words = ["quick", "apart"].filter((name) => options[name] === true).map((n) => `--${n}`);
  for (const [name, allowed] of Object.entries(choices)) {
    const value = options[name];
    if (typeof value !== "string") continue;
    if (!allowed.some((word) => word === value)) {
      throw new UsageError(`--${name} must be one of ${allowed.join(", ")}, and is "${value}".`);
    }
    words.push(`--${name}`, value);
  }
  return words;
}

function missing(mainFile: string): CodedError {
  return new CodedError("CLI_PROGRAM_MISSING", cliErrors.CLI_PROGRAM_MISSING, {
    message: `The bench is not installed here (${mainFile}): run it in Nadi's source tree.`,
  });
}
