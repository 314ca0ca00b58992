// `node tests/simulation/main.ts --seeds 10000`: lives so many seeded worlds of journal, recorder,
// monitor and outbox on a model disk, and judges each; `--seed 88 --trace` lives one again.
import { addCounts, commit, findPlant, wholeNumber } from "../support/seeded-run.ts";
import { parseWords } from "../support/words.ts";
import { plants } from "./plants.ts";
import { type Outcome, simulate } from "./simulate.ts";

const progressEvery = 1_000;

function readArguments() {
  const { values } = parseWords({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      trace: { type: "boolean", default: false },
      plant: { type: "string" },
    },
  });
  const first = wholeNumber("--seed", values.seed ?? "1");
  // A seed alone is that seed again.
  const count = wholeNumber("--seeds", values.seeds ?? (values.seed === undefined ? "100" : "1"));
  return { first, count, trace: values.trace, plant: findPlant(plants, values.plant) };
}

async function main(): Promise<number> {
  const { first, count, trace, plant } = readArguments();
  const onTrace = trace ? (line: string) => console.log(line) : undefined;
  const startMs = performance.now();
  let failures = 0;
  let totals: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = await simulate(seed, { plant, onTrace });
    totals = addCounts(totals, outcome.counts);
    if (outcome.violations.length > 0) {
      failures += 1;
      report(outcome);
    }
    const lived = seed + 1 - first;
    if (lived % progressEvery === 0) console.log(`${lived} seeds, ${failures} failed`);
    if (count === 1) console.log(`trace ${outcome.traceHash}`);
  }
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  console.log(
    `${count} seeds from ${first} on in ${seconds} s at commit ${commit()}: ${failures} failed`,
  );
  for (const [name, total] of Object.entries(totals)) console.log(`  ${name}: ${total}`);
  return failures === 0 ? 0 : 1;
}

function report({ seed, violations, traceHash }: Outcome): void {
  console.log(`seed ${seed} failed at commit ${commit()}, trace ${traceHash}`);
  for (const violation of violations.slice(0, 5)) console.log(`  ${violation}`);
  console.log(`  again: node tests/simulation/main.ts --seed ${seed} --trace`);
}

process.exitCode = await main();
