// One run of ingest's bench, in a process of its own: recorder and monitor over a filled journal.
// They are shown a little of it at a time and told its time, so that they work as one that keeps
// up does: decoding shared, checkpoints and writes as often as at that rate, no time to catch up.
import { once } from "node:events";
import path from "node:path";
import { MessageChannel } from "node:worker_threads";
import { connectChannelPublisher } from "../../broker/channels/port-publisher.ts";
import { connectChannelSubscriber } from "../../broker/channels/port-subscriber.ts";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { openJournalFollower } from "../../broker/journal/follower.ts";
import {
  callRecords,
  type Registry,
  registryMigrationsModule,
  registryServiceModule,
  startRecordsWorker,
} from "../../devices/index.ts";
import type { IngestRecords } from "../../ingest/desk/desk.ts";
import { ingestServiceModule } from "../../ingest/desk/ingest-service.ts";
import { ingestMigrationsModule } from "../../ingest/desk/migrations.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import { monitorFactory } from "../../ingest/worker/monitor-factory.ts";
import { recorderLimits } from "../../ingest/worker/recorder.ts";
import { systemPace } from "../../ingest/worker/pace.ts";
import {
  type IngestService,
  type ServicePorts,
  startService,
} from "../../ingest/worker/service.ts";
import { keepObjectsYoung } from "../../ingest/young-objects.ts";
import { profileParts } from "./ingest-parts.ts";

export interface IngestRunOptions {
  /** Holds the records; the readings go there too. */
  dataDir: string;
  journalDirectory: string;
  /** Measured apart. */
  warmEntries: number;
  /** Entries a second of the journal's time. */
  rate: number;
  /** Of those that are filled. */
  entries: number;
  hasParts: boolean;
  /** Shown at the rate of the clock, behind the first contact. */
  isPaced: boolean;
}

/** Figures by their names. */
export type IngestRun = Record<string, number>;

/** What has been announced beyond the entry that is read. */
const aheadEntries = 2_000;
/**
 * How far the monitor may be ahead of what is written: more than the recorder holds back, and less
 * than where the decoded batches are let go. Beyond that each decodes its own, as after a stop.
 */
const behindEntries = recorderLimits.pendingMax + 2_000;

/** What the recorder may hold back at the end, where nothing more comes that has it written. */
const restEntries = 20_000;

type MonitorStatus = ReturnType<IngestService["status"]>["monitor"];
type Consumers = { status: () => ReturnType<IngestService["status"]>; announced: () => void };

/**
 * Shows the journal as far as its consumers have come, and no further than the clock once that
 * counts; its time is how far that is.
 */
function createHorizon(lastOffset: number, rate: number) {
  let syncedOffset = 0;
  let service: Consumers | null = null;
  let paced: { fromMs: number; fromOffset: number } | null = null;
  const dueOffset = ({ fromMs, fromOffset }: NonNullable<typeof paced>): number =>
    fromOffset + ((performance.now() - fromMs) * rate) / 1000;
  const advance = (readOffset: number): void => {
    const writtenOffset = service?.status().recorder.nextOffset ?? 0;
    const due = paced === null ? lastOffset : Math.min(lastOffset, Math.floor(dueOffset(paced)));
    const next = Math.min(due, readOffset + aheadEntries, writtenOffset + behindEntries);
    if (next <= syncedOffset) return;
    syncedOffset = next;
    service?.announced();
  };
  return {
    get syncedOffset() {
      return syncedOffset;
    },
    monotonicMs: () => ((paced === null ? syncedOffset : dueOffset(paced)) * 1000) / rate,
    advance,
    /** From now on the clock counts. */
    pace() {
      paced = { fromMs: performance.now(), fromOffset: syncedOffset };
    },
    attach(its: Consumers) {
      service = its;
    },
  };
}

/** How far apart the monitor's checkpoints end. */
interface Rounds {
  count: number;
  endedAtMs: number;
  apartMsMax: number;
  /** What a start would fold again. */
  entriesMax: number;
}

function look(rounds: Rounds, { checkpoints, nextOffset, committedOffset }: MonitorStatus): void {
  const nowMs = performance.now();
  rounds.entriesMax = Math.max(rounds.entriesMax, nextOffset - committedOffset);
  rounds.apartMsMax = Math.max(rounds.apartMsMax, nowMs - rounds.endedAtMs);
  if (checkpoints === rounds.count) return;
  rounds.count = checkpoints;
  rounds.endedAtMs = nowMs;
}

async function untilAt(
  service: IngestService,
  horizon: ReturnType<typeof createHorizon>,
  { offset, rounds }: { offset: number; rounds?: Rounds },
): Promise<void> {
  for (;;) {
    const { recorder, monitor } = service.status();
    if (rounds !== undefined) look(rounds, monitor);
    const done = Math.min(recorder.nextOffset, monitor.nextOffset);
    if (done > offset) return;
    horizon.advance(monitor.nextOffset);
    await systemPace.sleep(2, new AbortController().signal);
  }
}

