/**
 * Many people watch while readings arrive: `node tests/bench/viewers.ts [--viewers 1000]`. Then 60
 * more that never read: what each of them costs the service is printed too.
 */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { formatRealtimeTopic } from "../../devices/index.ts";
import { startLoadProcess } from "../../simulators/index.ts";
import { signInPerson } from "../support/kitchen.ts";
import { packets } from "../support/mqtt-wire.ts";
import { type NadiProcess, type Scope, tempFolder, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { warmUp } from "./path-load.ts";
import { startPathNadi } from "./path-nadi.ts";
import { readCpuUs, readMemory } from "./process-stats.ts";
import { benchKitchen, provisionKitchens } from "./provision.ts";
import { startViewersProcess, type Viewer } from "./viewers-process.ts";

const usage = `usage: node tests/bench/viewers.ts [options]

  --viewers <n>   WebSockets, each watches one kitchen; default 1000
  --rate <n>      readings a second, of 5 devices a kitchen; default 5000
  --kitchens <n>  default 1000; fewer have more viewers each
  --seconds <n>   measured after a warm-up; default 20
  --json          one JSON object on standard output`;

const devicesPerKitchen = 5;
/** Nadi takes 16 sockets of a person. */
const viewersPerPerson = 15;
const warmUpMs = 5_000;
/** People whose pages take nothing any more, and for how long. */
const frozenPeople = 4;
const frozenMs = 15_000;

const { values } = parseWords({
  usage,
  options: {
    viewers: { type: "string", default: "1000" },
    rate: { type: "string", default: "5000" },
    kitchens: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});

interface Plan {
  viewers: number;
  ratePerSecond: number;
  kitchens: number;
  ms: number;
}

async function measure(scope: Scope, plan: Plan) {
  const dataDir = tempFolder(scope);
  const { devices, operator, people } = await provisionKitchens(dataDir, {
    kitchens: plan.kitchens,
    devicesPerKitchen,
    place: "hotHolding",
    people: Math.ceil(plan.viewers / viewersPerPerson) + frozenPeople,
  });
  const nadi = await startPathNadi(scope, { dataDir, operator });
  const cookies: string[] = [];
  for (const person of people) {
    cookies.push((await signInPerson(nadi.process.httpUrl, person)).cookie);
  }
  const viewers: Viewer[] = Array.from({ length: plan.viewers }, (_, number) => ({
    cookie: cookies[Math.floor(number / viewersPerPerson)] ?? "",
    sppgId: benchKitchen(number % plan.kitchens),
  }));
  const watching = startViewersProcess(scope);
  const startedMs = performance.now();
  await watching.open(nadi.process.httpUrl, viewers);
  const openedInMs = performance.now() - startedMs;
  const load = await startLoadProcess({
    port: nadi.process.mqttPort,
    devices,
    pace: { kind: "idle" },
  });
  scope.onTestFinished(() => load.kill());
  const pace = { kind: "rate", perSecond: plan.ratePerSecond } as const;
  await warmUp(load, { pace, ms: warmUpMs });
  const pid = nadi.process.pid();
  await watching.reset();
  await load.measure();
  const cpuBeforeUs = readCpuUs(pid);
  await delay(plan.ms);
  const cpuUs = readCpuUs(pid) - cpuBeforeUs;
  const [seen, sent] = [await watching.stats(), await load.stats()];
  const frozen = await freeze(scope, nadi.process, cookies.slice(-frozenPeople));
  return {
    ...plan,
    openedInMs: Math.round(openedInMs),
    acked: sent.acked,
    pubackP99Ms: sent.latency.p99Us / 1000,
    messages: seen.latency.count,
    messageP50Ms: seen.latency.p50Us / 1000,
    messageP95Ms: seen.p95Us / 1000,
    messageP99Ms: seen.latency.p99Us / 1000,
    closedViewers: seen.lost,
    serveCpuShare: cpuUs / 1000 / plan.ms,
    peakMemoryMb: Math.round(readMemory(pid).peakKb / 1024),
    ...frozen,
  };
}

/** Some that watch and do not read: how much the service grows for each. */
async function freeze(scope: Scope, nadi: NadiProcess, cookies: readonly string[]) {
  const viewers = cookies.flatMap((cookie) =>
    Array.from({ length: viewersPerPerson }, () => ({ cookie, sppgId: benchKitchen(0) })),
  );
  const beforeKb = readMemory(nadi.pid()).residentKb;
  for (const [number, viewer] of viewers.entries()) {
    await openFrozen(scope, nadi, { ...viewer, clientId: `frozen-${number}` });
  }
  await delay(frozenMs);
  const grownKb = readMemory(nadi.pid()).residentKb - beforeKb;
  return { frozenViewers: viewers.length, grownKbEach: Math.round(grownKb / viewers.length) };
}

async function openFrozen(
  scope: Scope,
  nadi: NadiProcess,
  { cookie, sppgId, clientId }: Viewer & { clientId: string },
): Promise<void> {
  const socket = new WebSocket(`${nadi.httpUrl.replace(/^http/, "ws")}/mqtt`, "mqtt", {
    headers: { cookie, origin: nadi.httpUrl },
  });
  scope.onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.send(packets.connect({ clientId, keepAlive: 0 }));
  const topicFilter = formatRealtimeTopic({ sppgId, domain: "production", type: "temperature" });
  socket.send(packets.subscribe({ filters: [{ topicFilter, qos: 0 }] }));
  await once(socket, "message");
  socket.pause();
}

const plan: Plan = {
  viewers: Number(values.viewers),
  ratePerSecond: Number(values.rate),
  kitchens: Number(values.kitchens),
  ms: Number(values.seconds) * 1000,
};
const result = await withScope((scope) => measure(scope, plan));
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else console.table(result);
