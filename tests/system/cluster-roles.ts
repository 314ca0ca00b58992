// `node tests/system/cluster-roles.ts [--seconds 20] [--rate 500]`: two broker processes take the
// readings of one Mosquitto into a journal on Redis; each is killed in turn under load, and what
// Mosquitto acknowledged to the devices is compared with what InfluxDB holds.
import { setTimeout as delay } from "node:timers/promises";
import { startMosquitto } from "../support/mosquitto.ts";
import {
  type NadiChild,
  type Scope,
  spawnNadi,
  tempFolder,
  withScope,
} from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { createRolesSite, type RolesSite } from "./roles-site.ts";

const { values } = parseWords({
  options: {
    seconds: { type: "string", default: "20" },
    rate: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
  },
});

/** A broker at the cluster: its folder says which sessions are its own. */
async function startBroker(scope: Scope, site: RolesSite, dataDir: string): Promise<NadiChild> {
  const url = `mqtt://127.0.0.1:${site.mqttPort}`;
  const env = { ...site.env, NADI_MQTT_URL: url, NADI_MQTT_CONNECTIONS: "4" };
  const child = spawnNadi(scope, { dataDir, words: ["serve", "--role", "broker"], env });
  await child.line("mqtt cluster joined");
  return child;
}

await withScope(async (scope) => {
  const site = await createRolesSite(scope);
  await startMosquitto(scope, { port: site.mqttPort });
  const folders = [tempFolder(scope), tempFolder(scope)];
  await Promise.all([site.start("ingest"), site.start("ingest")]);
  await site.untilOwned();
  const brokers = await Promise.all(folders.map((folder) => startBroker(scope, site, folder)));
  const load = await site.startLoad(Number(values.rate), Number(values.seed));
  const endMs = performance.now() + Number(values.seconds) * 1_000;
  let kills = 0;
  while (performance.now() < endMs) {
    const index = kills % folders.length;
    await delay(1_000);
    await brokers[index]?.kill();
    kills += 1;
    await delay(1_000);
    brokers[index] = await startBroker(scope, site, folders[index] ?? "");
  }
  const { acked, missing, ...report } = await site.compare(load);
  const line = { acked, kills, missing: missing.length, ...report };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (missing.length > 0) process.exitCode = 1;
});
