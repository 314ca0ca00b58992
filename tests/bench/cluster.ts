/**
 * Readings that come through a Mosquitto: `node tests/bench/cluster.ts [--seconds 10]`. Nadi behind
 * it, which acknowledges to it what is on disk, beside the hand-written mqtt.js bridge, which
 * acknowledges what it has in memory. All on one machine, the generator too.
 */
import { setTimeout as delay } from "node:timers/promises";
import { signInPerson } from "../support/kitchen.ts";
import { type Scope, spawnNadi, tempFolder } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { countStored, type PathNadi, readMetric, untilStored } from "./path-nadi.ts";
import { type Candidate, type CandidateStore, measure, startMosquitto } from "./path-stored.ts";
import { provisionKitchens } from "./provision.ts";
import { startServer } from "./servers.ts";
import { inScope } from "./started.ts";
import { formatFigure, formatTable } from "./table.ts";

const { values } = parseWords({
  options: {
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});

const devicesCount = 100;
const settledMsMax = 300_000;

/** Nadi's side, as its environment says it. */
const joins = {
  "Nadi, 32 connections, shared": { NADI_MQTT_CONNECTIONS: "32" },
  "Nadi, 4 connections, shared": { NADI_MQTT_CONNECTIONS: "4" },
  "Nadi, 1 connection, not shared": { NADI_MQTT_SHARED: "no" },
} as const;

async function startBehind(scope: Scope, env: Record<string, string>): Promise<Candidate> {
  const server = await startServer("mosquitto", 1, { queue: "unbounded" });
  scope.onTestFinished(() => server.stop());
  const dataDir = tempFolder(scope);
  const size = { kitchens: 1, devicesPerKitchen: devicesCount, place: "hotHolding" } as const;
  const { devices, operator } = await provisionKitchens(dataDir, size);
  const url = `mqtt://127.0.0.1:${server.port}`;
  const child = spawnNadi(scope, { dataDir, env: { NADI_MQTT_URL: url, ...env } });
  const [http] = await Promise.all([child.line("http listens"), child.line("mqtt cluster joined")]);
  const httpUrl = String(http["url"]);
  const process = Object.assign(child, { httpUrl, mqttPort: server.port });
  const nadi: PathNadi = { process, api: await signInPerson(httpUrl, operator) };
  const [first] = devices;
  if (first === undefined) throw new Error("no device was provisioned");
  const journaled = (): Promise<number> => readMetric(httpUrl, "nadi_cluster_journaled_total");
  const store: CandidateStore = {
    lag: async (acked) =>
      acked - (await journaled()) + (await readMetric(httpUrl, "nadi_recorder_lag_entries")),
    async settled(acked) {
      const endMs = performance.now() + settledMsMax;
      while ((await journaled()) < acked && performance.now() < endMs) await delay(50);
      return untilStored(nadi, first);
    },
    total: async () =>
      [...(await countStored(nadi, devices)).values()].reduce((sum, count) => sum + count, 0),
    counts: () => countStored(nadi, devices),
  };
  return { port: server.port, devices, pids: [server.pid, child.pid()], store };
}

const candidates: Record<string, (scope: Scope) => Promise<Candidate>> = {
  "mqtt.js bridge": (scope) => startMosquitto(scope, "unbounded"),
  ...Object.fromEntries(
    Object.entries(joins).map(([name, env]) => [name, (scope: Scope) => startBehind(scope, env)]),
  ),
};

const plan = { rounds: 1, warmUpMs: 2_000, sendMs: Number(values.seconds) * 1_000 };
const rows: string[][] = [];
const figures: Record<string, unknown>[] = [];
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const [name, start] of Object.entries(candidates)) {
    const result = await inScope(async (scope) => measure(await start(scope), plan));
    figures.push({ name, round, ...result });
    rows.push([
      name,
      formatFigure(result.ackedPerSecond, 0),
      formatFigure(result.storedPerSecond, 0),
      formatFigure((result.drainMs ?? 0) / 1_000, 1),
      formatFigure(result.lost, 0),
      formatFigure(result.cpuUsPerReading, 1),
      formatFigure(result.peakMemoryMb, 0),
    ]);
    process.stderr.write(`${JSON.stringify(figures.at(-1))}\n`);
  }
}
const head = ["", "acked/s", "stored/s", "drain s", "lost", "CPU µs", "MB"];
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else process.stdout.write(`${formatTable([head, ...rows]).join("\n")}\n`);
