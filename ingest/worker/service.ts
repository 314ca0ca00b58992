import type { ChannelPublisher } from "../../broker/index.ts";
import type { Registry } from "../../devices/index.ts";
import { createDecoder } from "../decode/decoder.ts";
import type { DirectorySource } from "../decode/directory-cache.ts";
import type { PartitionRecords } from "../desk/desk.ts";
import { createLive, type Live, type LiveClock } from "../live/live.ts";
import type { KitchenSnapshot, Monitor } from "../monitor/monitor.ts";
import type { TelemetryStore } from "../store/store.ts";
import { Batches, type BatchesOptions } from "./batches.ts";
import type { Changes } from "./changes.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { CrashPoint } from "./crash.ts";
import { Effects } from "./effects.ts";
import { FlushRequests } from "./flush-requests.ts";
import { loadMonitor, type MonitorFactory } from "./load-monitor.ts";
import { type LoadedRegistry, loadRegistry } from "./load-registry.ts";
import { MonitorLoop } from "./monitor-loop.ts";
import { Outbox } from "./outbox.ts";
import { type Bell, createBell, type Pace } from "./pace.ts";
import { Recorder } from "./recorder.ts";
import { rejectedLetters } from "./rejected-letters.ts";
import { retry } from "./retry.ts";
import { type ConsumersStatus, createWatchdog } from "./status.ts";
import { createTurns } from "./turns.ts";

export type CursorName = "recorder" | "monitor";

export interface WorkerLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What stands around the two consumers of a partition of the journal. */
export interface ServicePorts {
  readJournal: BatchesOptions["readJournal"];
  syncedOffset(): number;
  commitCursor: (name: CursorName, nextOffset: number) => Promise<void>;
  records: PartitionRecords;
  registry: DirectorySource & Pick<Registry, "lastChangeSeq">;
  store: TelemetryStore;
  channels: ChannelPublisher;
  monitors: MonitorFactory;
  pace: Pace;
  liveClock: LiveClock;
  crashPoint: CrashPoint;
  log: WorkerLog;
  /** Hears what can't be mended: the thread has to end. */
  onFatal: (error: unknown) => void;
}

export interface StartPlace {
  /** Where the journal begins: for a consumer that has never stood anywhere. */
  firstOffset: number;
  recorderOffset: number;
  /** The last entry of before: up to there it is a replay. */
  replayUpTo: number;
  /** Live values begin behind it; behind `replayUpTo` if it is left out. */
  liveAfter?: number;
}

export interface IngestService {
  /** More of the journal may be read. */
  announced(): void;
  /** What was announced before the call is in the store when it resolves. */
  flush(): Promise<void>;
  snapshot(sppgId: string): KitchenSnapshot;
  status(): ConsumersStatus;
  /** Drains within its bounds, saves, and leaves the ports to the caller. Idempotent. */
  stop(): Promise<void>;
  /** The same without draining, for another process that goes on from there. */
  handOver(): Promise<void>;
  /** Ends as it stands and saves nothing: another process is the owner already. Idempotent. */
  abandon(): Promise<void>;
}

export const stopLimits = {
  /** For what is synced already; the next start does the rest. */
  drainMsMax: 1_500,
  /** For the last write, the last checkpoint and the cursors. */
  saveMsMax: 1_000,
} as const;

interface Parts {
  ports: ServicePorts;
  bell: Bell;
  /** Aborted: the loops end. */
  running: AbortController;
  /** Aborted: nothing is tried again. */
  trying: AbortController;
  monitor: Monitor;
  changes: Pick<Changes, "follow" | "factsBetween">;
  batches: Batches;
  effects: Effects;
  outbox: Outbox;
  live: Live;
  flushes: FlushRequests;
}

export interface StartOptions {
  /** What several services of this thread share; left out: read by this one. */
  loaded?: LoadedRegistry;
  /** Aborted: the start rejects instead of trying again. */
  signal?: AbortSignal;
}

