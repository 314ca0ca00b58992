import { createHash } from "node:crypto";
import { scripts } from "../../../../../broker/journal/redis/scripts.ts";
import type { ScriptName } from "./gate.ts";

/**
 * A bug that is put in from outside, between an honest process and an honest server: a script that
 * runs in the place of one of the journal's, or an answer that comes too early.
 */
export interface Plant {
  script?: { name: ScriptName; from: string; to: string };
  isRoundHeard?: true;
}

/** Each breaks one rule that the promises stand on, and shows that the lives would tell. */
export const plants = {
  /** A round is answered, and the power is cut before it was synced. */
  "answer before sync": { isRoundHeard: true },
  /** A join names no gap: what was cut off is read when a later start has run it. */
  "join does not seal": {
    script: { name: "join", from: '"gaps", table.concat(gaps, " "))', to: '"gaps", "")' },
  },
  /** What each producer's last round was is not written again: a round in a gap counts as known. */
  "join leaves producers": { script: { name: "join", from: "writeAgain(KEYS[2])", to: "" } },
  /** What lies below this cursor goes, though another is not there yet. */
  "trim above a cursor": {
    script: {
      name: "commit",
      from: "lowest = math.min(lowest, tonumber(other))",
      to: "lowest = math.max(lowest, tonumber(other))",
    },
  },
  /** In one transaction with the commit, of which a crash can cut off the end. */
  "trim with the commit": {
    script: {
      name: "commit",
      from: 'return { "ok"',
      to: `redis.call("XTRIM", string.sub(KEYS[2], 1, -7), "MINID", "=", text)
        return { "ok"`,
    },
  },
  /** A round that stands is answered, though a cut of the power has left a hole in it. */
  "known with a hole": {
    script: { name: "append", from: "found and found[2][8] ~= ARGV[at + 4]", to: "false" },
  },
  /** A round that is sent again is appended again. */
  "resent is new": { script: { name: "append", from: "if known then", to: "if false then" } },
} as const satisfies Record<string, Plant>;

export type PlantName = keyof typeof plants;

/** The planted scripts, and by which name Redis runs one instead of an honest one. */
export function swapsOf(plant: Plant | undefined): {
  sources: readonly string[];
  shas: ReadonlyMap<string, string>;
} {
  if (plant?.script === undefined) return { sources: [], shas: new Map() };
  const { name, from, to } = plant.script;
  const { source, sha } = scripts[name];
  const planted = source.replace(from, () => to);
  if (planted === source) throw new Error(`${name}.lua does not say: ${from}`);
  const plantedSha = createHash("sha1").update(planted).digest("hex");
  return { sources: [planted], shas: new Map([[sha, plantedSha]]) };
}
