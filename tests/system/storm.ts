// `node tests/system/storm.ts --clients 5000`: kills `nadi serve` under many connected devices,
// starts it again, and shows how long it takes until all are back and what was lost (R20).
import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { readMemory } from "../bench/process-stats.ts";
import {
  fixedPort,
  type Scope,
  startNadi,
  tempFolder,
  withScope,
} from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { countAcked, JournalContents } from "./journal-contents.ts";

export interface StormReport {
  clients: number;
  /** From the spawn of the second process until every client had its CONNACK. */
  backMs: number;
  acked: number;
  missing: string[];
  /** CONNECTs beyond one a client: tries that were refused or timed out. */
  extraAccepted: number;
  /** What the broker says of why, by reason. */
  refused: Record<string, number>;
  peakMb: number;
}

const backMsMax = 60_000;

async function metric(httpUrl: string, pattern: RegExp): Promise<RegExpMatchArray[]> {
  const body = await (await fetch(`${httpUrl}/metrics`)).text();
  return [...body.matchAll(pattern)];
}

export async function runStorm(scope: Scope, clients: number): Promise<StormReport> {
  const dataDir = tempFolder(scope);
  const devices = await provision(dataDir, clients);
  const mqttPort = await fixedPort();
  const first = await startNadi(scope, { dataDir, mqttPort });
  const load = await startLoadProcess({
    port: mqttPort,
    devices,
    pace: { kind: "rate", perSecond: 2_000 },
    window: 8,
    boot: 1,
    // Eager clients: kitchens whose devices all come back within a second.
    reconnect: { minMs: 50, maxMs: 1_000 },
  });
  scope.onTestFinished(() => load.kill());
  await delay(1_000);
  await first.kill();

  const second = await startNadi(scope, { dataDir, mqttPort });
  while ((await load.stats()).live < clients) {
    if (performance.now() - second.spawnedAtMs > backMsMax) break;
    await delay(20);
  }
  const backMs = performance.now() - second.spawnedAtMs;
  await load.pace({ kind: "idle" });
  while ((await load.stats()).inFlight > 0 && performance.now() - second.spawnedAtMs < backMsMax) {
    await delay(20);
  }
  const acked = await load.acked();
  const accepted = await metric(second.httpUrl, /^nadi_mqtt_accepted_total (\d+)/gm);
  const refused = await metric(second.httpUrl, /^nadi_mqtt_refused_total\{reason="(.+)"\} (\d+)/gm);
  const peakMb = readMemory(second.pid()).peakKb / 1024;
  await load.stop();
  await second.stop();
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  return {
    clients,
    backMs,
    acked: countAcked(acked),
    missing: contents.findMissing(acked),
    extraAccepted: Number(accepted[0]?.[1]) - clients,
    refused: Object.fromEntries(refused.map(([, reason, count]) => [reason, Number(count)])),
    peakMb,
  };
}

async function main(): Promise<number> {
  const { values } = parseWords({ options: { clients: { type: "string", default: "5000" } } });
  const report = await withScope((scope) => runStorm(scope, Number(values.clients)));
  process.stdout.write(
    `${report.clients} clients, serve killed under them and started again\n` +
      `all back        ${Math.round(report.backMs)} ms after the spawn (budget 30,000 ms)\n` +
      `connections     ${report.extraAccepted} more than clients; refused: ` +
      `${JSON.stringify(report.refused)}\n` +
      `acknowledged    ${report.acked}; lost ${report.missing.length}\n` +
      `peak memory     ${Math.round(report.peakMb)} MiB\n`,
  );
  return report.missing.length === 0 && report.backMs <= 30_000 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