/** Loads what the consumers need and sets them going. Rejects when the records can't be read. */
export async function startService(
  ports: ServicePorts,
  place: StartPlace,
  { loaded, signal }: StartOptions = {},
): Promise<IngestService> {
  const trying = new AbortController();
  if (signal?.aborted === true) trying.abort();
  signal?.addEventListener("abort", () => trying.abort(), { once: true });
  const { replayUpTo, liveAfter = replayUpTo } = place;
  const untilItWorks = {
    pace: ports.pace,
    signal: trying.signal,
    onFailure: failures(ports, "start"),
  };
  const registry = loaded ?? (await loadRegistry(ports, untilItWorks));
  const { directory, changes } = registry;
  const { monitor, startOffset } = await retry(
    () =>
      loadMonitor(ports.records, ports.monitors, {
        directory,
        replayUpTo,
        liveAfter,
        isWatched: (sppgId) => ports.channels.watched?.has(sppgId) ?? true,
      }),
    untilItWorks,
  );
  const decoder = createDecoder({ directory });
  const bell = createBell(ports.pace);
  const parts: Parts = {
    ports,
    bell,
    running: new AbortController(),
    trying,
    monitor,
    changes,
    batches: new Batches({
      readJournal: (fromOffset, limits) => ports.readJournal(fromOffset, limits),
      syncedOffset: () => ports.syncedOffset(),
      decoder,
      followChange: (changeSeq) => changes.follow(changeSeq),
    }),
    ...createOutlets(ports, monitor, trying.signal),
    flushes: new FlushRequests({ pace: ports.pace, bell }),
  };
  const monitorOffset = startOffset ?? place.firstOffset;
  ports.log.info(
    { monitorOffset, recorderOffset: place.recorderOffset, replayUpTo, liveAfter },
    "ingest runs",
  );
  return runService(parts, { ...place, monitorOffset });
}

function createOutlets(
  ports: ServicePorts,
  monitor: Monitor,
  signal: AbortSignal,
): Pick<Parts, "effects" | "outbox" | "live"> {
  const { records, channels, pace, crashPoint, onFatal } = ports;
  const common = { pace, signal, crashPoint, onFatal };
  const outbox = new Outbox({
    ...common,
    records,
    position: () => monitor.offset,
    publish: (messages) => channels.publish(messages),
    onFailure: failures(ports, "outbox"),
  });
  const effects = new Effects({
    ...common,
    records,
    outbox,
    onFailure: failures(ports, "effects"),
  });
  const live = createLive({
    channels,
    clock: ports.liveClock,
    onFailure: (error) => ports.log.warn({ err: error }, "live values were not sent"),
  });
  return { effects, outbox, live };
}

/** The first failure of a row is told, and then every tenth: an hour away is no flood of lines. */
function failures(ports: ServicePorts, part: string): (error: unknown, count: number) => void {
  return (error, count) => {
    if (count % 10 !== 1) return;
    ports.log.warn({ part, err: error, failures: count }, "failed, and is tried again");
  };
}

interface Consumers {
  recorder: Recorder;
  loop: MonitorLoop;
  checkpoints: Checkpoints;
}

function createConsumers(parts: Parts, place: StartPlace & { monitorOffset: number }): Consumers {
  const { ports, bell, batches, effects, monitor } = parts;
  const { pace, crashPoint, records, onFatal } = ports;
  const turns = createTurns({ batches, syncedOffset: () => ports.syncedOffset(), pace });
  const checkpoints = new Checkpoints({
    monitor,
    records,
    effects,
    commitCursor: (nextOffset) => ports.commitCursor("monitor", nextOffset),
    pace,
    bell,
    signal: parts.trying.signal,
    crashPoint,
    onFailure: failures(ports, "checkpoint"),
    onFatal,
  });
  const { signal } = parts.running;
  const loop = new MonitorLoop({
    ...parts,
    checkpoints,
    turns,
    startOffset: place.monitorOffset,
    pace,
    signal,
    onFailure: failures(ports, "monitor"),
  });
  const recorder = new Recorder({
    store: ports.store,
    batches,
    flushes: parts.flushes,
    startOffset: place.recorderOffset,
    commitCursor: (nextOffset) => ports.commitCursor("recorder", nextOffset),
    onRejected: async (rejected) => {
      const letters = rejectedLetters(rejected);
      const options = { pace, signal, onFailure: failures(ports, "rejected readings") };
      await retry(() => records.applyEffects(letters), options);
    },
    turn: (nextOffset) => turns.recorderTurn(nextOffset),
    bell,
    pace,
    signal,
    crashPoint,
    onFailure: failures(ports, "recorder"),
  });
  return { recorder, loop, checkpoints };
}

