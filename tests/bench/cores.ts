import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Where attacker and load run, and where the measured server does, when they are kept apart. */
export const clientCore = 0;
export const serverCore = 1;

/** Above everything that shares its core, so that it is as late as the server makes it. */
const loadPriority = 10;

/** Why nothing can be kept apart here, or `null`: it takes Linux, two cores, and root. */
export function whyNotApart(): string | null {
  if (availableParallelism() < 2) return "it takes two cores";
  if (process.getuid?.() !== 0) return "only root may give a process a real-time priority";
  try {
    pinProcess(process.pid, `${clientCore},${serverCore}`);
    return null;
  } catch (error) {
    return `taskset (Debian: util-linux) failed: ${(error as Error).message.trim()}`;
  }
}

/** All threads of a process, and what it starts from now on, run on these cores alone. */
export function pinProcess(pid: number, cores: number | string): void {
  run("taskset", ["--all-tasks", "--cpu-list", "--pid", String(cores), String(pid)]);
}

/** The process runs before all others of its core: it stands for a load on another machine. */
export function preferProcess(pid: number): void {
  run("chrt", ["--all-tasks", "--rr", "--pid", String(loadPriority), String(pid)]);
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}
