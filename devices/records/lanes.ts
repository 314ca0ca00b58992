import type { MessagePort } from "node:worker_threads";
import { recordsError } from "./errors.ts";
import { toWireError, type FromWorker, type RecordsCall } from "./rpc.ts";

/** A service's methods by name, without a prototype: names come over a port. */
export type Methods = Map<string, (...args: unknown[]) => unknown>;

/**
 * So many calls of one port may be under way at a time, for those that wait for something else than
 * the database: a password's hash takes 50 ms and 19 MiB.
 */
export const runningCallsMax = 32;

/** One port's calls: they begin in the order in which they came. */
export interface Lane {
  take(call: RecordsCall): void;
  /** Resolves when everything that was taken has been answered. */
  drain(): Promise<void>;
  /** Forgets what has not begun: nobody hears the answer any more. */
  abandon(): void;
}

export interface Lanes {
  add(port: Pick<MessagePort, "postMessage">): Lane;
}

/**
 * Lets several ports share the one thread: each turn of the event loop begins one call of each
 * port. SQLite's work is synchronous and kysely's goes on in microtasks, so a call begun where its
 * message arrives would run to its end before any other port is read, and a port that floods would
 * be served alone. This way a call waits for one call of each other port at a time.
 */
export function createLanes(services: ReadonlyMap<string, Methods>): Lanes {
  const lanes = new Set<{ beginOne(): boolean }>();
  let isTurnDue = false;
  const schedule = (): void => {
    if (isTurnDue) return;
    isTurnDue = true;
    setImmediate(() => {
      isTurnDue = false;
      for (const lane of lanes) if (lane.beginOne()) schedule();
    });
  };
  return {
    add(port) {
      const waiting: RecordsCall[] = [];
      const running = new Set<Promise<void>>();
      const begin = (call: RecordsCall): void => {
        const work = answer(call, services, port).finally(() => {
          running.delete(work);
          if (waiting.length > 0) schedule();
        });
        running.add(work);
      };
      const lane = {
        take(call: RecordsCall) {
          waiting.push(call);
          lanes.add(lane);
          schedule();
        },
        /** Whether there may be another one at the next turn. */
        beginOne(): boolean {
          if (running.size >= runningCallsMax) return false;
          const call = waiting.shift();
          if (call === undefined) lanes.delete(lane);
          else begin(call);
          return waiting.length > 0;
        },
        async drain() {
          while (running.size > 0 || waiting.length > 0) {
            await Promise.all(running);
            await new Promise<void>((resolve) => setImmediate(resolve));
          }
        },
        abandon() {
          waiting.length = 0;
          lanes.delete(lane);
        },
      };
      return lane;
    },
  };
}

async function answer(
  call: RecordsCall,
  services: ReadonlyMap<string, Methods>,
  port: Pick<MessagePort, "postMessage">,
): Promise<void> {
  const send = (message: FromWorker): void => port.postMessage(message);
  try {
    const method = services.get(call.service)?.get(call.method);
    if (method === undefined) {
      const message = `The records worker has no ${call.service}.${call.method}.`;
      throw recordsError("RECORDS_INTERNAL", { message });
    }
    send({ kind: "result", id: call.id, value: await method(...call.args) });
  } catch (error) {
    send({ kind: "error", id: call.id, error: toWireError(error) });
  }
}
