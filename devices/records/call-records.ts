import type { MessagePort } from "node:worker_threads";
import { createPendingCalls, type PendingCalls, workerGone } from "./pending-calls.ts";
import type { FromWorker, RecordsCall } from "./rpc.ts";

export interface RecordsConnection<Services extends object> {
  services: Services;
  /** Calls of this connection that wait for an answer, for metrics. */
  readonly pendingCalls: number;
  /** Rejects what waits and gives the port back; the worker goes on. Idempotent. */
  close(): void;
}

/**
 * The records worker's services in a thread other than the one that started it, over a port of
 * `RecordsWorker.connect()`. Calls begin in order, at most `recordsPendingCallsMax` at a
 * time; they reject with `RECORDS_WORKER_GONE` once the worker has ended. A port that nobody calls
 * keeps its thread alive until `close`.
 */
export function callRecords<Services extends object>(
  port: MessagePort,
): RecordsConnection<Services> {
  const calls = createPendingCalls();
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    calls.rejectAll(workerGone(null));
  };
  port.on("message", (message: FromWorker) => calls.settle(message));
  // Also the worker's end, however it came: its side of the port goes with its thread.
  port.on("close", close);
  return {
    // Which methods there are is the caller's claim; the worker refuses what it does not have.
    services: byName((service) =>
      byName((method) => createMethod({ port, calls, service, method, isClosed: () => isClosed })),
    ) as Services,
    get pendingCalls() {
      return calls.size;
    },
    close() {
      close();
      port.close();
    },
  };
}

interface MethodTarget {
  port: MessagePort;
  calls: PendingCalls;
  service: string;
  method: string;
  isClosed(): boolean;
}

function createMethod(target: MethodTarget): (...args: unknown[]) => Promise<unknown> {
  const { port, calls, service, method } = target;
  return (...args) => {
    if (target.isClosed()) return Promise.reject(workerGone(null));
    return calls.open((id) => {
      port.postMessage({ kind: "call", id, service, method, args } satisfies RecordsCall);
    });
  };
}

/** An object that makes what it is asked for, once for each name: the port names no methods. */
function byName(create: (name: string) => unknown): object {
  const made = new Map<string, unknown>();
  return new Proxy(Object.freeze({}), {
    get(_target, name) {
      // Or else `await` would take it for a promise, and call a service named "then".
      if (typeof name === "symbol" || name === "then") return undefined;
      if (!made.has(name)) made.set(name, create(name));
      return made.get(name);
    },
  });
}
