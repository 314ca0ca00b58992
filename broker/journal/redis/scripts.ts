import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

/** An atomic operation: one file of Lua that Redis runs. */
export interface RedisScript {
  readonly source: string;
  /** By which Redis knows it once it has run. */
  readonly sha: string;
}

export interface ScriptCall {
  keys: readonly string[];
  args: readonly (string | number | Buffer)[];
}

function load(name: string): RedisScript {
  const source = readFileSync(`${import.meta.dirname}/${name}.lua`, "utf8");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

export const scripts = {
  append: load("append"),
  commit: load("commit"),
  join: load("join"),
  look: load("look"),
  read: load("read"),
  trim: load("trim"),
} as const;

/** Answers with the words of the script's table; bytes instead of text where `isBinary`. */
export async function runScript(
  client: Redis,
  script: RedisScript,
  call: ScriptCall & { isBinary?: boolean },
): Promise<readonly unknown[]> {
  const words = [call.keys.length, ...call.keys, ...call.args];
  const send = (command: string, name: string): Promise<unknown> =>
    call.isBinary === true
      ? client.callBuffer(command, [name, ...words])
      : client.call(command, [name, ...words]);
  try {
    return wordsOf(await send("EVALSHA", script.sha));
  } catch (error) {
    // Redis forgets scripts when it starts.
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return wordsOf(await send("EVAL", script.source));
  }
}

function wordsOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new Error(`a script has answered ${typeof answer}`);
  return answer;
}