interface Spent {
  cpuMicros: number;
  /** Of all threads, the records' included. */
  processMicros: number;
  stored: number;
}

function spent(service: IngestService): Spent {
  const mine = process.threadCpuUsage();
  const all = process.cpuUsage();
  return {
    cpuMicros: mine.user + mine.system,
    processMicros: all.user + all.system,
    stored: service.status().recorder.stored,
  };
}

async function measure(
  service: IngestService,
  horizon: ReturnType<typeof createHorizon>,
  options: IngestRunOptions & { lastOffset: number },
): Promise<IngestRun> {
  const start = spent(service);
  await untilAt(service, horizon, { offset: options.warmEntries });
  const warm = spent(service);
  const startMs = performance.now();
  const endParts = options.hasParts ? await profileParts() : null;
  if (options.isPaced) horizon.pace();
  const { checkpoints: count } = service.status().monitor;
  const rounds: Rounds = { count, endedAtMs: startMs, apartMsMax: 0, entriesMax: 0 };
  await untilAt(service, horizon, { offset: options.lastOffset, rounds });
  const parts = (await endParts?.()) ?? new Map<string, number>();
  const end = spent(service);
  const rows = end.stored - warm.stored;
  const profiled = [...parts.values()].reduce((sum, share) => sum + share, 0);
  const micros = (end.cpuMicros - warm.cpuMicros) / rows;
  globalThis.gc?.();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    "µs a reading": micros,
    "µs at first contact": (warm.cpuMicros - start.cpuMicros) / (warm.stored - start.stored),
    "µs of other threads": (end.processMicros - warm.processMicros) / rows - micros,
    "readings/s": (rows * 1000) / (performance.now() - startMs),
    checkpoints: service.status().monitor.checkpoints,
    "s between two, at most": rounds.apartMsMax / 1000,
    "entries folded since one, at most": rounds.entriesMax,
    "heap after collection, MiB": heapUsed / 2 ** 20,
    "arrays outside of it, MiB": (external + arrayBuffers) / 2 ** 20,
    "memory, MiB": rss / 2 ** 20,
    "peak memory, MiB": process.resourceUsage().maxRSS / 1024,
    ...Object.fromEntries(
      [...parts].map(([part, share]) => [`  ${part}, µs`, (share / profiled) * micros]),
    ),
  };
}

async function run(options: IngestRunOptions): Promise<IngestRun> {
  const { dataDir, journalDirectory, rate } = options;
  const worker = await startRecordsWorker<{ registry: Registry; ingest: IngestRecords }>({
    dataDir,
    lock: true,
    migrationModules: [registryMigrationsModule, ingestMigrationsModule],
    services: { registry: registryServiceModule, ingest: ingestServiceModule },
  });
  const records = callRecords<{ registry: Registry; ingest: IngestRecords }>(worker.connect());
  const { port1, port2 } = new MessageChannel();
  const channels = connectChannelPublisher(port1);
  const subscriber = connectChannelSubscriber(port2);
  const journal = await openFileJournal({
    directory: journalDirectory,
    journalBytesMax: 16 * 2 ** 30,
  });
  const { announcement, firstOffset } = journal;
  // No further than what was filled: opening it has perhaps noted a step of the clock.
  await journal.close();
  const follower = openJournalFollower({ directory: journalDirectory });
  const store = openSqliteStore({ directory: path.join(dataDir, "readings") });
  const lastOffset = Math.min(announcement.syncedOffset, firstOffset + options.entries - 1);
  const horizon = createHorizon(lastOffset, rate);
  const ports: ServicePorts = {
    readJournal: (from, limits) => {
      horizon.advance(from);
      const shown = { ...announcement, syncedOffset: horizon.syncedOffset };
      return follower.read(from, shown, limits);
    },
    syncedOffset: () => horizon.syncedOffset,
    commitCursor: () => Promise.resolve(),
    records: records.services.ingest,
    registry: records.services.registry,
    store,
    channels,
    monitors: monitorFactory,
    pace: { ...systemPace, monotonicMs: horizon.monotonicMs },
    liveClock: { monotonicMs: () => performance.now(), later: () => () => undefined },
    crashPoint: () => undefined,
    log: { info: () => undefined, warn: console.warn, error: console.error },
    onFatal: (error) => {
      throw error;
    },
  };
  const service = await startService(ports, {
    firstOffset,
    recorderOffset: firstOffset,
    replayUpTo: horizon.syncedOffset,
  });
  horizon.attach(service);
  const result = await measure(service, horizon, {
    ...options,
    lastOffset: lastOffset - restEntries,
  });
  await service.stop();
  await Promise.all([follower.close(), store.close(), channels.close(), subscriber.close()]);
  records.close();
  await worker.close();
  return result;
}

keepObjectsYoung();
const [message] = await once(process, "message");
// Sent by ingest.ts alone.
const result = await run(message as IngestRunOptions);
process.send?.(result);
process.disconnect?.();
