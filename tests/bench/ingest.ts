// What recorder and monitor can do: `node tests/bench/ingest.ts [--entries 1000000]`, and
// `--kitchens 30000 --devices 10` for a country.
// They run in this thread, so that `node --cpu-prof tests/bench/ingest.ts` shows where time goes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { MessageChannel } from "node:worker_threads";
import { connectChannelPublisher } from "../../broker/channels/port-publisher.ts";
import { connectChannelSubscriber } from "../../broker/channels/port-subscriber.ts";
import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import type { NewEntry } from "../../broker/journal/journal.ts";
import { openJournalFollower } from "../../broker/journal/follower.ts";
import {
  callRecords,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
  tablesOf,
} from "../../devices/index.ts";
import { loadMigrations, migrate } from "../../devices/records/migrations.ts";
import { openRecords, recordsPath } from "../../devices/records/records.ts";
import type { RegistryTables } from "../../devices/registry/tables.ts";
import type { IngestRecords } from "../../ingest/desk/desk.ts";
import { ingestServiceModule } from "../../ingest/desk/ingest-service.ts";
import { ingestMigrationsModule } from "../../ingest/desk/migrations.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import { monitorFactory } from "../../ingest/worker/monitor-factory.ts";
import { systemPace } from "../../ingest/worker/pace.ts";
import { type IngestService, startService } from "../../ingest/worker/service.ts";

const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "1000000" },
    kitchens: { type: "string", default: "1" },
    devices: { type: "string", default: "100" },
    folder: { type: "string", default: tmpdir() },
  },
});
const entries = Number(values.entries);
const kitchens = Number(values.kitchens);
/** Of each kitchen. */
const devices = Number(values.devices);
const appendsUnderWay = 4_000;
const migrationModules = [registryMigrationsModule, ingestMigrationsModule];

const sppgIdOf = (kitchen: number): string => `sppg-bench-${String(kitchen).padStart(5, "0")}`;

async function provision(dataDir: string): Promise<void> {
  const records = await openRecords({ path: recordsPath(dataDir) });
  await migrate(records, await loadMigrations(migrationModules));
  const common = { place: "coldStore", codec: null, gateway_id: null, enabled: 1 };
  const kind = { kind: "temperature-probe", expected_interval_seconds: 10, created_at_ms: 0 };
  await tablesOf<RegistryTables>(records)
    .transaction()
    .execute(async (tx) => {
      for (let at = 0; at < kitchens; at++) {
        const sppg_id = sppgIdOf(at);
        const kitchen = { sppg_id, name: "Bench", time_zone: "Asia/Jakarta", created_at_ms: 0 };
        await tx.insertInto("kitchen").values(kitchen).execute();
        const rows = Array.from({ length: devices }, (_, index) => {
          return { sppg_id, device_id: `probe-${index}`, ...common, ...kind };
        });
        await tx.insertInto("device").values(rows).execute();
      }
    });
  await records.close();
}

/** A reading of each device in turn, 10 s apart. */
async function fill(journal: FileJournal): Promise<void> {
  const all = kitchens * devices;
  const startMs = Date.now() - Math.min(6 * 86_400_000, Math.ceil(entries / all) * 10_000);
  for (let from = 0; from < entries; from += appendsUnderWay) {
    const part = Math.min(appendsUnderWay, entries - from);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let left = part;
    for (let at = from; at < from + part; at++) {
      journal.append(readingAt(at, startMs), (error) => {
        if (error !== null) reject(error);
        if (--left === 0) resolve();
      });
    }
    await promise;
  }
}

function readingAt(at: number, startMs: number): NewEntry {
  const device = at % (kitchens * devices);
  const sppgId = sppgIdOf(device % kitchens);
  const deviceId = `probe-${Math.floor(device / kitchens)}`;
  const ts = startMs + Math.floor(at / (kitchens * devices)) * 10_000 + (device % 10_000);
  // Cold enough that no rule minds.
  const celsius = (3 + Math.sin(at / 5_000)).toFixed(2);
  return {
    kind: "publish",
    principal: `${sppgId}.${deviceId}`,
    topicName: `sppg/${sppgId}/telemetry/${deviceId}/temperature`,
    payload: Buffer.from(`{"ts":${ts},"celsius":${celsius}}`),
    qos: 1,
  };
}

async function untilDone(service: IngestService): Promise<void> {
  const isDone = (): boolean => {
    const { recorder, monitor } = service.status();
    const lags = { recorder: recorder.lag, monitor: monitor.lag };
    return lags.recorder === 0 && lags.monitor === 0;
  };
  while (!isDone()) await systemPace.sleep(10, new AbortController().signal);
}

async function catchUp(dataDir: string, journal: FileJournal): Promise<void> {
  const worker = await startRecordsWorker<{ registry: Registry; ingest: IngestRecords }>({
    dataDir,
    lock: true,
    migrationModules,
    services: { registry: registryServiceModule, ingest: ingestServiceModule },
  });
  const records = callRecords<{ registry: Registry; ingest: IngestRecords }>(worker.connect());
  const { port1, port2 } = new MessageChannel();
  const channels = connectChannelPublisher(port1);
  const subscriber = connectChannelSubscriber(port2);
  const follower = openJournalFollower({ directory: path.join(dataDir, "journal") });
  const store = openSqliteStore({ directory: path.join(dataDir, "readings") });
  const loadMs = performance.now();
  const service = await startService(
    {
      readJournal: (from, limits) => follower.read(from, journal.announcement, limits),
      syncedOffset: () => journal.syncedOffset,
      commitCursor: (name, nextOffset) => journal.commitCursor(name, nextOffset),
      records: records.services.ingest,
      registry: records.services.registry,
      store,
      channels,
      monitors: monitorFactory,
      pace: systemPace,
      liveClock: { monotonicMs: () => performance.now(), later: () => () => undefined },
      crashPoint: () => undefined,
      log: { info: () => undefined, warn: console.warn, error: console.error },
      onFatal: (error) => {
        throw error;
      },
    },
    { firstOffset: journal.firstOffset, recorderOffset: journal.firstOffset },
  );
  const startMs = performance.now();
  console.log(`loaded in ${Math.round(startMs - loadMs)} ms`);
  const usedBefore = process.threadCpuUsage();
  await untilDone(service);
  const seconds = (performance.now() - startMs) / 1000;
  const used = process.threadCpuUsage(usedBefore);
  const { recorder, monitor, batches } = service.status();
  const cpuMicros = (used.user + used.system) / recorder.stored;
  console.log(`${recorder.stored} stored in ${seconds.toFixed(1)} s:`);
  console.log(`${Math.round(recorder.stored / seconds).toLocaleString("en")} stored/s`);
  console.log(`${cpuMicros.toFixed(2)} µs CPU of this thread a reading`);
  console.log(JSON.stringify({ batches, writes: recorder.writes, ...monitor }));
  await service.stop();
  await Promise.all([follower.close(), store.close(), channels.close(), subscriber.close()]);
  records.close();
  await worker.close();
}

const dataDir = await mkdtemp(path.join(values.folder, "nadi-ingest-bench-"));
try {
  await provision(dataDir);
  const directory = path.join(dataDir, "journal");
  const filling = await openFileJournal({ directory, journalBytesMax: 16 * 2 ** 30 });
  await fill(filling);
  await filling.close();
  const journal = await openFileJournal({ directory, journalBytesMax: 16 * 2 ** 30 });
  await catchUp(dataDir, journal);
  await journal.close();
  console.log(`peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
