import { flushCompileCache } from "node:module";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { acquireDataLock, type DataLock } from "./data-lock.ts";
import { recordsError } from "./errors.ts";
import { loadMigrations, migrate } from "./migrations.ts";
import { openRecords, recordsPath, type Records } from "./records.ts";
import { toWireError, type FromWorker, type ToWorker, type WorkerStart } from "./rpc.ts";

/** A service's methods by name, without a prototype: names come over a port. */
type Methods = Map<string, (...args: unknown[]) => unknown>;

interface Opened {
  lock: DataLock | null;
  records: Records;
  services: Map<string, Methods>;
}

async function open(start: WorkerStart): Promise<Opened> {
  const lock = start.lock ? acquireDataLock(start.dataDir) : null;
  const records = await openRecords({
    path: recordsPath(start.dataDir),
    busyTimeoutMs: start.busyTimeoutMs,
  });
  await migrate(records, await loadMigrations(start.migrationModules));
  const services = new Map<string, Methods>();
  for (const [name, url] of Object.entries(start.serviceModules)) {
    services.set(name, await createMethods(url, records));
  }
  return { lock, records, services };
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

function serve(port: MessagePort, opened: Opened): void {
  const running = new Set<Promise<void>>();
  const send = (message: FromWorker): void => port.postMessage(message);
  const answer = async (call: Extract<ToWorker, { kind: "call" }>): Promise<void> => {
    try {
      const method = opened.services.get(call.service)?.get(call.method);
      if (method === undefined) {
        const message = `The records worker has no ${call.service}.${call.method}.`;
        throw recordsError("RECORDS_INTERNAL", { message });
      }
      send({ kind: "result", id: call.id, value: await method(...call.args) });
    } catch (error) {
      send({ kind: "error", id: call.id, error: toWireError(error) });
    }
  };
  const close = async (): Promise<void> => {
    await Promise.all(running);
    await opened.records.close();
    opened.lock?.release();
    // Nothing else keeps this thread alive.
    port.close();
  };
  port.on("message", (message: ToWorker) => {
    // A failing close ends the thread through its unhandled rejection: the main thread hears it.
    const work = message.kind === "call" ? answer(message) : close();
    if (message.kind === "close") return;
    running.add(work);
    void work.finally(() => running.delete(work));
  });
  const methods: Record<string, string[]> = {};
  for (const [name, service] of opened.services) methods[name] = [...service.keys()];
  send({ kind: "ready", methods });
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
