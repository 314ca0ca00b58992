import { spawn } from "node:child_process";
import { type Command, exitCodes } from "./command.ts";

/** `nadi bench`: runs the program `mainFile`, which starts brokers of its own. */
export function createBenchCommand(mainFile: string): Command {
  return {
    path: ["bench"],
    summary: "Measure Nadi beside stock Aedes and Mosquitto",
    usage: "nadi bench [--quick] [--part <part>] [--section <section>] [--only <server>] [--json]",
    details: `
  --part       edge, neighbours or path (the whole way into the store)
  --section    of the path: stored, rate, kitchens, chart or catchUp
  --only       nadi, aedes or mosquitto

example: nadi bench --quick`,
    options: {
      quick: { type: "boolean" },
      part: { type: "string" },
      section: { type: "string" },
      only: { type: "string" },
    },
    positionals: { min: 0, max: 0 },
    async run(args, context) {
      const words = [mainFile];
      if (args.options["quick"] === true) words.push("--quick");
      for (const name of ["part", "section", "only"]) {
        const value = args.options[name];
        if (typeof value === "string") words.push(`--${name}`, value);
      }
      if (context.json) words.push("--json");
      // The bench is no part of the running product.
      const child = spawn(process.execPath, words, { stdio: "inherit", signal: context.signal });
      return await new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code) => resolve(code ?? exitCodes.failed));
      });
    },
  };
}
