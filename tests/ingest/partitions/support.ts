import { MessageChannel } from "node:worker_threads";
import { pino } from "pino";
import { expect } from "vitest";
import {
  connectChannelSubscriber,
  openRedisJournal,
  type PartitionedJournal,
  partitionOf,
} from "../../../broker/index.ts";
import {
  type RecordsWorker,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
} from "../../../devices/index.ts";
import { loadIngestConfig } from "../../../ingest/config.ts";
import type { Desk, IngestRecords } from "../../../ingest/desk/desk.ts";
import {
  deskServiceModule,
  type Ingest,
  ingestMigrationsModule,
  ingestServiceModule,
  startPartitionedIngest,
} from "../../../ingest/index.ts";
import type { Scope } from "../../support/nadi-process.ts";
import type { RedisServer } from "../../support/redis.ts";
import { warmRule } from "../../support/warm-rule.ts";
import { collectMessages, type HeardMessages } from "../worker/thread-support.ts";

export const deviceId = "probe-1";
export const partitions = 16;

interface Services {
  registry: Registry;
  ingest: IngestRecords;
  desk: Desk;
}

export interface PartitionedHost extends HeardMessages {
  services: Services;
  ingest: Ingest;
  publish: Publish;
  /** Tells the timekeepers of the newest change, as the feed does. */
  noteChange(): Promise<void>;
  stop(): Promise<void>;
}

export interface HostPlace {
  dataDir: string;
  redis: Pick<RedisServer, "url">;
  /** `NADI_DATABASE_URL`. */
  databaseUrl?: string | undefined;
  env?: Readonly<Record<string, string>>;
  /** Kitchens whose messages are collected; none if it is left out. */
  watched?: readonly string[];
}

/** As a broker appends to the journal: resolves when Redis says durable. */
export type Publish = (sppgId: string, payload: unknown) => Promise<void>;

export function publishTo({ appender }: Pick<PartitionedJournal, "appender">): Publish {
  return (sppgId, payload) =>
    new Promise((resolve, reject) => {
      const topicName = `sppg/${sppgId}/telemetry/${deviceId}/temperature`;
      const text = typeof payload === "string" ? payload : JSON.stringify(payload);
      const entry = {
        kind: "publish",
        principal: `${sppgId}.${deviceId}`,
        topicName,
        payload: Buffer.from(text),
        qos: 1,
      } as const;
      appender.append(entry, (error) => (error === null ? resolve() : reject(error)));
    });
}

/** So many kitchens, of as many partitions as can be. */
export function kitchensApart(count: number): string[] {
  const chosen = new Map<number, string>();
  for (let at = 0; chosen.size < count; at++) {
    const sppgId = `sppg-part-${at}`;
    const partition = partitionOf(sppgId, partitions);
    if (!chosen.has(partition)) chosen.set(partition, sppgId);
  }
  return [...chosen.values()];
}

/** One ingest process in this one, without broker and HTTP. */
export async function startPartitionedHost(
  scope: Scope,
  place: HostPlace,
): Promise<PartitionedHost> {
  const { dataDir, databaseUrl } = place;
  const records: RecordsWorker<Services> = await startRecordsWorker<Services>({
    dataDir,
    databaseUrl,
    lock: false,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule],
    services: {
      registry: registryServiceModule,
      ingest: ingestServiceModule,
      desk: deskServiceModule,
    },
  });
  const { registry } = records.services;
  const log = pino({ level: "silent" });
  const { port1, port2 } = new MessageChannel();
  const subscriber = connectChannelSubscriber(port2);
  for (const sppgId of place.watched ?? []) subscriber.watch(sppgId);
  const heard = collectMessages(subscriber.onMessage);
  let changeSeq = await registry.lastChangeSeq();
  const listeners = new Set<(change: { seq: number }) => void>();
  const ingest = await startPartitionedIngest({
    dataDir,
    journal: { url: place.redis.url, partitions, isWeakAccepted: false },
    recordsPort: records.connect(),
    channels: { kind: "port", port: port1 },
    config: loadIngestConfig(place.env ?? {}),
    isAlone: false,
    changes: {
      get changeSeq() {
        return changeSeq;
      },
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    log,
  });
  const journal: PartitionedJournal = await openRedisJournal({
    url: place.redis.url,
    partitions,
    changeSeq: () => changeSeq,
    log,
  });
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await ingest.stop();
    await Promise.all([subscriber.close(), journal.close()]);
    await records.close();
  };
  const host: PartitionedHost = {
    services: records.services,
    ingest,
    ...heard,
    publish: publishTo(journal),
    async noteChange() {
      changeSeq = await registry.lastChangeSeq();
      for (const listener of listeners) listener({ seq: changeSeq });
    },
    stop: () => (stopping ??= stop()),
  };
  scope.onTestFinished(() => host.stop());
  return host;
}

export async function untilOwned({ ingest }: PartitionedHost): Promise<void> {
  const running = () => {
    const owned = ingest.status().partitions?.owned ?? [];
    return owned.filter(({ state }) => state === "live").length;
  };
  await expect.poll(running, { timeout: 30_000 }).toBe(partitions);
}

/** Kitchens with a probe in the cold store and a rule that has no patience. */
export async function provision(host: PartitionedHost, sppgIds: readonly string[]): Promise<void> {
  const { registry, desk } = host.services;
  for (const sppgId of sppgIds) {
    await registry.addKitchen({ sppgId, name: "Dapur", timeZone: "Asia/Jakarta" }, "cli");
    const device = { sppgId, deviceId, kind: "temperature-probe", place: "coldStore" } as const;
    await registry.addDevice(device, "cli");
    await desk.putRule({ sppgId, rule: warmRule, isEnabled: true, expectedVersion: 0 }, "cli");
  }
  await host.noteChange();
}
