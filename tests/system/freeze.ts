// `node tests/system/freeze.ts --seconds 60`: Redis, InfluxDB and PostgreSQL, one after the other,
// stand still under a serve under load: there, and silent (R9, R15).
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/kitchen.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { watchMemory } from "../support/process-watch.ts";
import { parseWords } from "../support/words.ts";
import { type ServerName, serverNames, type Servers, startServers } from "./servers.ts";
import { faultsOfSite, type Site, slowly, startSite } from "./site.ts";

export interface FreezeReport {
  name: ServerName;
  /** Of the load, while it stood still. */
  acked: number;
  /** Until the alerts were rows that were due; `null`: they wait for PostgreSQL. */
  alertMs: number | null;
  /** Whether `/readyz` was green at the end of the stillness. */
  wasReady: boolean;
  /** From SIGCONT until everything was as before. */
  convergedMs: number;
  /** Most memory above that of the warm-up. */
  grownMb: number;
  rows: number;
  faults: string[];
}

const patienceMs = 60_000;
const grownMbMax = 64;

export async function runFreezes(plan: {
  scope: Scope;
  frozenMs: number;
  warmUpMs: number;
  perSecond: number;
  progress?: (text: string) => void;
}): Promise<FreezeReport[]> {
  const { scope, frozenMs, warmUpMs, perSecond, progress = () => undefined } = plan;
  const servers = await startServers(scope);
  const lastsMs = warmUpMs + serverNames.length * (frozenMs + 30_000);
  const site = await startSite({ scope, seed: 1, servers, perSecond, lastsMs });
  const warming = watchMemory(site.nadi.pid());
  await delay(warmUpMs);
  const baseMb = warming.stop();
  const reports: FreezeReport[] = [];
  for (const name of serverNames) {
    const report = await freeze({ site, servers, frozenMs, baseMb }, name);
    reports.push(report);
    progress(describe(report));
    await site.resume();
  }
  await site.rest();
  await site.load.stop();
  await site.nadi.stop();
  return reports;
}

async function freeze(
  run: { site: Site; servers: Servers; frozenMs: number; baseMb: number },
  name: ServerName,
): Promise<FreezeReport> {
  const { site, servers, frozenMs, baseMb } = run;
  const memory = watchMemory(site.nadi.pid());
  const ackedBefore = (await site.load.stats()).acked;
  const startMs = performance.now();
  await servers.breakable[name].freeze();
  await delay(frozenMs / 2);
  const alertMs = name === "postgres" ? null : await site.alertsFollow();
  await delay(Math.max(0, frozenMs - (performance.now() - startMs)));
  const acked = (await site.load.stats()).acked - ackedBefore;
  const wasReady = await site.isReady();
  await servers.breakable[name].thaw();
  const thawedMs = performance.now();
  await eventually(
    slowly(() => site.hasConverged()),
    Boolean,
    patienceMs,
  );
  const convergedMs = performance.now() - thawedMs;
  const grownMb = memory.stop() - baseMb;
  await site.rest();
  const found = await site.compare();
  const faults = faultsOfSite(found);
  if (acked < (site.plan.perSecond * frozenMs) / 2_000) faults.push(`only ${acked} acknowledged`);
  if (grownMb > grownMbMax) faults.push(`memory grew by ${Math.round(grownMb)} MB`);
  const { rows } = found.store;
  return { name, acked, alertMs, wasReady, convergedMs, grownMb, rows, faults };
}

function describe(report: FreezeReport): string {
  const { alertMs, grownMb } = report;
  return [
    `${report.name} frozen: ${report.acked} acknowledged meanwhile`,
    alertMs === null ? "alerts wait" : `alerts after ${Math.round(alertMs)} ms`,
    `/readyz ${report.wasReady ? "green" : "red"}`,
    `as before ${Math.round(report.convergedMs)} ms after its end`,
    `memory ${grownMb < 0 ? "" : "+"}${Math.round(grownMb)} MB`,
    `${report.rows} rows`,
    ...report.faults.map((fault) => `FAULT: ${fault}`),
  ].join("; ");
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      seconds: { type: "string", default: "60" },
      warm: { type: "string", default: "60" },
      rate: { type: "string", default: "300" },
    },
  });
  const reports = await withScope((scope) =>
    runFreezes({
      scope,
      frozenMs: Number(values.seconds) * 1_000,
      warmUpMs: Number(values.warm) * 1_000,
      perSecond: Number(values.rate),
      progress: (text) => void process.stdout.write(`${text}\n`),
    }),
  );
  return reports.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
