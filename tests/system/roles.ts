// `node tests/system/roles.ts --rounds 10`: two brokers on one port, two ingests and two dashboards
// on real servers. Each round kills one process of each role under load, ends one more ingest at a
// crash point and deploys all anew; what was acknowledged is compared with what InfluxDB holds,
// and with the alerts that it foretells and their messages (R18, R19, R36, takeover of partitions).
import { type Role, roles } from "../../devices/index.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { faultsOfForetold, foretellAlerts, type ForetoldReport } from "./roles-alerts.ts";
import { crashIngest, ingestPoints, killOne, restartAll } from "./roles-faults.ts";
import { createRolesSite } from "./roles-site.ts";

export interface RolesReport {
  rounds: number;
  seed: number;
  /** From each kill until those who were left had all of it, in ms. */
  madeGoodMs: Record<Role, number[]>;
  reconnectsPerClient: number[];
  /** Old processes of a deployment that did not end with 0. */
  failed: number;
  acked: number;
  missing: string[];
  duplicates: string[];
  foreign: string[];
  /** What cold stores sent beside the load. */
  foretold: ForetoldReport;
}

/** The signals of the cold stores last so long. */
const roundMsMax = 90_000;

const budgetMs: Record<Role, number> = { broker: 10_000, ingest: 10_000, dashboard: 10_000 };

export async function runRoles(
  scope: Scope,
  { rounds, perSecond, seed }: { rounds: number; perSecond: number; seed: number },
): Promise<RolesReport> {
  const site = await createRolesSite(scope);
  await site.startAll();
  const load = await site.startLoad(perSecond, seed);
  const alerts = await foretellAlerts(scope, site, rounds * roundMsMax);
  const madeGoodMs: RolesReport["madeGoodMs"] = { broker: [], ingest: [], dashboard: [] };
  const reconnectsPerClient: number[] = [];
  let failed = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const role of roles) madeGoodMs[role].push(await killOne(site, load, role));
    await crashIngest(site, ingestPoints[round % ingestPoints.length] ?? ingestPoints[0]);
    const restart = await restartAll(site, load, roles);
    reconnectsPerClient.push(restart.reconnectsPerClient);
    failed += restart.failed;
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  const { acked, missing, duplicates, foreign } = await site.compare(load);
  const foretold = await alerts.compare();
  await load.stop();
  const found = { acked, missing, duplicates, foreign, foretold };
  return { rounds, seed, madeGoodMs, reconnectsPerClient, failed, ...found };
}

function summary(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `median ${Math.round(median)} ms, worst ${Math.round(sorted.at(-1) ?? 0)} ms`;
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      rounds: { type: "string", default: "10" },
      rate: { type: "string", default: "500" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const plan = {
    rounds: Number(values.rounds),
    perSecond: Number(values.rate),
    seed: Number(values.seed),
  };
  const report = await withScope((scope) => runRoles(scope, plan));
  const { madeGoodMs, acked, missing, duplicates, foreign, failed, foretold } = report;
  const faults = faultsOfForetold(foretold);
  const text =
    `${report.rounds} rounds at ${plan.perSecond}/s, seed ${report.seed}\n` +
    `broker killed     all clients back: ${summary(madeGoodMs.broker)} (budget 10,000)\n` +
    `ingest killed     its partitions taken over: ${summary(madeGoodMs.ingest)} (budget 10,000)\n` +
    `dashboard killed  the other is ready: ${summary(madeGoodMs.dashboard)}\n` +
    `deployments       ${Math.max(...report.reconnectsPerClient)} reconnects a client at most on ` +
    `average (budget 1), ${failed} processes that did not stop in order\n` +
    `acknowledged      ${acked}; lost ${missing.length}, stored twice ${duplicates.length}, ` +
    `never sent ${foreign.length}\n` +
    `cold stores       ${foretold.acked} acknowledged, ${foretold.alerts.rows} alerts of ` +
    `${foretold.alerts.expected} foretold, ${foretold.messages.ids} messages, ` +
    `${foretold.messages.repeated} of them again\n` +
    faults.map((one) => `fault: ${one}\n`).join("");
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : text);
  const isInTime = roles.every((role) => Math.max(...madeGoodMs[role]) <= budgetMs[role]);
  const isWhole = missing.length + duplicates.length + foreign.length + faults.length === 0;
  return isWhole && isInTime && failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
