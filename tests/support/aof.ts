import { spawnSync } from "node:child_process";
import { readFileSync, truncateSync } from "node:fs";
import path from "node:path";

export type ServerName = "redis" | "valkey";

/** What no batch of a test holds: the rest of a sector that was not written. */
const zeros = /\0{16,}|\0+$/;

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
export function fixAof(server: ServerName, folder: string): void {
  const words = ["--fix", manifestIn(folder)];
  const { status, stdout } = spawnSync(`${server}-check-aof`, words, {
    input: "y\n",
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${server}-check-aof ended with ${status}: ${stdout}`);
}

/**
 * As the journal's README tells an operator: by the server's own tool, unless that would cut off
 * all behind what an earlier crash has left, or can't cut it; then only from the zeros on.
 */
export function repairAof(server: ServerName, folder: string): "tool" | "hand" {
  // It ends with 1 for whatever it has found.
  const { stdout } = spawnSync(`${server}-check-aof`, [manifestIn(folder)], { encoding: "utf8" });
  const file = lastAofFile(folder);
  const isInLast = stdout.includes(`filename=${path.basename(file)}`);
  if (isInLast && !stdout.includes("Unexpected MULTI")) {
    fixAof(server, folder);
    return "tool";
  }
  const at = readFileSync(file, "latin1").search(zeros);
  if (at === -1) throw new Error(`no zeros to cut off in ${file}: ${stdout}`);
  truncateSync(file, at);
  return "hand";
}
