import { fork } from "node:child_process";
import { once } from "node:events";
import type { LatencySummary } from "../../simulators/index.ts";
import type { Scope } from "../support/nadi-process.ts";

/** One WebSocket: whose session, and which kitchen it watches. */
export interface Viewer {
  cookie: string;
  sppgId: string;
}

export type ViewersRequest =
  | { kind: "open"; httpUrl: string; viewers: readonly Viewer[] }
  | { kind: "reset" }
  | { kind: "stats" };

export interface ViewersReply {
  number: number;
  value?: unknown;
  error?: string;
}

export interface ViewersStats {
  /** From the reading's own time to the frame, of each live message. */
  latency: LatencySummary;
  p95Us: number;
  /** Sockets that were closed. */
  lost: number;
}

export interface ViewersProcess {
  readonly pid: number;
  open(httpUrl: string, viewers: readonly Viewer[]): Promise<void>;
  reset(): Promise<void>;
  stats(): Promise<ViewersStats>;
}

/** Viewers in a process of their own, which goes with the scope. */
export function startViewersProcess(scope: Scope): ViewersProcess {
  const child = fork(new URL("./viewers-child.ts", import.meta.url), { execArgv: [] });
  const exited = once(child, "exit");
  const pending = new Map<number, (reply: ViewersReply) => void>();
  let lastNumber = 0;
  child.on("message", (reply: ViewersReply) => {
    pending.get(reply.number)?.(reply);
    pending.delete(reply.number);
  });
  child.on("exit", () => {
    for (const [number, resolve] of pending) resolve({ number, error: "the viewers have ended" });
    pending.clear();
  });
  scope.onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const ask = async (request: ViewersRequest): Promise<unknown> => {
    lastNumber += 1;
    const number = lastNumber;
    const { promise, resolve } = Promise.withResolvers<ViewersReply>();
    pending.set(number, resolve);
    child.send({ number, request });
    const { error, value } = await promise;
    if (error !== undefined) throw new Error(error);
    return value;
  };
  return {
    pid: child.pid ?? -1,
    open: async (httpUrl, viewers) => void (await ask({ kind: "open", httpUrl, viewers })),
    reset: async () => void (await ask({ kind: "reset" })),
    // The child is our own code.
    stats: async () => (await ask({ kind: "stats" })) as ViewersStats,
  };
}
