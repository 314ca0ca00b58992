// `node tests/system/partition.ts --seconds 20`: Redis, InfluxDB and PostgreSQL stand behind one
// wire, in a network namespace of their own; it loses everything, one direction, or everything now
// and then, while serve is under load. Needs root (R17).
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/kitchen.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { inNamespace, wordsInNamespace } from "../support/namespace.ts";
import { type SplitNetwork, splitNetwork, whyNoSplitNetwork } from "../support/split-network.ts";
import { parseWords } from "../support/words.ts";
import { startServers } from "./servers.ts";
import { faultsOfSite, type Site, slowly, startSite } from "./site.ts";

export interface PartitionReport {
  name: string;
  /** Of the load, while it lasted. */
  acked: number;
  /**
   * From its end until `/readyz` was green, Redis, InfluxDB and PostgreSQL were used again, and no
   * more waited than what is always on its way.
   */
  convergedMs: number;
  rows: number;
  alerts: number;
  faults: string[];
}

interface PartitionPlan {
  /** So long each lasts. */
  lastsMs: number;
  perSecond: number;
  /** Default: all. */
  names?: readonly string[];
  /** Default: the 10 s of R17. */
  convergedMsMax?: number;
}

const convergedMsMaxDefault = 10_000;
const patienceMs = 60_000;
const flapMs = 700;

type Fault = (network: SplitNetwork, lastsMs: number) => Promise<void>;

const lasting =
  (what: Parameters<SplitNetwork["partition"]>[0]): Fault =>
  async (network, lastsMs) => {
    network.partition(what);
    await delay(lastsMs);
    network.partition("none");
  };

const partitions: Readonly<Record<string, Fault>> = {
  "both ways": lasting("both ways"),
  "what serve sends is lost": lasting("to the servers"),
  "what the servers answer is lost": lasting("from the servers"),
  async flapping(network, lastsMs) {
    const endMs = performance.now() + lastsMs;
    while (performance.now() < endMs) {
      await lasting("both ways")(network, flapMs);
      await delay(flapMs);
    }
  },
};

/** Throws unless `whyNoSplitNetwork` is `null`. */
export async function partitionServers(plan: PartitionPlan): Promise<PartitionReport[]> {
  const output = await inNamespace("network", import.meta.filename, [JSON.stringify(plan)]);
  // What the script below prints.
  return JSON.parse(output) as PartitionReport[];
}

async function runPartitions(scope: Scope, plan: PartitionPlan): Promise<PartitionReport[]> {
  const { lastsMs, perSecond, names = Object.keys(partitions) } = plan;
  const network = await splitNetwork(scope);
  network.partition("none");
  const servers = await startServers(scope, network.place);
  const site = await startSite({
    scope,
    seed: 1,
    servers,
    perSecond,
    lastsMs: names.length * (lastsMs + 20_000),
  });
  await eventually(
    slowly(() => site.metric("nadi_recorder_stored_total")),
    Boolean,
    patienceMs,
  );
  const reports: PartitionReport[] = [];
  for (const name of names) {
    const fault = partitions[name];
    if (fault === undefined) throw new Error(`unknown partition ${name}`);
    const report = await part({ site, network, plan }, name, fault);
    process.stderr.write(`${describe(report)}\n`);
    reports.push(report);
    await site.resume();
  }
  await site.rest();
  await site.load.stop();
  await site.nadi.stop();
  return reports;
}

async function part(
  { site, network, plan }: { site: Site; network: SplitNetwork; plan: PartitionPlan },
  name: string,
  fault: Fault,
): Promise<PartitionReport> {
  const { lastsMs, convergedMsMax = convergedMsMaxDefault } = plan;
  const ackedBefore = (await site.load.stats()).acked;
  const faulting = fault(network, lastsMs);
  await delay(lastsMs / 2);
  const storedBefore = await site.metric("nadi_recorder_stored_total");
  await delay(lastsMs / 4);
  const isFelt = (await site.metric("nadi_recorder_stored_total")) === storedBefore;
  await faulting;
  const mendedMs = performance.now();
  const acked = (await site.load.stats()).acked - ackedBefore;
  await eventually(
    slowly(() => site.hasConverged()),
    Boolean,
    patienceMs,
  );
  const convergedMs = performance.now() - mendedMs;
  await site.rest();
  const { store, alerts, ...found } = await site.compare();
  const faults = faultsOfSite({ store, alerts, ...found });
  if (acked < (site.plan.perSecond * lastsMs) / 2_000) faults.push(`only ${acked} acknowledged`);
  if (!isFelt && fault !== partitions["flapping"]) faults.push("readings were stored meanwhile");
  if (convergedMs > convergedMsMax) faults.push(`converged after ${Math.round(convergedMs)} ms`);
  return { name, acked, convergedMs, rows: store.rows, alerts: alerts.rows, faults };
}

function describe({ name, acked, convergedMs, rows, alerts, faults }: PartitionReport): string {
  return [
    `${name}: ${acked} acknowledged meanwhile`,
    `converged after ${Math.round(convergedMs)} ms`,
    `${rows} rows, ${alerts} alerts`,
    ...faults.map((fault) => `FAULT: ${fault}`),
  ].join("; ");
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      seconds: { type: "string", default: "20" },
      rate: { type: "string", default: "300" },
    },
  });
  const obstacle = whyNoSplitNetwork();
  if (obstacle !== null) {
    process.stdout.write(`partitions not run: ${obstacle}\n`);
    return 1;
  }
  const lastsMs = Number(values.seconds) * 1_000;
  const reports = await partitionServers({ lastsMs, perSecond: Number(values.rate) });
  const faulty = reports.filter(({ faults }) => faults.length > 0);
  process.stdout.write(`${reports.length} partitions, ${faulty.length} with faults\n`);
  return faulty.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  const words = wordsInNamespace(process.argv);
  if (words === null) process.exitCode = await main();
  else {
    // What `partitionServers` has written.
    const plan = JSON.parse(words[0] ?? "") as PartitionPlan;
    const reports = await withScope((scope) => runPartitions(scope, plan));
    process.stdout.write(JSON.stringify(reports));
  }
}
