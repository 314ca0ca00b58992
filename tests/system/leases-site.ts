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
import { type NadiChild, type Scope, spawnNadi, tempFolder } from "../support/nadi-process.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import { influxEnv } from "./influx-site.ts";
import { warmRule } from "../support/warm-rule.ts";

export const partitions = 16;
export const deviceId = "probe-1";

interface Services {
  registry: Registry;
  ingest: IngestRecords;
  desk: Desk;
}

export interface IngestProcess extends NadiChild {
  readonly httpUrl: string;
}

/** Real servers, a kitchen a partition, and nobody yet who works on them. */
export interface PartitionsSite {
  /** Of an ingest process. */
  env: Readonly<Record<string, string>>;
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
    env: {
      ...env,
      NADI_DATABASE_URL: databaseUrl,
      NADI_REDIS_URL: channels.url,
      NADI_JOURNAL: "redis",
      NADI_JOURNAL_REDIS_URL: redis.url,
      NADI_JOURNAL_PARTITIONS: String(partitions),
    },
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

/** `nadi serve --role ingest`, beside others that share the site. */
export async function startIngestProcess(
  scope: Scope,
  site: PartitionsSite,
): Promise<IngestProcess> {
  const dataDir = tempFolder(scope);
  const child = spawnNadi(scope, { dataDir, words: ["serve", "--role", "ingest"], env: site.env });
  const { url } = await child.line("http listens");
  return Object.assign(child, { httpUrl: String(url) });
}
