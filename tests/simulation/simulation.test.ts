import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type PlantName, plants } from "./plants.ts";
import { simulate } from "./simulate.ts";

/** As many worlds as fit into it, others each time; `main.ts --seeds 10000` is the long form. */
const budgetMs = 90_000;
/** A tenth of what fits on a quiet machine: fewer would show that worlds have become slow. */
const seedsMin = 200;
/** Any of them is found out sooner than this. */
const plantedSeedsMax = 300;

/** On a machine that does ten other things too. */
const timeoutMs = 15 * 60_000;

test(
  "every promise is kept in as many new seeded worlds as 90 s hold",
  async () => {
    const first = Date.now();
    const endMs = performance.now() + budgetMs;
    const failed: string[] = [];
    const met = { kills: 0, powerCuts: 0, stops: 0, failedStarts: 0, clockSteps: 0, acts: 0 };
    const names = Object.keys(met) as (keyof typeof met)[];
    let alerts = 0;
    let seeds = 0;
    while (performance.now() < endMs) {
      const seed = first + seeds;
      const { violations, counts } = await simulate(seed);
      if (violations.length > 0) failed.push(describeFailure(seed, violations));
      for (const name of names) met[name] += counts[name];
      alerts += counts.alerts;
      seeds += 1;
      await setImmediate();
    }
    process.stdout.write(`${seeds} seeds from ${first} on, ${failed.length} failed\n`);
    expect(failed).toEqual([]);
    expect(seeds).toBeGreaterThan(seedsMin);
    // Nothing is shown by worlds in which nothing happens.
    expect(names.filter((name) => met[name] < seeds / 10)).toEqual([]);
    expect(alerts).toBeGreaterThan(seeds);
  },
  timeoutMs,
);

function describeFailure(seed: number, violations: readonly string[]): string {
  const again = `node tests/simulation/main.ts --seed ${seed} --trace`;
  return `seed ${seed}: ${violations[0]}; again: ${again}`;
}

test(
  "a seed lives the same life again, step by step",
  async () => {
    for (const seed of [3, 88]) {
      const lines: string[] = [];
      const first = await simulate(seed, { onTrace: (line) => lines.push(line) });
      const again: string[] = [];
      const second = await simulate(seed, { onTrace: (line) => again.push(line) });
      expect(again).toEqual(lines);
      expect(second.traceHash).toBe(first.traceHash);
      expect(second.counts).toEqual(first.counts);
      expect(first.counts.acks).toBeGreaterThan(0);
    }
    expect((await simulate(3)).traceHash).not.toBe((await simulate(4)).traceHash);
  },
  timeoutMs,
);

/** The invariants that tell of it: which of them comes first depends on where the crash falls. */
const caughtBy: Record<PlantName, RegExp> = {
  "ack before sync": /^(?:offsets grow|acknowledged is on disk|kept until passed|no damage):/,
  "checkpoint before store": /^acknowledged is stored:/,
  "trim before checkpoint": /^kept until passed:/,
  "offset not fenced": /^(?:void stays void|replay is the same|no damage|alerts as undisturbed):/,
};

test.for(Object.keys(plants) as PlantName[])(
  "the planted bug is found out: %s",
  { timeout: timeoutMs },
  async (name) => {
    const plant = plants[name];
    for (let seed = 1; seed <= plantedSeedsMax; seed += 1) {
      const { violations } = await simulate(seed, { plant });
      if (violations.length === 0) continue;
      expect(violations[0]).toMatch(caughtBy[name]);
      return;
    }
    expect.fail(`${plantedSeedsMax} seeds did not find it`);
  },
);
