// `node tests/system/memory-cap.ts --mb 256 --clients 3000`: one serve, embedded, in a control
// group that may take so much memory, under load, while more and more clients come and stay.
// Needs root (R33).
import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess } from "../../simulators/index.ts";
import { createMemoryCgroup, whyNoMemoryCgroup } from "../support/memory-cgroup.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { faultsOfSite, type Site, startSite } from "./site.ts";

export interface MemoryCapPlan {
  scope: Scope;
  capMb: number;
  /** Beside those of the load; they send nothing. */
  clients: number;
  /** Messages a second of the load. */
  perSecond: number;
  /** Of the load alone, before. */
  warmUpMs: number;
  progress?: (text: string) => void;
}

export interface MemoryCapReport {
  capMb: number;
  /** Charged at most, with page cache; and what can't be given back, after the load alone. */
  peakMb: number;
  warmMb: number;
  /** The same with all clients that were taken. */
  crowdedMb: number;
  /** MQTT connections at the end, those of the load too. */
  connections: number;
  /** CONNECTs that were answered with a refusal. */
  refused: number;
  /** Times that the kernel ended serve. */
  killed: number;
  acked: number;
  rows: number;
  faults: string[];
}

const clientsAtOnce = 100;
const toldEvery = 500;
/** Whoever has no CONNACK by then is refused, or was never taken. */
const connectMsMax = 2_000;

export async function runMemoryCap(plan: MemoryCapPlan): Promise<MemoryCapReport> {
  const { scope, capMb, clients, perSecond, warmUpMs, progress = () => undefined } = plan;
  const group = createMemoryCgroup(scope, capMb);
  const { wrap } = group;
  const lastsMs = warmUpMs + (clients / clientsAtOnce) * 2 * connectMsMax + 60_000;
  const site = await startSite(
    { scope, seed: 1, servers: null, perSecond, wrap, lastsMs },
    clients,
  );
  await delay(warmUpMs);
  const warmMb = group.anonymousMb();
  progress(`${Math.round(warmMb)} MB with the load alone`);
  for (let from = 0; from < clients; from += clientsAtOnce) {
    if (site.nadi.hasEnded()) break;
    await addClients(scope, site, site.idle.slice(from, from + clientsAtOnce));
    const count = from + clientsAtOnce;
    if (count % toldEvery === 0) progress(`${count} came: ${Math.round(group.anonymousMb())} MB`);
  }
  const crowdedMb = group.anonymousMb();
  const killed = group.killed();
  const [connections, refused] = site.nadi.hasEnded()
    ? [0, 0]
    : [await site.metric("nadi_mqtt_connections"), await countRefused(site)];
  if (site.nadi.hasEnded()) await site.startAgain();
  await site.rest();
  const found = await site.compare();
  const faults = faultsOfSite(found);
  if (killed > 0) faults.push(`the kernel ended serve ${killed} times`);
  const peakMb = group.peakMb();
  await site.load.stop();
  await site.nadi.stop();
  const { acked, store } = found;
  const sizes = { capMb, peakMb, warmMb, crowdedMb };
  return { ...sizes, connections, refused, killed, acked, rows: store.rows, faults };
}

/** They stay until the scope ends; those that are refused come again and again, as devices do. */
async function addClients(scope: Scope, site: Site, devices: Site["idle"]): Promise<void> {
  try {
    const crowd = await startLoadProcess({
      port: site.port,
      devices,
      pace: { kind: "idle" },
      connectTimeoutMs: connectMsMax,
      reconnect: { minMs: 500, maxMs: 5_000 },
    });
    scope.onTestFinished(() => crowd.kill());
  } catch (error) {
    // Not all of them were taken, and then none of them stays: serve has counted the refusals.
    const { code } = error as { code?: string };
    if (code === undefined || !code.startsWith("SIMULATORS_")) throw error;
  }
}

async function countRefused(site: Site): Promise<number> {
  const text = await (await fetch(`${site.nadi.httpUrl}/metrics`)).text();
  const counts = [...text.matchAll(/^nadi_mqtt_refused_total\{reason="[^"]+"\} (\d+)/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      mb: { type: "string", default: "256" },
      clients: { type: "string", default: "3000" },
      rate: { type: "string", default: "1000" },
      warm: { type: "string", default: "20" },
    },
  });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const obstacle = whyNoMemoryCgroup();
  if (obstacle !== null) {
    say(`memory cap not run: ${obstacle}`);
    return 1;
  }
  const report = await withScope((scope) =>
    runMemoryCap({
      scope,
      capMb: Number(values.mb),
      clients: Number(values.clients),
      perSecond: Number(values.rate),
      warmUpMs: Number(values.warm) * 1_000,
      progress: say,
    }),
  );
  const whole = Math.round;
  say(`cap ${report.capMb} MB, at most ${whole(report.peakMb)} MB charged with page cache`);
  say(`of its own   ${whole(report.warmMb)} MB, with all clients ${whole(report.crowdedMb)} MB`);
  say(`clients      ${report.connections} connected, ${report.refused} CONNECTs refused`);
  say(`acknowledged ${report.acked}, ${report.rows} rows`);
  for (const fault of report.faults) say(`fault: ${fault}`);
  return report.faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
