// `node tests/system/journal-kill.ts --rounds 20 --rate 500 [--roles]`: `kill -9` of the journal's
// Redis under load, under one serve (by default) or two brokers, two ingests and two dashboards.
// Each time nothing is acknowledged until it is there again; at the end all that was acknowledged
// is compared with what is stored, with the alerts that it foretells and their messages (R15).
import { setTimeout as delay } from "node:timers/promises";
import type { LoadProcess } from "../../simulators/index.ts";
import { eventually } from "../support/kitchen.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { parseWords } from "../support/words.ts";
import { faultsOfForetold } from "./roles-alerts.ts";
import { faultsOfStored, type LoadedRoles, loadRoles } from "./roles-faults.ts";
import { createRolesSite, durable } from "./roles-site.ts";
import { faultsOfSite, slowly, startSite } from "./site.ts";

/** What an outage of the journal's Redis was to senders. */
export interface JournalOutage {
  /** From the kill until `/readyz` was red at all of them, in ms. */
  redMs: number;
  /** PUBACKs that came in the time in which it was known to be away: there must be none. */
  ackedWhileAway: number;
  /** Connections that were lost: there must be none. */
  disconnects: number;
  /** From the moment at which Redis took connections again to the first PUBACK, in ms. */
  firstAckMs: number;
  /** To a green `/readyz` at all of them. */
  readyMs: number;
  /** What was red the longest. */
  lastRed: string;
}

export interface JournalKillReport {
  outages: JournalOutage[];
  acked: number;
  rows: number;
  alerts: number;
  faults: string[];
}

export interface JournalKillPlan {
  rounds: number;
  /** Messages a second. */
  perSecond: number;
  seed: number;
  /** It stays away for so long after all have noticed. */
  awayMs: number;
}

/** Whose journal it is. */
export interface JournalUsers {
  journal: RedisServer;
  load: LoadProcess;
  /** `/readyz` of each must tell of it. */
  httpUrls: readonly string[];
}

const withinMs = 30_000;
/** The signals of the cold stores last so long, beside the time that it is away. */
const roundMsMax = 15_000;
const ackedBetween = 100;

/** @returns when the load goes on as before */
export async function killJournal(users: JournalUsers, awayMs: number): Promise<JournalOutage> {
  const { journal, load } = users;
  const acked = async (): Promise<number> => (await load.stats()).acked;
  const moreThan = (count: number): Promise<number> =>
    eventually(slowly(acked), (now) => now > count, withinMs);
  let lastRed = "";
  const redChecks = async (): Promise<string[]> => {
    const red = await Promise.all(users.httpUrls.map(redChecksAt));
    lastRed = red.find((one) => one !== "") ?? lastRed;
    return red;
  };
  const allReady = (isWanted: boolean): Promise<string[]> =>
    eventually(slowly(redChecks), (red) => red.every((one) => (one === "") === isWanted), withinMs);
  await moreThan((await acked()) + ackedBetween);
  const { disconnects } = await load.stats();
  const killedMs = performance.now();
  await journal.kill();
  await allReady(false);
  const redMs = performance.now() - killedMs;
  // Acknowledgements that were given before may still be on their way to the load.
  const before = await standsStill(acked);
  await delay(awayMs);
  const ackedWhileAway = (await acked()) - before;
  await journal.start();
  const startedMs = performance.now();
  await moreThan(before + ackedWhileAway);
  const firstAckMs = performance.now() - startedMs;
  await allReady(true);
  const readyMs = performance.now() - startedMs;
  const lost = (await load.stats()).disconnects - disconnects;
  return { redMs, ackedWhileAway, disconnects: lost, firstAckMs, readyMs, lastRed };
}

/** In words; empty when `/readyz` is green. */
async function redChecksAt(httpUrl: string): Promise<string> {
  // The shape of `/readyz`.
  const { checks } = (await (await fetch(`${httpUrl}/readyz`)).json()) as {
    checks: { name: string; ok: boolean; detail: string }[];
  };
  const red = checks.filter(({ ok }) => !ok);
  return red.map(({ name, detail }) => `${name}: ${detail}`).join(", ");
}

/** The first count that is the same twice. */
async function standsStill(count: () => Promise<number>): Promise<number> {
  let last = await count();
  return eventually(
    slowly(count),
    (now) => {
      const isSame = now === last;
      last = now;
      return isSame;
    },
    withinMs,
  );
}

