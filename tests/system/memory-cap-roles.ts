// `node tests/system/memory-cap-roles.ts --mb 256 --seconds 60`: a process of each role, each in a
// control group that may take so much memory, on Redis, InfluxDB and PostgreSQL under load. Needs
// root (R33).
import { setTimeout as delay } from "node:timers/promises";
import { roles } from "../../devices/index.ts";
import {
  createMemoryCgroup,
  type MemoryCgroup,
  whyNoMemoryCgroup,
} from "../support/memory-cgroup.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { createRolesSite } from "./roles-site.ts";

interface Plan {
  capMb: number;
  perSecond: number;
  ms: number;
}

const sampleMs = 500;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The most of each group's own memory, looked at twice a second. */
async function watch(groups: ReadonlyMap<string, MemoryCgroup>, ms: number) {
  const most = new Map<string, number>();
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    for (const [role, group] of groups) {
      most.set(role, Math.max(most.get(role) ?? 0, group.anonymousMb()));
    }
    await delay(sampleMs);
  }
  return most;
}

async function run(scope: Scope, { capMb, perSecond, ms }: Plan): Promise<string[]> {
  const groups = new Map(roles.map((role) => [role, createMemoryCgroup(scope, capMb)]));
  const site = await createRolesSite(scope);
  await Promise.all([...groups].map(([role, group]) => site.start(role, { wrap: group.wrap })));
  await site.untilOwned();
  const load = await site.startLoad(perSecond, 1);
  const most = await watch(groups, ms);
  const { acked, missing, duplicates, foreign } = await site.compare(load);
  for (const [role, mb] of most) say(`${role.padEnd(10)} ${Math.round(mb)} MB of its own`);
  say(`acknowledged ${acked}, missing ${missing.length}, twice ${duplicates.length}`);
  const faults = [...missing, ...duplicates, ...foreign];
  for (const [role, group] of groups) {
    if (group.killed() > 0) faults.push(`the kernel ended ${role}`);
  }
  return faults;
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      mb: { type: "string", default: "256" },
      rate: { type: "string", default: "500" },
      seconds: { type: "string", default: "60" },
    },
  });
  const obstacle = whyNoMemoryCgroup();
  if (obstacle !== null) {
    say(`memory cap not run: ${obstacle}`);
    return 1;
  }
  const plan = {
    capMb: Number(values.mb),
    perSecond: Number(values.rate),
    ms: Number(values.seconds) * 1_000,
  };
  const faults = await withScope((scope) => run(scope, plan));
  for (const fault of faults) say(`fault: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await main();
