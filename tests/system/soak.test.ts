import { expect, test } from "vitest";
import { runSoak } from "./soak.ts";

const seed = 20_261_201;

test("after each of some random faults all that was acknowledged is stored once and alerted once", async (t) => {
  const report = await runSoak({
    scope: t,
    seed,
    steps: 3,
    stepMs: 3_500,
    faultMsMax: 2_000,
    perSecond: 200,
    isEmbedded: false,
    progress: (text) => void process.stdout.write(`${text}\n`),
  });
  const found = report.steps.flatMap(({ fault, faults }) =>
    faults.map((one) => `${fault}: ${one}`),
  );
  expect(found, `seed ${seed}`).toEqual([]);
  const last = report.steps.at(-1);
  expect(last?.rows).toBeGreaterThan(2_000);
  expect(last?.alerts).toBeGreaterThan(0);
}, 400_000);
