import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Scope } from "../support/nadi-process.ts";

export interface BridgeRequest {
  number: number;
  kind: "stored" | "stop";
}

export interface BridgeReply {
  number: number;
  stored: number;
}

/** The hand-written bridge between Mosquitto and a store, in a process of its own. */
export interface Bridge {
  readonly pid: number;
  /** Readings that its store has taken. */
  stored(): Promise<number>;
  /** Writes what it has, closes its store and ends. */
  stop(): Promise<void>;
}

/** Resolves when it has subscribed. */
export async function startBridge(
  scope: Scope,
  options: { port: number; directory: string },
): Promise<Bridge> {
  const { port, directory } = options;
  const child = fork(path.join(import.meta.dirname, "bridge.ts"), [String(port), directory], {
    execArgv: [],
  });
  const exited = once(child, "exit");
  scope.onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const waiting = new Map<number, PromiseWithResolvers<number>>();
  const expect = (number: number): Promise<number> => {
    const reply = Promise.withResolvers<number>();
    waiting.set(number, reply);
    return reply.promise;
  };
  let lastNumber = 0;
  const ready = expect(lastNumber);
  child.on("message", ({ number, stored }: BridgeReply) => waiting.get(number)?.resolve(stored));
  child.on("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the bridge has ended"));
  });
  const ask = (kind: BridgeRequest["kind"]): Promise<number> => {
    lastNumber += 1;
    const reply = expect(lastNumber);
    child.send({ number: lastNumber, kind } satisfies BridgeRequest);
    return reply;
  };
  await ready;
  return {
    pid: child.pid ?? -1,
    stored: () => ask("stored"),
    async stop() {
      await ask("stop");
      await exited;
    },
  };
}
