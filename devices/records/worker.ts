import { flushCompileCache } from "node:module";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { acquireDataLock, type DataLock } from "./data-lock.ts";
import { recordsError } from "./errors.ts";
import { createLanes, type Lane, type Methods } from "./lanes.ts";
import { loadMigrations, migrate } from "./migrations.ts";
import { openRecords, recordsOf, type Records } from "./records.ts";
import {
  toWireError,
  type FromWorker,
  type RecordsCall,
  type ToWorker,
  type WorkerStart,
} from "./rpc.ts";
import { refuseUnfinishedRestore } from "./unfinished-restore.ts";

interface Opened {
  /** Gives back what makes this process the owner. */
  release(): Promise<void>;
  records: Records;
  services: Map<string, Methods>;
}

/** The data folder, where the journal lies, unless it is shared; and the database, if it is one. */
async function acquireLocks({
  dataDir,
  databaseUrl: url,
  lock,
}: WorkerStart): Promise<Opened["release"]> {
  const isShared = lock === "shared" || lock === "folder-shared";
  if (lock !== "shared") refuseUnfinishedRestore(dataDir);
  const folder: DataLock | null = lock === "shared" ? null : acquireDataLock(dataDir);
  if (url === undefined) return async () => folder?.release();
  const { acquireDatabaseLock } = await import("./database-lock.ts");
  const onLost = (error: Error): void => {
    // Where nothing catches it, which ends this thread: the main thread hears it.
    setImmediate(() => {
      throw error;
    });
  };
  const database = await acquireDatabaseLock({ url, isShared, onLost });
  return async () => {
    await database.release();
    folder?.release();
  };
}

async function open(start: WorkerStart): Promise<Opened> {
  const release = start.lock !== false ? await acquireLocks(start) : async () => {};
  const records = await openRecords(recordsOf(start));
  await migrate(records, await loadMigrations(start.migrationModules));
  const services = new Map<string, Methods>();
  for (const [name, url] of Object.entries(start.serviceModules)) {
    services.set(name, await createMethods(url, records));
  }
  return { release, records, services };
}

async function createMethods(url: string, records: Records): Promise<Methods> {
  // A module of ours by contract (see RecordsWorkerOptions.services); checked on the next line.
  const loaded = (await import(url)) as { createService?: (records: Records) => object };
  if (typeof loaded.createService !== "function") {
    throw recordsError("RECORDS_INTERNAL", { message: `${url} exports no createService.` });
  }
  const methods: Methods = new Map();
  for (const [name, method] of Object.entries(loaded.createService(records))) {
    if (typeof method === "function") methods.set(name, method);
  }
  return methods;
}

function serve(main: MessagePort, opened: Opened): void {
  const lanes = createLanes(opened.services);
  const mainLane = lanes.add(main);
  const connected = new Map<MessagePort, Lane>();
  let isClosing = false;
  const connect = (port: MessagePort): void => {
    if (isClosing) return port.close();
    const lane = lanes.add(port);
    connected.set(port, lane);
    // Nothing more is taken once the close has begun: it would never end.
    port.on("message", (call: RecordsCall) => {
      if (!isClosing) lane.take(call);
    });
    port.on("close", () => {
      lane.abandon();
      connected.delete(port);
    });
  };
  const close = async (): Promise<void> => {
    isClosing = true;
    await Promise.all([mainLane, ...connected.values()].map((lane) => lane.drain()));
    await opened.records.close();
    await opened.release();
    // Nothing else keeps this thread alive; the far sides hear it and reject what still waits.
    for (const port of connected.keys()) port.close();
    main.close();
  };
  main.on("message", (message: ToWorker) => {
    if (message.kind === "call") mainLane.take(message);
    else if (message.kind === "connect") connect(message.port);
    // A failing close ends the thread through its unhandled rejection: the main thread hears it.
    else void close();
  });
  const methods: Record<string, string[]> = {};
  for (const [name, service] of opened.services) methods[name] = [...service.keys()];
  main.postMessage({ kind: "ready", methods } satisfies FromWorker, []);
  // A killed process keeps no compiled code otherwise, and the next start pays again.
  flushCompileCache();
}

async function start(port: MessagePort): Promise<void> {
  try {
    // Handed over by startRecordsWorker alone.
    serve(port, await open(workerData as WorkerStart));
  } catch (error) {
    port.postMessage({ kind: "failed", error: toWireError(error) } satisfies FromWorker);
    port.close();
  }
}

if (parentPort !== null) await start(parentPort);
