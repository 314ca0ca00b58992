// `node tests/system/channels-away.ts --readings 10000000 --rate 50000`: the channels' Redis is
// killed until so many readings have been acknowledged without it, then started again (R15).
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/kitchen.ts";
import { type Scope, withScope } from "../support/nadi-process.ts";
import { watchMemory } from "../support/process-watch.ts";
import { startRedis } from "../support/redis.ts";
import { parseWords } from "../support/words.ts";
import { faultsOfSite, type Site, slowly, startSite } from "./site.ts";

interface Plan {
  readings: number;
  perSecond: number;
  warmUpMs: number;
}

/** The live view is back so soon after Redis is. */
const backMsMax = 5_000;
const grownMbMax = 64;
const lookMs = 500;
const spareMs = 120_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function acknowledged(site: Site): Promise<number> {
  return (await site.load.stats()).acked;
}

async function run(scope: Scope, { readings, perSecond, warmUpMs }: Plan): Promise<string[]> {
  const redis = await startRedis(scope);
  const lastsMs = warmUpMs + (readings / perSecond) * 2_000 + spareMs;
  const env = { NADI_REDIS_URL: redis.url };
  const site = await startSite({ scope, seed: 1, servers: null, perSecond, lastsMs, env });
  const warming = watchMemory(site.nadi.pid());
  await delay(warmUpMs);
  const baseMb = warming.stop();

  const memory = watchMemory(site.nadi.pid());
  const before = await acknowledged(site);
  await redis.kill();
  const goneMs = performance.now();
  while ((await acknowledged(site)) - before < readings) {
    if (site.nadi.hasEnded()) throw new Error("serve has ended");
    await delay(lookMs);
  }
  const alertMs = await site.alertsFollow();
  const acked = (await acknowledged(site)) - before;
  const awayMs = performance.now() - goneMs;
  const awayMb = memory.stop();

  await redis.start();
  const startMs = performance.now();
  const isBack = async (): Promise<boolean> =>
    (await site.metric("nadi_live_view_available")) === 1 &&
    (await site.metric("nadi_channels_available")) === 1;
  await eventually(slowly(isBack), Boolean, backMsMax * 5);
  const backMs = performance.now() - startMs;
  await site.rest();
  const found = await site.compare();

  say(`without Redis ${acked} acknowledged in ${Math.round(awayMs / 1_000)} s`);
  say(`alerts       rows after ${Math.round(alertMs)} ms`);
  say(`memory       ${Math.round(baseMb)} MB, without Redis at most ${Math.round(awayMb)} MB`);
  say(`live view    back after ${Math.round(backMs)} ms`);
  say(`rows         ${found.store.rows}`);
  const faults = faultsOfSite(found);
  if (backMs > backMsMax) faults.push(`the live view was back after ${Math.round(backMs)} ms`);
  if (awayMb - baseMb > grownMbMax) faults.push("memory grew by more than 64 MB");
  await site.load.stop();
  await site.nadi.stop();
  return faults;
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      readings: { type: "string", default: "10000000" },
      rate: { type: "string", default: "50000" },
      warm: { type: "string", default: "30" },
    },
  });
  const plan = {
    readings: Number(values.readings),
    perSecond: Number(values.rate),
    warmUpMs: Number(values.warm) * 1_000,
  };
  const faults = await withScope((scope) => run(scope, plan));
  for (const fault of faults) say(`fault: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await main();
