import { spawnSync } from "node:child_process";
import process from "node:process";

// What the programs share that live seeded worlds by command.

/** Ends the program with exit code 2. */
function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  return process.exit(2);
}

export function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  return refuse(`${name} must be a whole number from 1 on, not ${JSON.stringify(text)}`);
}

/** The bug of that name, to be put in; `undefined`: none is asked for. */
export function findPlant<Plant>(
  plants: Readonly<Record<string, Plant>>,
  name: string | undefined,
): Plant | undefined {
  if (name === undefined) return undefined;
  const found = Object.entries(plants).find(([known]) => known === name);
  if (found !== undefined) return found[1];
  return refuse(`--plant must be one of: ${Object.keys(plants).join(", ")}`);
}

export function addCounts(
  totals: Readonly<Record<string, number>>,
  counts: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, (totals[name] ?? 0) + count]),
  );
}

/** The commit that runs, with a mark where the files are not as committed. */
export function commit(): string {
  const run = (...args: string[]): string =>
    spawnSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).stdout?.trim() ?? "";
  const hash = run("rev-parse", "--short", "HEAD");
  return hash === "" ? "unknown" : `${hash}${run("status", "--porcelain") === "" ? "" : "+"}`;
}
