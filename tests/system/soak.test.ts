import { expect, test } from "vitest";
import type { ProcessSample } from "../support/process-watch.ts";
import { runSoak } from "./soak.ts";

const seed = 20_261_201;
/** With the comparisons a minute; no fault ends serve, so that it can be watched. */
const plan = {
  steps: 10,
  stepMs: 4_500,
  faultMsMax: 2_000,
  perSecond: 200,
  isEmbedded: false,
  isOneLife: true,
  isCollected: true,
};

/** A process grows while it is young: what comes later is compared with what these steps saw. */
const youngSteps = 4;
const grownMax = { residentMb: 64, heapMb: 8, descriptors: 8 } as const;

/** What has grown by more than chance explains, in words. */
function findGrowth(samples: readonly ProcessSample[]): string[] {
  const young = samples.slice(0, youngSteps);
  const last = samples.at(-1);
  if (last === undefined || samples.length <= youngSteps) throw new Error("too few were looked at");
  const names = Object.keys(grownMax) as (keyof typeof grownMax)[];
  return names.flatMap((name) => {
    const base = Math.max(...young.map((sample) => sample[name]));
    if (last[name] <= base + grownMax[name]) return [];
    return [`${name} ${Math.round(base)} became ${Math.round(last[name])}`];
  });
}

test("a minute of random faults: all is stored and alerted once after each, and serve stays flat", async (t) => {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const report = await runSoak({ scope: t, seed, ...plan, progress: say });
  const found = report.steps.flatMap(({ fault, faults }) =>
    faults.map((one) => `${fault}: ${one}`),
  );
  expect(found, `seed ${seed}`).toEqual([]);
  expect(new Set(report.steps.map(({ fault }) => fault)).size).toBe(plan.steps);
  const last = report.steps.at(-1);
  expect(last?.rows).toBeGreaterThan(plan.steps * 1_000);
  expect(last?.alerts).toBeGreaterThan(plan.steps);
  const [life, ...others] = report.lives;
  expect(others).toEqual([]);
  expect(life?.samples).toHaveLength(plan.steps);
  expect(findGrowth(life?.samples ?? [])).toEqual([]);
}, 400_000);

test("what leaks is found: memory, heap or a descriptor at each fault", () => {
  const leaking = (step: Partial<ProcessSample>): ProcessSample[] =>
    Array.from({ length: plan.steps }, (_, at) => ({
      atMs: at * plan.stepMs,
      residentMb: 400 + (at % 3) * 15 + at * (step.residentMb ?? 0),
      heapMb: 40 + (at % 3) * 3 + at * (step.heapMb ?? 0),
      descriptors: 100 + (at % 2) * 5 + at * (step.descriptors ?? 0),
    }));
  expect(findGrowth(leaking({}))).toEqual([]);
  expect(findGrowth(leaking({ residentMb: 15 }))).toHaveLength(1);
  expect(findGrowth(leaking({ heapMb: 5 }))).toHaveLength(1);
  expect(findGrowth(leaking({ descriptors: 3 }))).toHaveLength(1);
});
