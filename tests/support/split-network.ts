// Two networks and one wire between them, in namespaces of the test's own: nothing leaves them.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { Scope } from "./nadi-process.ts";
import type { ServerPlace } from "./server-place.ts";

/** What is lost on the wire. */
export type Partition = "none" | "both ways" | "to the servers" | "from the servers";

export interface SplitNetwork {
  /** Where servers run: behind the wire. */
  place: ServerPlace;
  /** Packets are lost without a word to whoever sends them. */
  partition(what: Partition): void;
}

const losses: Readonly<Record<Partition, [isLostThere: boolean, isLostBack: boolean]>> = {
  none: [false, false],
  "both ways": [true, true],
  "to the servers": [true, false],
  "from the servers": [false, true],
};

const [ourHost, serverHost] = ["10.77.0.1", "10.77.0.2"];
const [ourEnd, serverEnd] = ["nadi-here", "nadi-there"];
/** Nobody has it: a packet to it is lost at the other end. */
const nobodysAddress = "02:00:00:00:00:99";

/** Why networks can't be parted here, or `null` when they can. */
export function whyNoSplitNetwork(): string | null {
  if (process.getuid?.() !== 0) return "needs root";
  try {
    const link = "ip link add nadi-a type veth peer name nadi-b";
    execFileSync("unshare", ["-n", "sh", "-c", link], { stdio: "pipe" });
    return null;
  } catch (error) {
    return `needs namespaces and veth: ${error instanceof Error ? error.message : "failed"}`;
  }
}

/** Call it in a network namespace of your own: see `inNamespace`. */
export async function splitNetwork(scope: Scope): Promise<SplitNetwork> {
  // It holds the other namespace, which goes with it.
  const keeper = spawn("unshare", ["-n", "sh", "-c", "ip link set lo up; echo; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  scope.onTestFinished(async () => {
    const ended = once(keeper, "exit");
    keeper.stdin.end();
    await ended;
  });
  await once(keeper.stdout, "data");
  const enter = ["nsenter", `--net=/proc/${keeper.pid}/ns/net`];
  const here = (...words: string[]): string => run("ip", ...words);
  const there = (...words: string[]): string => run(...enter, "ip", ...words);
  here(
    "link",
    "add",
    ourEnd,
    "type",
    "veth",
    "peer",
    "name",
    serverEnd,
    "netns",
    String(keeper.pid),
  );
  here("addr", "add", `${ourHost}/24`, "dev", ourEnd);
  there("addr", "add", `${serverHost}/24`, "dev", serverEnd);
  here("link", "set", ourEnd, "up");
  there("link", "set", serverEnd, "up");
  const ourAddress = addressOf(here("-j", "link", "show", ourEnd));
  const serverAddress = addressOf(there("-j", "link", "show", serverEnd));
  // Each end knows the other by heart, or believes in one that is not there.
  const knows = ["nud", "permanent", "lladdr"];
  return {
    place: { host: serverHost, enter },
    partition(what) {
      const [isLostThere, isLostBack] = losses[what];
      const theirs = isLostThere ? nobodysAddress : serverAddress;
      const ours = isLostBack ? nobodysAddress : ourAddress;
      here("neigh", "replace", serverHost, "dev", ourEnd, ...knows, theirs);
      there("neigh", "replace", ourHost, "dev", serverEnd, ...knows, ours);
    },
  };
}

function addressOf(json: string): string {
  // The documented shape of `ip -j link show`.
  const [link] = JSON.parse(json) as { address: string }[];
  if (link === undefined) throw new Error(`ip told no link: ${json}`);
  return link.address;
}

function run(...words: string[]): string {
  const [program = "", ...args] = words;
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