function runService(parts: Parts, place: StartPlace & { monitorOffset: number }): IngestService {
  const { ports, bell, flushes, monitor } = parts;
  const consumers = createConsumers(parts, place);
  const { recorder, loop } = consumers;
  // The monitor first: when both wake at once it takes the first turn.
  const running = Promise.all([loop.run(), recorder.run()]);
  running.catch((error: unknown) => ports.onFatal(error));
  const status = createStatus(parts, consumers, place);
  let stopping: Promise<void> | null = null;
  return {
    announced: () => bell.ring(),
    flush: () => flushes.ask(ports.syncedOffset(), recorder.writtenOffset),
    snapshot: (sppgId) => monitor.snapshot(sppgId),
    status: () => status(stopping !== null),
    stop() {
      stopping ??= drain(parts, consumers).then(() => save(parts, consumers, running));
      return stopping;
    },
    handOver() {
      stopping ??= save(parts, consumers, running);
      return stopping;
    },
    async abandon() {
      parts.trying.abort();
      stopping ??= endLoops(parts, running);
      await stopping;
    },
  };
}

async function endLoops(
  { ports, bell, live, ...parts }: Parts,
  running: Promise<unknown>,
): Promise<void> {
  parts.running.abort();
  // A write that a slow store has not answered yet is not waited for: it is done again.
  ports.store.giveUp();
  bell.ring();
  // Its failure has been told already.
  await Promise.allSettled([running]);
  live.close();
}

async function save(parts: Parts, consumers: Consumers, running: Promise<unknown>): Promise<void> {
  const { ports, effects, monitor } = parts;
  const { recorder, loop, checkpoints } = consumers;
  await endLoops(parts, running);
  // A fold that was given up in the middle has left some behind.
  effects.add(monitor.takeEffects());
  const over = new AbortController();
  const saved = Promise.allSettled([
    recorder.commit(),
    effects.whenApplied(effects.added).then(() => parts.outbox.idle()),
    checkpoints.finish(),
  ]);
  await Promise.race([saved, ports.pace.sleep(stopLimits.saveMsMax, over.signal)]);
  over.abort();
  parts.trying.abort();
  const { committedOffset } = recorder;
  ports.log.info(
    { monitorOffset: loop.nextOffset, recorderOffset: committedOffset },
    "ingest ends",
  );
}

/** Lets the consumers reach what is synced now. */
async function drain({ ports, flushes }: Parts, { recorder, loop }: Consumers): Promise<void> {
  const { pace } = ports;
  const uptoOffset = ports.syncedOffset();
  const untilMs = pace.monotonicMs() + stopLimits.drainMsMax;
  const over = new AbortController();
  const stored = flushes.ask(uptoOffset, recorder.writtenOffset).then(
    () => undefined,
    // The store is away or far behind: the next start goes on from its cursor.
    () => undefined,
  );
  const lookMs = 5;
  while (loop.nextOffset <= uptoOffset && pace.monotonicMs() < untilMs) {
    await pace.sleep(lookMs, over.signal);
  }
  await stored;
}

function createStatus(
  parts: Parts,
  { recorder, loop, checkpoints }: Consumers,
  place: { replayUpTo: number },
): (isStopped: boolean) => ConsumersStatus {
  const { ports, effects, outbox, batches, live } = parts;
  const nowMs = ports.pace.monotonicMs();
  const isRecorderStalled = createWatchdog(nowMs);
  const isMonitorStalled = createWatchdog(nowMs);
  const lagOf = (nextOffset: number): number => Math.max(0, ports.syncedOffset() + 1 - nextOffset);
  const consumer = (
    offsets: { nextOffset: number; committedOffset: number },
    isStalled: typeof isRecorderStalled,
  ) => {
    const lag = lagOf(offsets.nextOffset);
    const at = { nowMs: ports.pace.monotonicMs(), nextOffset: offsets.nextOffset, lag };
    return { ...offsets, lag, isStalled: isStalled(at) };
  };
  return (isStopped) => {
    const { writtenOffset, committedOffset } = recorder;
    const { nextOffset } = loop;
    const isLive = nextOffset > place.replayUpTo;
    const saved = { nextOffset, committedOffset: checkpoints.savedOffset + 1 };
    return {
      state: isStopped ? "stopped" : isLive ? "live" : "replaying",
      recorder: {
        ...consumer({ nextOffset: writtenOffset, committedOffset }, isRecorderStalled),
        ...recorder.counts,
        pending: recorder.pending,
        isStoreAvailable: recorder.isStoreAvailable,
      },
      monitor: {
        ...consumer(saved, isMonitorStalled),
        checkpoints: checkpoints.rounds,
        effectsApplied: effects.applied,
        effectsPending: effects.pending,
        deadLetters: effects.deadLetters,
        messagesPublished: outbox.published,
      },
      batches: batches.decoded,
      live: { sent: live.sent, conflated: live.conflated, dropped: live.dropped },
    };
  };
}
