/** `npm run bench`: Nadi beside stock Aedes and Mosquitto, in one go. */
import { assertOpenFiles, type SimulatorsError } from "../../simulators/index.ts";
import { parseWords } from "../support/words.ts";
import { whyNotApart } from "./cores.ts";
import { measureDisk } from "./disk.ts";
import { benchEdge, edgePlans } from "./edge.ts";
import { benchNeighbours, neighboursPlans } from "./neighbours.ts";
import { benchPath, pathPlans, type PathSection, pathSections } from "./path.ts";
import { describeMachine, formatReport, type BenchReport } from "./report.ts";
import { serverNames, whyMissing, type ServerName } from "./servers.ts";
import { closeAllScopes } from "./started.ts";

const partNames = ["edge", "neighbours", "path"] as const;
type PartName = (typeof partNames)[number];

const usage = `usage: node tests/bench/main.ts [options]

Measures stock Aedes, Mosquitto and Nadi in interleaved rounds on this machine; medians.
Servers and generator are processes of their own and share its CPUs.

  --quick           one short round of edge and path, two minutes
  --rounds <n>      of the edge; default ${edgePlans.full.rounds}
  --only <server>   ${serverNames.join(", ")}; may be given more than once
  --part <part>     ${partNames.join(", ")}; may be given more than once
  --section <name>  of the path: ${pathSections.join(", ")}; may be given more than once
  --apart           of the neighbours: the server has a core to itself
  --json            one JSON object on standard output`;

type Size = "quick" | "full";

function partsOf(wanted: readonly string[] | undefined, size: Size): readonly PartName[] {
  // The neighbours need many runs before they say anything.
  const all = partNames.filter((name) => size === "full" || name !== "neighbours");
  return wanted === undefined ? all : partNames.filter((name) => wanted.includes(name));
}

function sectionsOf(wanted: readonly string[] | undefined): readonly PathSection[] {
  return pathSections.filter((name) => wanted?.includes(name) ?? true);
}

/** Ctrl-C, and SIGTERM of `nadi bench`: nothing that was started stays. */
function stopOn(signal: NodeJS.Signals, exitCode: number): void {
  process.once(signal, () => {
    process.stderr.write("stopping what was started\n");
    void closeAllScopes().finally(() => process.exit(exitCode));
  });
}

async function main(): Promise<number> {
  const { values } = parseWords({
    usage,
    options: {
      quick: { type: "boolean" },
      rounds: { type: "string" },
      only: { type: "string", multiple: true },
      part: { type: "string", multiple: true },
      section: { type: "string", multiple: true },
      apart: { type: "boolean", default: false },
      json: { type: "boolean" },
    },
  });
  const wanted = serverNames.filter((name) => values.only?.includes(name) ?? true);
  const size = values.quick === true ? "quick" : "full";
  const plan = edgePlans[size];
  const rounds = Number(values.rounds ?? plan.rounds);
  const parts = partsOf(values.part, size);
  const sections = sectionsOf(values.section);
  const isNothing = wanted.length === 0 || parts.length === 0 || sections.length === 0;
  if (isNothing || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const notApart = values.apart ? whyNotApart() : null;
  if (notApart !== null) {
    process.stderr.write(`--apart can't be had here: ${notApart}\n`);
    return 2;
  }
  // A child process has the same limit as this one.
  if (parts.includes("edge")) assertOpenFiles(plan.idleDevices);
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
    ? await benchNeighbours({
        plan: neighboursPlans[size],
        isApart: values.apart,
        servers,
        progress,
      })
    : {};
  const path = parts.includes("path")
    ? await benchPath({ plan: pathPlans[size], servers, sections, progress })
    : null;
  const report: BenchReport = {
    ...describeMachine(),
    plan: `${rounds} rounds, ${size}${values.apart ? ", apart" : ""}`,
    disk: measureDisk(),
    idleDevices: plan.idleDevices,
    edge,
    neighbours,
    path,
    missing,
  };
  process.stdout.write(`${values.json === true ? JSON.stringify(report) : formatReport(report)}\n`);
  return 0;
}

stopOn("SIGINT", 130);
stopOn("SIGTERM", 143);
try {
  process.exitCode = await main();
} catch (error) {
  const { message, code } = error as SimulatorsError;
  process.stderr.write(`${code === undefined ? String((error as Error).stack) : message}\n`);
  process.exitCode = 1;
}
