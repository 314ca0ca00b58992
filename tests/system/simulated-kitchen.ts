// A simulated kitchen at the speed of life beside a load: probes that heat and cool, vehicles,
// scales and a gateway, as `nadi simulate` has them, whose acknowledgements are kept.
import path from "node:path";
import { parseDeviceTopic } from "../../devices/index.ts";
import type { RecordsOptions } from "../../devices/records/records.ts";
import { createRegistry } from "../../devices/registry/create-registry.ts";
import type { InfluxConfig } from "../../ingest/store/influx/influx-config.ts";
import { createAckLog, provision, startRun } from "../../simulators/index.ts";
import type { InfluxServer } from "../support/influx-server.ts";
import { type Scope, tempFolder } from "../support/nadi-process.ts";
import { withRecords } from "./kill-kitchen.ts";
import { rowsAsSent } from "./store-contents.ts";

export interface SimulatedKitchen {
  sppgId: string;
  /** Readings whose PUBACK its devices have, as `{deviceId}/{reading}@{ts}`. */
  acked(): Set<string>;
}

const prefix = "sppg-simulated";

/** It runs until the scope ends. Its own devices connect again by themselves. */
export async function startSimulatedKitchen(
  scope: Scope,
  { records, port, seed }: { records: RecordsOptions; port: number; seed: number },
): Promise<SimulatedKitchen> {
  const file = path.join(tempFolder(scope), "credentials.json");
  const { kitchens, credentials } = await withRecords(records, (opened) =>
    provision({
      registry: createRegistry(opened, { nowMs: () => Date.now() }),
      file,
      kitchens: 1,
      seed,
      prefix,
    }),
  );
  const [kitchen] = kitchens;
  if (kitchen === undefined) throw new Error("no kitchen was provisioned");
  const log = createAckLog();
  const run = startRun({
    host: "127.0.0.1",
    port,
    seed,
    speed: 1,
    kitchens,
    credentials,
    scenario: null,
    fromMs: Date.now(),
    untilMs: null,
    clockShiftMs: 0,
    onAcked: (message) => log.record(message),
  });
  scope.onTestFinished(async () => {
    await run.stop(0);
  });
  return {
    sppgId: kitchen.sppgId,
    acked: () => new Set([...log.identities()].map(identityOf)),
  };
}

/** From `{topicName}@{ts}`. What a gateway's child has measured is stored as the child's. */
function identityOf(acked: string): string {
  const [topicName = "", ts] = acked.split("@");
  const topic = parseDeviceTopic(topicName);
  if (topic === null) throw new Error(`a simulated device published on ${topicName}`);
  const { deviceId, rest, reading } = topic;
  return `${rest.length > 1 ? rest[0] : deviceId}/${reading}@${ts}`;
}

/** The same of everything that the files hold of it. */
export function storedIdentities(dataDir: string, sppgId: string): Set<string> {
  const found = new Set<string>();
  for (const { series, t } of rowsAsSent(dataDir)) {
    const [kitchen, deviceId, , reading] = series.split("/");
    if (kitchen === sppgId) found.add(`${deviceId}/${reading}@${t}`);
  }
  return found;
}

/** The same of everything that InfluxDB holds of it. */
export async function influxIdentities(
  server: InfluxServer,
  { bucket }: InfluxConfig,
  sppgId: string,
): Promise<Set<string>> {
  const where = `WHERE sppgId = '${sppgId}' GROUP BY deviceId`;
  // The shape of InfluxDB 1.x's answers.
  const answer = (await server.query(`SELECT * FROM "raw"./.*/ ${where}`, bucket)) as {
    results: {
      series?: {
        name: string;
        tags: { deviceId: string };
        columns: string[];
        values: (string | number | null)[][];
      }[];
    }[];
  };
  const found = new Set<string>();
  for (const { name, tags, columns, values } of answer.results[0]?.series ?? []) {
    const originalAt = columns.indexOf("originalMs");
    for (const row of values) {
      const storedMs = Date.parse(String(row[0]).replace(/(\.\d{3})\d*Z$/, "$1Z"));
      found.add(`${tags.deviceId}/${name}@${row[originalAt] ?? storedMs}`);
    }
  }
  return found;
}
