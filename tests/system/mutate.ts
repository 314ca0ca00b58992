/**
 * The long form of tests/broker/mutations.test.ts:
 * `node tests/system/mutate.ts --packets 100000 --seed 1`. An uncaught error ends it with code 1.
 */
import { createTestBroker } from "../support/broker.ts";
import { runMutations } from "../support/mutations.ts";
import { parseWords } from "../support/words.ts";

const { values } = parseWords({
  options: {
    packets: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});

const cleanUps: (() => void | Promise<void>)[] = [];
const made = await createTestBroker({ onTestFinished: (cleanUp) => cleanUps.push(cleanUp) });
const report = await runMutations(made, {
  packets: Number(values.packets),
  seed: Number(values.seed),
  onRound: ({ sent, rssEndBytes }) => {
    if (sent % 10_000 === 0) console.error(`${sent} sent, ${Math.round(rssEndBytes / 1e6)} MB`);
  },
});
const refusals = Object.fromEntries(made.broker.edge.refusals.counts);
for (const cleanUp of cleanUps.toReversed()) await cleanUp();
console.log(JSON.stringify({ ...report, refusals }, null, 2));
if (report.foreign > 0) process.exitCode = 1;
