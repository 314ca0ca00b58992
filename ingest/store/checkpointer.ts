import { Worker } from "node:worker_threads";
import type { CheckpointAnswer, CheckpointRequest } from "./checkpoint-worker.ts";

/** Moves logs into their databases in a thread of its own, so that nobody waits for the disk. */
export interface Checkpointer {
  /** `null`: all of it is in the database and on disk. Else why not. */
  checkpoint(path: string): Promise<string | null>;
  close(): Promise<void>;
}

/** The thread starts with the first checkpoint, and again if it has ended. */
export function createCheckpointer(): Checkpointer {
  const waiting = new Map<number, (failure: string | null) => void>();
  let lastId = 0;
  let worker: Worker | null = null;
  const settleAll = (failure: string): void => {
    for (const settle of waiting.values()) settle(failure);
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(new URL("./checkpoint-worker.ts", import.meta.url), {
      env: {},
      execArgv: [],
    });
    started.on("message", ({ id, failure }: CheckpointAnswer) => {
      waiting.get(id)?.(failure);
      waiting.delete(id);
    });
    started.on("error", (error) => settleAll(error instanceof Error ? error.message : "ended"));
    started.on("exit", () => {
      if (worker === started) worker = null;
      settleAll("the thread has ended");
    });
    return started;
  };
  return {
    checkpoint(path) {
      const { promise, resolve } = Promise.withResolvers<string | null>();
      worker ??= start();
      lastId += 1;
      waiting.set(lastId, resolve);
      worker.postMessage({ id: lastId, path } satisfies CheckpointRequest, []);
      return promise;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
