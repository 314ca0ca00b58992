import { randomUUID } from "node:crypto";
import { flushCompileCache } from "node:module";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { openRedisJournal, type PartitionedJournal } from "../../broker/index.ts";
import { openCommonPorts } from "../worker/common-ports.ts";
import { loadRegistry } from "../worker/load-registry.ts";
import { systemPace } from "../worker/pace.ts";
import { type FromThread, toPort } from "../worker/protocol.ts";
import { retry } from "../worker/retry.ts";
import type { WorkerLog } from "../worker/service.ts";
import { channelsStatus, type IngestStatus } from "../worker/status.ts";
import { createLog, maintainRegularly, statusIntervalMs } from "../worker/surroundings.ts";
import { adoptLayout } from "./adopt-layout.ts";
import { type ChangeRelay, createChangeRelay } from "./change-relay.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { SharedParts } from "./partition-host.ts";
import { PartitionSet } from "./partition-set.ts";
import { openPartitionStores } from "./partition-stores.ts";
import type { PartitionsStart, ToPartitions } from "./protocol.ts";

/** Of the services, which bound themselves to less; the main thread ends this one after 3.5 s. */
const stopMsMax = 2_800;

interface Thread {
  start: PartitionsStart;
  relay: ChangeRelay;
  log: WorkerLog;
  /** Aborted: the process ends. */
  signal: AbortSignal;
}

/** All that the partitions share; `close` gives it back. */
interface Opened {
  parts: Omit<SharedParts, "isHeld">;
  journal: PartitionedJournal;
  close(): Promise<void>;
}

async function open({ start, relay, log, signal }: Thread): Promise<Opened> {
  const { ports, close: closePorts } = await openCommonPorts(start, log);
  const { records } = ports;
  const untilItWorks = {
    pace: systemPace,
    signal,
    onFailure: (error: unknown, failures: number) => {
      if (failures % 10 === 1) log.warn({ err: error, failures }, "ingest can't begin yet");
    },
  };
  const changeSeq = (): number => relay.changeSeq;
  const journal = await retry(
    () => openRedisJournal({ ...start.journal, changeSeq, log }),
    untilItWorks,
  );
  const partitionOf = (sppgId: string): number => journal.partitionOf(sppgId);
  const { partitions } = journal;
  const isNew = await retry(() => adoptLayout(records, { partitions, partitionOf }), untilItWorks);
  if (isNew) log.info({ partitions }, "the records follow a journal of other partitions now");
  const stores = await openPartitionStores({ place: start, partitions, partitionOf, log });
  const parts = {
    ...ports,
    journal,
    stores,
    loaded: await loadRegistry(ports, untilItWorks),
    changes: relay,
  };
  const close = async (): Promise<void> => {
    await stores.close();
    await journal.close();
    await closePorts();
  };
  return { parts, journal, close };
}

/** The leases, and the partitions that follow them. */
function createOwnership(
  { parts, journal }: Opened,
  { start, log, signal }: Thread,
  report: () => void,
): { keeper: LeaseKeeper; set: PartitionSet } {
  const keeper: LeaseKeeper = new LeaseKeeper({
    records: parts.records,
    request: {
      processId: randomUUID(),
      partitions: journal.partitions,
      store: start.config.influx === null ? "local" : "shared",
      isAlone: start.isAlone,
    },
    pace: systemPace,
    signal,
    onKept(kept) {
      set.follow(kept);
      report();
    },
    takeStopped: () => set.takeStopped(),
    onFailure(error, failures) {
      if (failures % 10 === 1) log.warn({ err: error, failures }, "leases were not kept");
    },
  });
  const shared = { ...parts, isHeld: () => keeper.isHeld };
  const set: PartitionSet = new PartitionSet(shared, () => keeper.wake());
  return { keeper, set };
}

function statusOf(opened: Opened, keeper: LeaseKeeper, set: PartitionSet): IngestStatus {
  const { parts, journal } = opened;
  const { all, owned } = set.status();
  return {
    ...all,
    ...(keeper.kept === null ? { state: "starting" } : {}),
    channels: channelsStatus(parts.channels, systemPace.monotonicMs()),
    partitions: {
      count: journal.partitions,
      owned,
      missing: keeper.kept?.missing ?? journal.partitions,
      liveProcesses: keeper.kept?.liveProcesses ?? 0,
      leaseAgeMs: keeper.ageMs,
      durability: journal.durability.detail,
      isJournalAvailable: journal.condition.kind === "open",
    },
  };
}

async function serve(port: MessagePort, start: PartitionsStart): Promise<void> {
  const send = (message: FromThread): void => port.postMessage(message);
  const ending = new AbortController();
  const relay = createChangeRelay(start.changeSeq);
  const thread = { start, relay, log: createLog(send), signal: ending.signal };
  const loading = Promise.withResolvers<PartitionSet>();
  const answer = (id: number, work: (set: PartitionSet) => Promise<unknown>): void => {
    loading.promise.then(work).then(
      (value) => send({ kind: "result", id, value }),
      (error: unknown) => send({ kind: "error", id, error: toPort(error) }),
    );
  };
  port.on("message", (message: ToPartitions) => {
    if (message.kind === "change") relay.hear(message.changeSeq);
    else if (message.kind === "stop") ending.abort();
    else if (message.kind === "snapshot") {
      const { id, sppgId } = message;
      answer(id, async (set) => set.hostOf(sppgId).snapshot(sppgId));
    } else {
      const { id, sppgId } = message;
      answer(id, async (set) => (sppgId === null ? set : set.hostOf(sppgId)).flush());
    }
  });
  send({ kind: "started" });
  const opened = await open(thread);
  const report = (): void => send({ kind: "status", status: statusOf(opened, keeper, set) });
  const { keeper, set } = createOwnership(opened, thread, report);
  loading.resolve(set);
  const timer = setInterval(report, statusIntervalMs);
  const stopMaintaining = maintainRegularly(opened.parts.stores, thread.log);
  // A killed process keeps no compiled code otherwise, and the next start pays again.
  flushCompileCache();
  await keeper.run();
  clearInterval(timer);
  stopMaintaining();
  await stopWithin(set);
  report();
  await leave(keeper, thread.log);
  await opened.close();
  // Nothing else keeps this thread alive.
  port.close();
}

/** A journal that is away keeps nobody from giving the leases back. */
async function stopWithin(set: PartitionSet): Promise<void> {
  const over = new AbortController();
  await Promise.race([set.stop(), systemPace.sleep(stopMsMax, over.signal)]);
  over.abort();
}

/** Records that are away end the leases by themselves, a little later. */
async function leave(keeper: LeaseKeeper, log: WorkerLog): Promise<void> {
  try {
    await keeper.leave();
  } catch (error) {
    log.warn({ err: error }, "the leases could not be given back: they end in some seconds");
  }
}

if (parentPort !== null) {
  // Handed over by startPartitionedIngest alone.
  await serve(parentPort, workerData as PartitionsStart);
}
