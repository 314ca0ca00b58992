// A process with ingest alone over a partitioned journal. It tells on standard output, a JSON
// object a line, what it owns and what it logs; SIGTERM ends it as `serve` ends.
import { writeSync } from "node:fs";
import { setInterval } from "node:timers";
import { pino } from "pino";
import type { PublisherEnd } from "../../broker/index.ts";
import {
  ChangeFeed,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
} from "../../devices/index.ts";
import {
  ingestMigrationsModule,
  type IngestRecords,
  ingestServiceModule,
  loadIngestConfig,
  startPartitionedIngest,
} from "../../ingest/index.ts";

/** What the test says on the command line, as JSON. */
export interface IngestProcessPlace {
  dataDir: string;
  databaseUrl: string;
  journalUrl: string;
  partitions: number;
  channelsUrl: string;
  /** Of InfluxDB. */
  env: Readonly<Record<string, string>>;
}

const standardOutput = 1;
const statusIntervalMs = 100;

async function run(place: IngestProcessPlace): Promise<void> {
  const { dataDir, databaseUrl } = place;
  const log = pino({ level: "info" }, { write: (line) => void writeSync(standardOutput, line) });
  const records = await startRecordsWorker<{ registry: Registry; ingest: IngestRecords }>({
    dataDir,
    databaseUrl,
    lock: false,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule],
    services: { registry: registryServiceModule, ingest: ingestServiceModule },
  });
  const feed = new ChangeFeed({
    registry: records.services.registry,
    onUnreadable: (err) => log.error({ err }, "change log can't be read"),
    onReadable: () => log.info("change log can be read again"),
    onListenerError: (err) => log.error({ err }, "a change was not applied"),
  });
  await feed.start();
  const channels: PublisherEnd = { kind: "redis", url: place.channelsUrl };
  const ingest = await startPartitionedIngest({
    dataDir,
    journal: { url: place.journalUrl, partitions: place.partitions, isWeakAccepted: false },
    recordsPort: records.connect(),
    channels,
    config: loadIngestConfig(place.env),
    isAlone: false,
    changes: feed,
    log,
  });
  const tell = (): void => {
    const { partitions, recorder, monitor } = ingest.status();
    const owned = partitions?.owned ?? [];
    const status = {
      owned: owned.map(({ partition }) => partition),
      running: owned.filter(({ state }) => state === "live").length,
      lag: recorder.lag + monitor.lag,
      pending: recorder.pending + monitor.effectsPending,
      collisions: recorder.collisions,
    };
    writeSync(standardOutput, `${JSON.stringify({ status })}\n`);
  };
  const timer = setInterval(tell, statusIntervalMs);
  ingest.onExit(({ expected, error }) => {
    if (expected) return;
    log.error({ err: error }, "ingest has ended");
    process.exit(1);
  });
  process.once("SIGTERM", () => {
    const end = async (): Promise<void> => {
      clearInterval(timer);
      await ingest.stop();
      feed.stop();
      await records.close();
    };
    void end();
  });
}

// Written by startIngestProcess alone.
await run(JSON.parse(process.argv[2] ?? "") as IngestProcessPlace);
