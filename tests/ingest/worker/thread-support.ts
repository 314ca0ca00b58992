import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { MessageChannel } from "node:worker_threads";
import { pino } from "pino";
import type { TestContext } from "vitest";
import {
  type ChannelMessage,
  connectChannelSubscriber,
  type FileJournal,
  openFileJournal,
} from "../../../broker/index.ts";
import {
  decodeRealtimeMessage,
  type RealtimeMessage,
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
  ingestMigrationsModule,
  ingestServiceModule,
} from "../../../ingest/index.ts";
import { type Ingest, startIngest } from "../../../ingest/ingest.ts";
import { readingsDirectory } from "../../../ingest/readings-directory.ts";
import { openSqliteHistory } from "../../../ingest/store/sqlite-history.ts";
import type { History } from "../../../ingest/store/store.ts";
import { warmRule } from "../../support/warm-rule.ts";

export const sppgId = "sppg-jakarta-001";
export const deviceId = "probe-1";

type NewEntry = Parameters<FileJournal["append"]>[0];

interface Services {
  registry: Registry;
  ingest: IngestRecords;
  desk: Desk;
}

/** Everything of a process but broker and HTTP, on a folder that outlives it. */
export interface Host extends HeardMessages {
  journal: FileJournal;
  services: Services;
  ingest: Ingest;
  history: History;
  /** Resolves when the journal has it on disk. */
  append(entry: NewEntry): Promise<number>;
  publish(payload: unknown, topic?: string): Promise<number>;
  /** Notes the newest change in the journal, as the timekeeper does. */
  noteChange(): Promise<void>;
  stop(): Promise<void>;
}

export function createDataDir(t: TestContext): string {
  const dataDir = mkdtempSync(path.join(tmpdir(), "nadi-ingest-"));
  t.onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

export async function startHost(t: TestContext, dataDir: string): Promise<Host> {
  const records: RecordsWorker<Services> = await startRecordsWorker<Services>({
    dataDir,
    lock: true,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule],
    services: {
      registry: registryServiceModule,
      ingest: ingestServiceModule,
      desk: deskServiceModule,
    },
  });
  const journalDirectory = path.join(dataDir, "journal");
  // As nadi.ts does.
  const remembered = (await records.services.ingest.loadMonitorMeta())?.offset ?? 0;
  const nextOffsetMin = remembered + 1;
  const journal = await openFileJournal({ directory: journalDirectory, nextOffsetMin });
  const { port1, port2 } = new MessageChannel();
  const subscriber = connectChannelSubscriber(port2);
  subscriber.watch(sppgId);
  const heard = collectMessages(subscriber.onMessage);
  const ingest = await startIngest({
    dataDir,
    journal,
    journalDirectory,
    recordsPort: records.connect(),
    channels: { kind: "port", port: port1 },
    config: loadIngestConfig({}),
    log: pino({ level: "silent" }),
  });
  const history = openSqliteHistory({ directory: readingsDirectory(dataDir) });
  const append = (entry: NewEntry): Promise<number> =>
    new Promise((resolve, reject) => {
      journal.append(entry, (error, offset) => (error === null ? resolve(offset) : reject(error)));
    });
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await ingest.stop();
    await Promise.all([history.close(), subscriber.close()]);
    await journal.close();
    await records.close();
  };
  const host: Host = {
    journal,
    services: records.services,
    ingest,
    history,
    ...heard,
    append,
    publish: (payload, topic = `telemetry/${deviceId}/temperature`) =>
      append({
        kind: "publish",
        principal: `${sppgId}.${topic.split("/")[1] ?? ""}`,
        topicName: `sppg/${sppgId}/${topic}`,
        payload: Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload)),
        qos: 1,
      }),
    async noteChange() {
      await append({ kind: "change", changeSeq: await records.services.registry.lastChangeSeq() });
    },
    stop: () => (stopping ??= stop()),
  };
  t.onTestFinished(() => host.stop());
  return host;
}

export interface HeardMessages {
  messages: RealtimeMessage[];
  /** Resolves with the first message that it is true of, come or to come. */
  message(isIt: (message: RealtimeMessage) => boolean): Promise<RealtimeMessage>;
}

export function collectMessages(
  onMessage: (listener: (message: ChannelMessage) => void) => () => void,
): HeardMessages {
  const messages: RealtimeMessage[] = [];
  const waiting = new Set<(message: RealtimeMessage) => void>();
  onMessage(({ text }) => {
    const decoded = decodeRealtimeMessage(text);
    if (!decoded.ok) throw new Error(decoded.issues.join("; "));
    messages.push(decoded.message);
    for (const hear of waiting) hear(decoded.message);
  });
  return {
    messages,
    message(isIt) {
      const known = messages.find(isIt);
      if (known !== undefined) return Promise.resolve(known);
      const { promise, resolve } = Promise.withResolvers<RealtimeMessage>();
      const hear = (message: RealtimeMessage): void => {
        if (!isIt(message)) return;
        waiting.delete(hear);
        resolve(message);
      };
      waiting.add(hear);
      return promise;
    },
  };
}

/** A kitchen with a probe in its cold store and a rule that has no patience. */
export async function provision(host: Host): Promise<void> {
  const { registry, desk } = host.services;
  await registry.addKitchen({ sppgId, name: "Dapur", timeZone: "Asia/Jakarta" }, "cli");
  const device = { sppgId, deviceId, kind: "temperature-probe", place: "coldStore" } as const;
  await registry.addDevice(device, "cli");
  await desk.putRule({ sppgId, rule: warmRule, isEnabled: true, expectedVersion: 0 }, "cli");
  await host.noteChange();
}
