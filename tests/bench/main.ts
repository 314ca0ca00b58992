/** `npm run bench`: the edge of Nadi beside stock Aedes and Mosquitto, in one go. */
import { parseArgs } from "node:util";
import { assertOpenFiles, type SimulatorsError } from "../../simulators/index.ts";
import { measureDisk } from "./disk.ts";
import { benchEdge, edgePlans } from "./edge.ts";
import { benchNeighbours, neighboursPlans } from "./neighbours.ts";
import { describeMachine, formatReport, type BenchReport } from "./report.ts";
import { serverNames, whyMissing, type ServerName } from "./servers.ts";

const usage = `usage: node tests/bench/main.ts [options]

Measures stock Aedes, Mosquitto and Nadi in interleaved rounds on this machine; medians.
Servers and generator are processes of their own and share its CPUs.

  --quick          one short round, about a minute
  --rounds <n>     default ${edgePlans.full.rounds}
  --only <server>  ${serverNames.join(", ")}; may be given more than once
  --part <part>    edge or neighbours; default both, with --quick the edge alone
  --json           one JSON object on standard output`;

function partsOf(part: string | undefined, size: "quick" | "full"): readonly string[] {
  const all = ["edge", "neighbours"];
  if (part === undefined) return size === "quick" ? ["edge"] : all;
  return all.filter((name) => name === part);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      rounds: { type: "string" },
      only: { type: "string", multiple: true },
      part: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const wanted = serverNames.filter((name) => values.only?.includes(name) ?? true);
  const size = values.quick === true ? "quick" : "full";
  const plan = edgePlans[size];
  const rounds = Number(values.rounds ?? plan.rounds);
  const parts = partsOf(values.part, size);
  if (wanted.length === 0 || parts.length === 0 || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  // A child process has the same limit as this one.
  assertOpenFiles(plan.idleDevices);
  const missing: Partial<Record<ServerName, string>> = {};
  for (const name of wanted) {
    const why = await whyMissing(name);
    if (why !== null) missing[name] = why;
  }
  const servers = wanted.filter((name) => missing[name] === undefined);
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const edge = parts.includes("edge")
    ? await benchEdge({ plan: { ...plan, rounds }, servers, progress })
    : {};
  const neighbours = parts.includes("neighbours")
    ? await benchNeighbours({ plan: neighboursPlans[size], servers, progress })
    : {};
  const report: BenchReport = {
    ...describeMachine(),
    plan: `${rounds} rounds, ${size}`,
    disk: measureDisk(),
    idleDevices: plan.idleDevices,
    edge,
    neighbours,
    missing,
  };
  process.stdout.write(`${values.json === true ? JSON.stringify(report) : formatReport(report)}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { message, code } = error as SimulatorsError;
  process.stderr.write(`${code === undefined ? String((error as Error).stack) : message}\n`);
  process.exitCode = 1;
}
