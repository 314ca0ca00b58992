import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { openRedisJournal, partitionOf, type PartitionedJournal } from "../../broker/index.ts";
import {
  type RecordsWorker,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
} from "../../devices/index.ts";
import {
  type Desk,
  deskServiceModule,
  ingestMigrationsModule,
  type IngestRecords,
  ingestServiceModule,
  loadIngestConfig,
} from "../../ingest/index.ts";
import { initInfluxStore } from "../../ingest/store/influx/setup.ts";
import { startDurableRedis } from "../broker/journal/redis/harness.ts";
import { type InfluxServer, startInfluxServer } from "../support/influx-server.ts";
import { type Scope, tempFolder } from "../support/nadi-process.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import { influxEnv } from "./influx-site.ts";
import type { IngestProcessPlace } from "./ingest-process.ts";
import { warmRule } from "../support/warm-rule.ts";

export const partitions = 16;
export const deviceId = "probe-1";

interface Services {
  registry: Registry;
  ingest: IngestRecords;
  desk: Desk;
}

/** Real servers, a kitchen a partition, and nobody yet who works on them. */
export interface PartitionsSite {
  place: Omit<IngestProcessPlace, "dataDir">;
  services: Services;
  sppgIds: readonly string[];
  /** As a broker has it. */
  journal: PartitionedJournal;
  influx: InfluxServer;
  bucket: string;
}

export async function startPartitionsSite(scope: Scope): Promise<PartitionsSite> {
  const [redis, channels, postgres, influx] = await Promise.all([
    startDurableRedis(scope),
    startRedis(scope),
    startPostgres(scope),
    startInfluxServer(),
  ]);
  scope.onTestFinished(() => influx.stop());
  const config = influx.config();
  const env = influxEnv(config);
  await initInfluxStore(config, loadIngestConfig(env).keep);
  const databaseUrl = await postgres.createDatabase();
  const records: RecordsWorker<Services> = await startRecordsWorker<Services>({
    dataDir: tempFolder(scope),
    databaseUrl,
    lock: false,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule],
    services: {
      registry: registryServiceModule,
      ingest: ingestServiceModule,
      desk: deskServiceModule,
    },
  });
  scope.onTestFinished(() => records.close());
  const sppgIds = aKitchenEach();
  for (const sppgId of sppgIds) await provision(records.services, sppgId);
  const changeSeq = await records.services.registry.lastChangeSeq();
  const journal = await openRedisJournal({
    url: redis.url,
    partitions,
    changeSeq: () => changeSeq,
    log: pino({ level: "silent" }),
  });
  scope.onTestFinished(() => journal.close());
  return {
    place: { databaseUrl, journalUrl: redis.url, partitions, channelsUrl: channels.url, env },
    services: records.services,
    sppgIds,
    journal,
    influx,
    bucket: config.bucket,
  };
}

/** One kitchen in each partition, in the order of these. */
function aKitchenEach(): string[] {
  const chosen = new Map<number, string>();
  for (let at = 0; chosen.size < partitions; at++) {
    const sppgId = `sppg-part-${at}`;
    const partition = partitionOf(sppgId, partitions);
    if (!chosen.has(partition)) chosen.set(partition, sppgId);
  }
  return [...chosen].toSorted(([a], [b]) => a - b).map(([, sppgId]) => sppgId);
}

async function provision({ registry, desk }: Services, sppgId: string): Promise<void> {
  await registry.addKitchen({ sppgId, name: "Dapur", timeZone: "Asia/Jakarta" }, "cli");
  const device = { sppgId, deviceId, kind: "temperature-probe", place: "coldStore" } as const;
  await registry.addDevice(device, "cli");
  await desk.putRule({ sppgId, rule: warmRule, isEnabled: true, expectedVersion: 0 }, "cli");
}

export interface IngestProcessStatus {
  owned: number[];
  running: number;
  lag: number;
  pending: number;
  collisions: number;
}

export interface IngestProcess {
  readonly status: IngestProcessStatus;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  end(name: NodeJS.Signals): Promise<void>;
}

export function startIngestProcess(scope: Scope, site: PartitionsSite): IngestProcess {
  const place: IngestProcessPlace = { ...site.place, dataDir: tempFolder(scope) };
  const program = path.join(import.meta.dirname, "ingest-process.ts");
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(place)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let status: IngestProcessStatus = { owned: [], running: 0, lag: 0, pending: 0, collisions: 0 };
  const log: Readonly<Record<string, unknown>>[] = [];
  const { stdout } = child;
  if (stdout === null) throw new Error("it has no standard output");
  createInterface(stdout).on("line", (line) => {
    // One of the two that ingest-process.ts writes.
    const said = JSON.parse(line) as { status?: IngestProcessStatus };
    if (said.status === undefined) log.push(said);
    else status = said.status;
  });
  const end = async (name: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(name);
    await exited;
  };
  scope.onTestFinished(() => end("SIGKILL"));
  return {
    get status() {
      return status;
    },
    log,
    signal: (name) => void child.kill(name),
    end,
  };
}
