import { spawn } from "node:child_process";
import { type Command, exitCodes } from "./command.ts";

/** `nadi bench`: runs the program `mainFile`, which starts brokers of its own. */
export function createBenchCommand(mainFile: string): Command {
  return {
    path: ["bench"],
    summary: "Measure Nadi beside stock Aedes and Mosquitto",
    usage: "nadi bench [--quick] [--part <part>] [--only nadi|aedes|mosquitto] [--json]",
    details: "example: nadi bench --quick",
    options: {
      quick: { type: "boolean" },
      part: { type: "string" },
      only: { type: "string" },
    },
    positionals: { min: 0, max: 0 },
    async run(args, context) {
      const words = [mainFile];
      if (args.options["quick"] === true) words.push("--quick");
      for (const name of ["part", "only"]) {
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