export function faultsOfOutages(outages: readonly JournalOutage[]): string[] {
  return outages.flatMap(({ ackedWhileAway, disconnects }, at) => [
    ...(ackedWhileAway > 0 ? [`outage ${at}: ${ackedWhileAway} acknowledged meanwhile`] : []),
    ...(disconnects > 0 ? [`outage ${at}: ${disconnects} connections lost`] : []),
  ]);
}

async function outagesOf(users: JournalUsers, plan: JournalKillPlan): Promise<JournalOutage[]> {
  const outages: JournalOutage[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    outages.push(await killJournal(users, plan.awayMs));
  }
  return outages;
}

/** One serve alone, its readings and records in its own files. */
export async function runServeKills(
  scope: Scope,
  plan: JournalKillPlan,
): Promise<JournalKillReport> {
  const journal = await startRedis(scope, { args: durable });
  const { seed, perSecond, rounds, awayMs } = plan;
  const env = { NADI_JOURNAL: "redis", NADI_JOURNAL_REDIS_URL: journal.url };
  const lastsMs = rounds * (awayMs + roundMsMax);
  const site = await startSite({ scope, seed, servers: null, perSecond, env, lastsMs });
  const { load, nadi } = site;
  const outages = await outagesOf({ journal, load, httpUrls: [nadi.httpUrl] }, plan);
  await site.rest();
  const found = await site.compare();
  await load.stop();
  const { code } = await nadi.stop();
  const faults = [...faultsOfOutages(outages), ...faultsOfSite(found)];
  if (code !== 0) faults.push(`serve ended with ${code}: ${nadi.stderr()}`);
  const { acked, store, alerts } = found;
  return { outages, acked, rows: store.rows, alerts: alerts.rows, faults };
}

/** Under this load, all processes that run there. It ends at rest, compared. */
export async function runRolesKills(
  { site, load, foretold }: LoadedRoles,
  plan: JournalKillPlan,
): Promise<JournalKillReport> {
  const users = [...site.running("broker"), ...site.running("ingest")];
  const httpUrls = users.map(({ httpUrl }) => httpUrl);
  const outages = await outagesOf({ journal: site.journal, load, httpUrls }, plan);
  const stored = await site.compare(load);
  const found = await foretold.compare();
  const faults = [...faultsOfOutages(outages), ...faultsOfStored(stored)];
  faults.push(...faultsOfForetold(found));
  const rows = stored.rows + found.store.rows;
  return { outages, acked: stored.acked + found.acked, rows, alerts: found.alerts.rows, faults };
}

export function describeKills({ outages, acked, rows, alerts, faults }: JournalKillReport): string {
  const summary = (valueOf: (outage: JournalOutage) => number): string => {
    const sorted = outages.map(valueOf).toSorted((a, b) => a - b);
    const at = (part: number): number => Math.round(sorted[Math.floor(part)] ?? 0);
    return `median ${at(sorted.length / 2)} ms, worst ${at(sorted.length - 1)} ms`;
  };
  const slowest = outages.toSorted((a, b) => b.readyMs - a.readyMs)[0];
  return [
    `${outages.length} kills: ${acked} acknowledged, ${rows} rows, ${alerts} alerts`,
    `red after       ${summary(({ redMs }) => redMs)}`,
    `first PUBACK    ${summary(({ firstAckMs }) => firstAckMs)} after Redis was there again`,
    `green again     ${summary(({ readyMs }) => readyMs)}; the last red: ${slowest?.lastRed}`,
    ...faults.map((one) => `fault: ${one}`),
    "",
  ].join("\n");
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      rounds: { type: "string", default: "20" },
      rate: { type: "string", default: "500" },
      seed: { type: "string", default: "1" },
      away: { type: "string", default: "2" },
      roles: { type: "boolean", default: false },
    },
  });
  const plan = {
    rounds: Number(values.rounds),
    perSecond: Number(values.rate),
    seed: Number(values.seed),
    awayMs: Number(values.away) * 1_000,
  };
  const report = await withScope(async (scope) => {
    if (!values.roles) return runServeKills(scope, plan);
    const site = await createRolesSite(scope);
    await site.startAll();
    const lastsMs = plan.rounds * (plan.awayMs + roundMsMax);
    const loaded = await loadRoles(scope, site, { ...plan, lastsMs });
    const found = await runRolesKills(loaded, plan);
    await loaded.load.stop();
    return found;
  });
  process.stdout.write(describeKills(report));
  return report.faults.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
