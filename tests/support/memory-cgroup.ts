import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Scope } from "./nadi-process.ts";

/** A memory control group of the test's own: the kernel ends what takes more. */
export interface MemoryCgroup {
  /** Words that start a program in it. */
  wrap: readonly string[];
  /** The most that was charged so far, page cache included, in MB. */
  peakMb(): number;
  /** What is charged now and can't be given back: heaps and stacks, in MB. */
  anonymousMb(): number;
  /** Processes that the kernel has ended in it. */
  killed(): number;
}

interface Version {
  root: string;
  limit: string;
  peak: string;
  events: string;
  anonymous: string;
}

const versions: readonly Version[] = [
  {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
    events: "memory.oom_control",
    anonymous: "rss",
  },
  {
    root: "/sys/fs/cgroup",
    limit: "memory.max",
    peak: "memory.peak",
    events: "memory.events",
    anonymous: "anon",
  },
];

/** Version 1 where it is mounted, else 2. */
function findVersion(): Version | null {
  return versions.find(({ root }) => existsSync(path.join(root, "cgroup.procs"))) ?? null;
}

/** Why memory can't be capped here, or `null` when it can. */
export function whyNoMemoryCgroup(): string | null {
  if (process.getuid?.() !== 0) return "needs root";
  const version = findVersion();
  if (version === null) return "no control groups are mounted";
  const probe = path.join(version.root, `nadi-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    const hasLimit = existsSync(path.join(probe, version.limit));
    rmdirSync(probe);
    return hasLimit ? null : "the memory controller is not enabled";
  } catch (error) {
    return `no control group can be made: ${error instanceof Error ? error.message : "failed"}`;
  }
}

let groups = 0;

/** Goes with the scope, whose processes must have ended by then. */
export function createMemoryCgroup(scope: Scope, limitMb: number): MemoryCgroup {
  const version = findVersion();
  if (version === null) throw new Error("no control groups: ask whyNoMemoryCgroup first");
  groups += 1;
  const folder = path.join(version.root, `nadi-${process.pid}-${groups}`);
  mkdirSync(folder);
  scope.onTestFinished(() => rmdirSync(folder));
  writeFileSync(path.join(folder, version.limit), String(limitMb * 2 ** 20));
  const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
  const valueOf = (name: string, key: string): number =>
    Number(new RegExp(`^${key} (\\d+)$`, "m").exec(read(name))?.[1] ?? Number.NaN);
  const enter = `echo $$ > ${path.join(folder, "cgroup.procs")} && exec "$@"`;
  return {
    wrap: ["sh", "-c", enter, "sh"],
    peakMb: () => Number(read(version.peak)) / 2 ** 20,
    anonymousMb: () => valueOf("memory.stat", version.anonymous) / 2 ** 20,
    killed: () => valueOf(version.events, "oom_kill"),
  };
}
