// `node tests/broker/journal/redis/lives/main.ts --seeds 500`: lives so many seeded worlds of the
// journal on a real server, whose file is cut between its lives, and judges each; `--seed 88
// --trace` lives one again, by the same plan of steps and cuts. `--server valkey` is the other one;
// `--seconds 60` goes on for that long in place of a number of seeds; `--plant` puts in a bug.
import type { ServerName } from "../../../../support/aof.ts";
import { addCounts, commit, findPlant, wholeNumber } from "../../../../support/seeded-run.ts";
import { parseWords } from "../../../../support/words.ts";
import { live, type Outcome } from "./live.ts";
import { type Plant, plants } from "./plants.ts";

const progressEvery = 50;

interface Words {
  first: number;
  count: number;
  seconds: number;
  trace: boolean;
  server: ServerName;
  plant: Plant | undefined;
}

function readArguments(): Words {
  const { values } = parseWords({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      seconds: { type: "string" },
      server: { type: "string", default: "redis" },
      trace: { type: "boolean", default: false },
      plant: { type: "string" },
    },
  });
  const { seed, seeds, seconds, server } = values;
  if (server !== "redis" && server !== "valkey") throw new Error("--server is redis or valkey");
  // A seed alone is that seed again.
  const isOne = seed !== undefined && seconds === undefined;
  const most = seconds === undefined ? "100" : String(Number.MAX_SAFE_INTEGER);
  return {
    first: wholeNumber("--seed", seed ?? "1"),
    count: wholeNumber("--seeds", seeds ?? (isOne ? "1" : most)),
    seconds: seconds === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--seconds", seconds),
    trace: values.trace,
    server,
    plant: findPlant(plants, values.plant),
  };
}

async function main(): Promise<number> {
  const { first, count, seconds, trace, server, plant } = readArguments();
  const onTrace = trace ? (line: string) => console.log(line) : undefined;
  const startMs = performance.now();
  const passedSeconds = (): number => (performance.now() - startMs) / 1_000;
  let totals: Record<string, number> = {};
  let failures = 0;
  let lived = 0;
  while (lived < count && passedSeconds() < seconds) {
    const outcome = await live(first + lived, { server, plant, onTrace });
    lived += 1;
    totals = addCounts(totals, outcome.counts);
    if (outcome.violations.length > 0) {
      failures += 1;
      report(outcome);
    }
    if (lived % progressEvery === 0) console.log(`${lived} seeds, ${failures} failed`);
  }
  const took = passedSeconds().toFixed(0);
  const what = `${lived} seeds from ${first} on, on ${server}, in ${took} s at commit ${commit()}`;
  console.log(`${what}: ${failures} failed`);
  for (const [name, total] of Object.entries(totals)) console.log(`  ${name}: ${total}`);
  return failures === 0 ? 0 : 1;
}

function report({ seed, server, violations }: Outcome): void {
  console.log(`seed ${seed} failed at commit ${commit()}`);
  for (const violation of violations.slice(0, 5)) console.log(`  ${violation}`);
  const program = "node tests/broker/journal/redis/lives/main.ts";
  console.log(`  again: ${program} --server ${server} --seed ${seed} --trace`);
}

process.exitCode = await main();
