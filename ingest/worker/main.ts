import { flushCompileCache } from "node:module";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type JournalAnnouncement, openJournalFollower } from "../../broker/index.ts";
import { type CommonPorts, openCommonPorts } from "./common-ports.ts";
import { openStore } from "./open-store.ts";
import { systemPace } from "./pace.ts";
import {
  type ErrorOnPort,
  fromPort,
  type FromIngest,
  type IngestStart,
  type ToIngest,
  toPort,
} from "./protocol.ts";
import { type IngestService, type ServicePorts, startService, type WorkerLog } from "./service.ts";
import { channelsStatus } from "./status.ts";
import { createLog, maintainRegularly, statusIntervalMs } from "./surroundings.ts";

/** Cursors are the main thread's, which writes the journal. */
function createCursors(send: (message: FromIngest) => void): {
  commit: ServicePorts["commitCursor"];
  settle: (id: number, error: ErrorOnPort | null) => void;
} {
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  let lastId = 0;
  return {
    commit(name, nextOffset) {
      lastId += 1;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.set(lastId, { resolve, reject });
      send({ kind: "commit", id: lastId, name, nextOffset });
      return promise;
    },
    settle(id, error) {
      const commit = waiting.get(id);
      waiting.delete(id);
      if (error === null) commit?.resolve();
      else commit?.reject(fromPort(error));
    },
  };
}

interface Thread {
  port: MessagePort;
  start: IngestStart;
  announcement: JournalAnnouncement;
  send: (message: FromIngest) => void;
  log: WorkerLog;
  cursors: ReturnType<typeof createCursors>;
}

type FilePorts = ServicePorts & CommonPorts;

/** Everything that this thread has opened; `close` gives it all back. */
async function openPorts(thread: Thread): Promise<{
  ports: FilePorts;
  close: () => Promise<void>;
}> {
  const { start, send, log } = thread;
  const common = await openCommonPorts(start, log);
  const follower = openJournalFollower({
    directory: start.journalDirectory,
    onDamage: (damage) => send({ kind: "damage", ...damage }),
  });
  const store = await openStore(start, log);
  const ports: FilePorts = {
    ...common.ports,
    readJournal: (fromOffset, limits) => follower.read(fromOffset, thread.announcement, limits),
    syncedOffset: () => thread.announcement.syncedOffset,
    commitCursor: thread.cursors.commit,
    store,
  };
  const close = async (): Promise<void> => {
    await follower.close();
    await store.close();
    await common.close();
  };
  return { ports, close };
}

async function serve(thread: Thread): Promise<void> {
  const { port, start, send } = thread;
  const loading = Promise.withResolvers<IngestService>();
  let service: IngestService | null = null;
  const stopAsked = Promise.withResolvers<void>();
  const hear = (announcement: JournalAnnouncement): void => {
    if (announcement.syncedOffset < thread.announcement.syncedOffset) return;
    thread.announcement = announcement;
    service?.announced();
  };
  const answer = (id: number, work: Promise<unknown>): void => {
    work.then(
      (value) => send({ kind: "result", id, value }),
      (error: unknown) => send({ kind: "error", id, error: toPort(error) }),
    );
  };
  port.on("message", (message: ToIngest) => {
    if ("announcement" in message) hear(message.announcement);
    if (message.kind === "announce") send({ kind: "heard" });
    else if (message.kind === "committed") thread.cursors.settle(message.id, message.error);
    else if (message.kind === "flush") {
      answer(
        message.id,
        loading.promise.then((it) => it.flush()),
      );
    } else if (message.kind === "snapshot") {
      answer(
        message.id,
        loading.promise.then((it) => it.snapshot(message.sppgId)),
      );
    } else stopAsked.resolve();
  });
  send({ kind: "started" });
  const { ports, close } = await openPorts(thread);
  const { firstOffset, recorderOffset } = start;
  // As of the start: what is acknowledged while this thread loads is news.
  const replayUpTo = start.announcement.syncedOffset;
  service = await startService(ports, { firstOffset, recorderOffset, replayUpTo });
  loading.resolve(service);
  const report = (): void => {
    if (service === null) return;
    const channelsNow = channelsStatus(ports.channels, systemPace.monotonicMs());
    const status = { ...service.status(), channels: channelsNow, partitions: null };
    send({ kind: "status", status });
  };
  const timer = setInterval(report, statusIntervalMs);
  const stopMaintaining = maintainRegularly(ports.store, ports.log);
  report();
  // A killed process keeps no compiled code otherwise, and the next start pays again.
  flushCompileCache();
  await stopAsked.promise;
  clearInterval(timer);
  stopMaintaining();
  await service.stop();
  report();
  await close();
  // Nothing else keeps this thread alive.
  port.close();
}

if (parentPort !== null) {
  const port = parentPort;
  // Handed over by startIngest alone.
  const start = workerData as IngestStart;
  const send = (message: FromIngest): void => port.postMessage(message);
  const { announcement } = start;
  await serve({
    port,
    start,
    announcement,
    send,
    log: createLog(send),
    cursors: createCursors(send),
  });
}
