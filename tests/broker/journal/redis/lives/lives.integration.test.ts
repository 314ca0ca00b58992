import { describe, expect, test } from "vitest";
import type { ServerName } from "../../../../support/aof.ts";
import { live, type Outcome } from "./live.ts";
import { planWorld } from "./plan.ts";
import { type PlantName, plants } from "./plants.ts";

/** As many worlds as fit into it, others each time; `main.ts --seeds 500` is the long form. */
const budgetMs = 8_000;
/** Worlds of which one finds a planted bug; where a server's timing is kind to it, a later one. */
const plantedSeedsMax = 20;

/** On a machine that does ten other things too. */
const timeoutMs = 5 * 60_000;

test("a seed fixes the plan of its world", () => {
  expect(planWorld(88)).toEqual(planWorld(88));
  expect(planWorld(88)).not.toEqual(planWorld(89));
});

// They wait more than they work.
describe.concurrent("lives", () => {
  test.for(["redis", "valkey"] as const)(
    "every promise is kept in as many new seeded worlds as 8 s hold: %s",
    { timeout: timeoutMs },
    async (server) => {
      const first = Date.now();
      const endMs = performance.now() + budgetMs;
      const outcomes: Outcome[] = [];
      while (performance.now() < endMs) {
        outcomes.push(await live(first + outcomes.length, { server }));
      }
      const failed = outcomes.filter(({ violations }) => violations.length > 0);
      const sum = (name: keyof Outcome["counts"]): number =>
        outcomes.reduce((total, { counts }) => total + counts[name], 0);
      process.stdout.write(
        `${sum("starts")} lives of ${server} in ${outcomes.length} worlds from seed ${first} on, ` +
          `${failed.length} failed\n`,
      );
      expect(failed.map(describeFailure)).toEqual([]);
      // Nothing is shown by lives in which nothing happens.
      expect(sum("acknowledged")).toBeGreaterThan(sum("starts"));
      expect(sum("cuts")).toBeGreaterThan(0);
    },
  );

  test.for(Object.keys(plants) as PlantName[])(
    "the planted bug is found out: %s",
    { timeout: timeoutMs },
    async (name) => {
      const { promise, from, server = "redis" } = caughtBy[name];
      for (let seed = from; seed < from + plantedSeedsMax; seed += 1) {
        const { violations } = await live(seed, { server, plant: plants[name] });
        if (violations.length === 0) continue;
        expect(violations.join("\n")).toMatch(promise);
        return;
      }
      expect.fail(`${plantedSeedsMax} seeds did not find it`);
    },
  );
});

function describeFailure({ seed, server, violations }: Outcome): string {
  const again = `node tests/broker/journal/redis/lives/main.ts --server ${server} --seed ${seed}`;
  return `seed ${seed}: ${violations[0]}; again: ${again} --trace`;
}

/** The promise that tells of it, and the seed from which on it is looked for. */
const caughtBy: Record<PlantName, { promise: RegExp; from: number; server?: ServerName }> = {
  "answer before sync": { promise: /^acknowledged is read:/m, from: 1 },
  "join does not seal": { promise: /^(?:no entry twice|in the order of sending):/m, from: 2 },
  "join leaves producers": { promise: /^acknowledged is read:/m, from: 4 },
  "trim above a cursor": { promise: /^(?:acknowledged is read|kept until passed):/m, from: 1 },
  "trim with the commit": { promise: /^acknowledged is read:/m, from: 2 },
  "known with a hole": { promise: /^acknowledged is read:/m, from: 4 },
  "resent is new": { promise: /^no entry twice:/m, from: 1 },
};
