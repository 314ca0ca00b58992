import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/** Which of a Redis' files follow each other; its folder is the one of `--dir`. */
function manifestIn(folder: string): string {
  return path.join(folder, "appendonlydir", "appendonly.aof.manifest");
}

/** The file at whose end a Redis writes. */
export function lastAofFile(folder: string): string {
  const manifest = readFileSync(manifestIn(folder), "utf8");
  const last = [...manifest.matchAll(/^file (\S+\.incr\.aof) /gm)].at(-1)?.[1];
  if (last === undefined) throw new Error(`no file to append to in ${manifest}`);
  return path.join(path.dirname(manifestIn(folder)), last);
}

/** As an operator would: everything behind the last good command is cut off. */
export function fixAof(server: "redis" | "valkey", folder: string): void {
  execFileSync(`${server}-check-aof`, ["--fix", manifestIn(folder)], {
    input: "y\n",
    stdio: "pipe",
  });
}
