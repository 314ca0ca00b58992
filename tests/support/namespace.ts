import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What tells a script that it runs in a namespace that `inNamespace` has made for it. */
const inNamespaceWord = "--in-namespace";

/** What a script has for itself alone: its mounts, or its network, where loopback is up. */
export type NamespaceKind = "mount" | "network";

/** Runs a script with these words in a namespace of its own; answers what it prints. */
export async function inNamespace(
  kind: NamespaceKind,
  script: string,
  words: readonly string[],
): Promise<string> {
  const node = [process.execPath, script, inNamespaceWord, ...words];
  const args =
    kind === "mount"
      ? ["-m", ...node]
      : ["-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...node];
  const child = spawn("unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const output = await text(child.stdout);
  await closed;
  if (child.exitCode !== 0) throw new Error(`${script} ended with ${child.exitCode}: ${output}`);
  return output;
}

/** The words of a script that `inNamespace` has started; `null` when it was not. */
export function wordsInNamespace(argv: readonly string[]): readonly string[] | null {
  const [, , first, ...words] = argv;
  return first === inNamespaceWord ? words : null;
}
