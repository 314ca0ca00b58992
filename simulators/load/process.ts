import { fork } from "node:child_process";
import { once } from "node:events";
import type { AckedDevice } from "./connection.ts";
import type { LoadOptions, LoadPace } from "./load.ts";
import type { LoadStats } from "./meter.ts";

/** What a parent asks of the process that carries the load. */
export type LoadRequest =
  | { kind: "start"; options: LoadOptions }
  | { kind: "stats" }
  | { kind: "acked" }
  | { kind: "measure" }
  | { kind: "pace"; pace: LoadPace }
  | { kind: "finished" }
  | { kind: "stop"; drainMs?: number };

export interface LoadReply {
  number: number;
  value?: unknown;
  error?: { message: string; code?: string };
}

/** A load in a process of its own: it outlives the broker and leaves our event loop alone. */
export interface LoadProcess {
  readonly pid: number;
  stats(): Promise<LoadStats>;
  acked(): Promise<AckedDevice[]>;
  measure(): Promise<void>;
  pace(pace: LoadPace): Promise<void>;
  finished(): Promise<void>;
  /** Stops the load and ends its process. */
  stop(options?: { drainMs?: number }): Promise<LoadStats>;
  /** Ends the process at once; what it knew is gone, but for its ack log. */
  kill(): void;
}

/** As `startLoad`, in a child process. */
export async function startLoadProcess(options: LoadOptions): Promise<LoadProcess> {
  const child = fork(new URL("./process-child.ts", import.meta.url), {
    serialization: "advanced",
    execArgv: [],
  });
  const exited = once(child, "exit");
  const pending = new Map<number, (reply: LoadReply) => void>();
  let lastNumber = 0;
  child.on("message", (reply: LoadReply) => {
    pending.get(reply.number)?.(reply);
    pending.delete(reply.number);
  });
  child.on("exit", () => {
    const error = { message: "the load process has ended" };
    for (const [number, resolve] of pending) resolve({ number, error });
    pending.clear();
  });

  const ask = async (request: LoadRequest): Promise<unknown> => {
    lastNumber += 1;
    const number = lastNumber;
    const { promise, resolve } = Promise.withResolvers<LoadReply>();
    pending.set(number, resolve);
    child.send({ number, request }, (error) => {
      if (error !== null) resolve({ number, error });
    });
    const { error, value } = await promise;
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
    return value;
  };
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  try {
    await ask({ kind: "start", options });
  } catch (error) {
    kill();
    throw error;
  }
  return {
    pid: child.pid ?? -1,
    // The child is our own code: its values have the types of `Load`.
    stats: () => ask({ kind: "stats" }) as Promise<LoadStats>,
    acked: () => ask({ kind: "acked" }) as Promise<AckedDevice[]>,
    measure: () => ask({ kind: "measure" }) as Promise<void>,
    pace: (pace) => ask({ kind: "pace", pace }) as Promise<void>,
    finished: () => ask({ kind: "finished" }) as Promise<void>,
    async stop(stopOptions = {}) {
      const stats = (await ask({ kind: "stop", ...stopOptions })) as LoadStats;
      child.disconnect();
      await exited;
      return stats;
    },
    kill,
  };
}
