// `node tests/system/influx-faults.ts --seconds 30 [--rate 500]`: one serve under load on a real
// InfluxDB 1.x behind a proxy that answers late, twice, not at all, half, or with a refusal, each
// for so long; what goes on meanwhile, and what is stored when it behaves again (R9). `--control`:
// the same time without any fault, which says what memory does by itself.
import { setTimeout as delay } from "node:timers/promises";
import {
  type FaultyInflux,
  type InfluxFault,
  startFaultyInflux,
} from "../support/faulty-influx.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { watchMemory } from "../support/process-watch.ts";
import { parseWords } from "../support/words.ts";
import { startServers } from "./servers.ts";
import { faultsOfSite, type Site, startSite } from "./site.ts";

export interface InfluxFaultsPlan {
  scope: Scope;
  /** So long each fault lasts. */
  faultMs: number;
  /** Of good behaviour before: its most memory is the base. */
  warmUpMs: number;
  perSecond: number;
  /** Default: all. */
  names?: readonly string[];
  /** Above the base; default 64. */
  grownMbMax?: number;
  /** The same without any fault: what memory does by itself in that time. Default no. */
  isControl?: boolean;
  progress?: (text: string) => void;
}

export interface InfluxFaultReport {
  name: string;
  /** Of the load, while it lasted. */
  acked: number;
  /** Requests that met the fault. */
  met: number;
  /** Until every alert that the acknowledged readings foretell was a row, while it lasted. */
  alertMs: number;
  /** Most memory above the base. */
  grownMb: number;
  /** From the end of all sending until all was stored. */
  levelMs: number;
  rows: number;
  faults: string[];
}

const grownMbMaxDefault = 64;
/** One that answers a write later than this has been given up. */
const givenUpMs = 15_000;

const misbehaviour: Readonly<Record<string, InfluxFault>> = {
  "every answer after 5 s": { kind: "late", ms: 5_000 },
  "every 2xx after Nadi has given up": { kind: "late", ms: givenUpMs + 500 },
  "applied, and a 500 for an answer": { kind: "answer", status: 500, kept: true },
  "two 204 for one request": { kind: "twice" },
  "breaks off mid-body, nothing applied": { kind: "broken", kept: false },
  "breaks off mid-body, all applied": { kind: "broken", kept: true },
  "503 with Retry-After": { kind: "answer", status: 503, headers: { "retry-after": "2" } },
  "never answers, nothing applied": { kind: "hang", kept: false },
  "never answers, all applied": { kind: "hang", kept: true },
};
export const influxFaultNames = Object.keys(misbehaviour);

export async function runInfluxFaults(plan: InfluxFaultsPlan): Promise<InfluxFaultReport[]> {
  const { scope, faultMs, warmUpMs, perSecond, names = influxFaultNames } = plan;
  const servers = await startServers(scope);
  const proxy = await startFaultyInflux(scope, servers.influx.url);
  const site = await startSite({
    scope,
    seed: 1,
    servers,
    urls: { influx: proxy.url },
    perSecond,
    lastsMs: warmUpMs + names.length * (faultMs + 2 * givenUpMs),
  });
  const warming = watchMemory(site.nadi.pid());
  await delay(warmUpMs);
  const baseMb = warming.stop();
  plan.progress?.(`${Math.round(baseMb)} MB while InfluxDB behaves`);
  const reports: InfluxFaultReport[] = [];
  for (const name of names) {
    const report = await misbehave({ site, proxy, baseMb, plan }, name);
    reports.push(report);
    plan.progress?.(describe(report));
    await site.resume();
  }
  await site.rest();
  await site.load.stop();
  await site.nadi.stop();
  return reports;
}

async function misbehave(
  run: { site: Site; proxy: FaultyInflux; baseMb: number; plan: InfluxFaultsPlan },
  name: string,
): Promise<InfluxFaultReport> {
  const { site, proxy, baseMb } = run;
  const { faultMs, grownMbMax = grownMbMaxDefault, isControl = false } = run.plan;
  const fault = misbehaviour[name];
  if (fault === undefined) throw new Error(`unknown fault ${name}: ${influxFaultNames.join(", ")}`);
  // What a query answers is read; two 204 are an answer to a write alone.
  const path = fault.kind === "twice" ? "/write" : "/";
  const memory = watchMemory(site.nadi.pid());
  const [ackedBefore, metBefore] = [(await site.load.stats()).acked, proxy.requests(path)];
  if (!isControl) proxy.always(path, fault);
  const startMs = performance.now();
  await delay(faultMs / 2);
  const alertMs = await site.alertsFollow();
  await delay(Math.max(0, faultMs - (performance.now() - startMs)));
  const [acked, met] = [(await site.load.stats()).acked, proxy.requests(path)];
  proxy.always(path, null);
  const { levelMs } = await site.rest();
  const grownMb = memory.stop() - baseMb;
  const found = await site.compare();
  const faults = faultsOfSite(found);
  if (grownMb > grownMbMax) faults.push(`memory grew by ${Math.round(grownMb)} MB`);
  if (met === metBefore) faults.push("no request met the fault: this shows nothing");
  if (acked - ackedBefore < (site.plan.perSecond * faultMs) / 2_000) {
    faults.push(`only ${acked - ackedBefore} acknowledged meanwhile`);
  }
  return {
    name,
    acked: acked - ackedBefore,
    met: met - metBefore,
    alertMs,
    grownMb,
    levelMs,
    rows: found.store.rows,
    faults,
  };
}

function describe(report: InfluxFaultReport): string {
  const whole = (value: number): string => String(Math.round(value));
  return [
    `${report.name}: ${report.acked} acknowledged meanwhile, ${report.met} requests`,
    `alerts after ${whole(report.alertMs)} ms`,
    `memory ${report.grownMb < 0 ? "" : "+"}${whole(report.grownMb)} MB`,
    `all ${report.rows} rows there after ${whole(report.levelMs)} ms`,
    ...report.faults.map((fault) => `FAULT: ${fault}`),
  ].join("; ");
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      seconds: { type: "string", default: "30" },
      warm: { type: "string", default: "60" },
      rate: { type: "string", default: "500" },
      control: { type: "boolean", default: false },
    },
  });
  const reports = await withScope((scope) =>
    runInfluxFaults({
      scope,
      faultMs: Number(values.seconds) * 1_000,
      warmUpMs: Number(values.warm) * 1_000,
      perSecond: Number(values.rate),
      isControl: values.control,
      progress: (text) => void process.stdout.write(`${text}\n`),
    }),
  );
  const faulty = reports.filter(({ faults }) => faults.length > 0);
  process.stdout.write(`${reports.length} kinds, ${faulty.length} with faults\n`);
  return faulty.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
