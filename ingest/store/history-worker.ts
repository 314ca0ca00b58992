import { parentPort, workerData } from "node:worker_threads";
import {
  type FromHistory,
  type HistoryCall,
  type HistoryMethod,
  type HistoryStart,
  toWireError,
} from "./history-rpc.ts";
import { previewRule, type RulePreviewQuery } from "../preview/preview.ts";
import { openSqliteHistory } from "./sqlite-history.ts";
import type { History } from "./store.ts";

const port = parentPort;
const send = (message: FromHistory): void => port?.postMessage(message, []);

/** `startHistory` sends what its caller gave to the same method; History checks it. */
const methods: Record<HistoryMethod, (history: History, argument: unknown) => Promise<unknown>> = {
  buckets: (history, query) => history.buckets(query as Parameters<History["buckets"]>[0]),
  raw: (history, query) => history.raw(query as Parameters<History["raw"]>[0]),
  track: (history, query) => history.track(query as Parameters<History["track"]>[0]),
  latest: (history, sppgId) => history.latest(sppgId as string),
  preview: (history, query) => previewRule(history, query as RulePreviewQuery),
  close: (history) => history.close(),
};

async function answer(history: History, { id, method, argument }: HistoryCall): Promise<void> {
  try {
    send({ kind: "result", id, value: await methods[method](history, argument) });
  } catch (error) {
    send({ kind: "error", id, error: toWireError(error) });
  }
}

if (port !== null) {
  // Handed over by startHistory alone.
  const { directory, influx } = workerData as HistoryStart;
  const history =
    influx === null
      ? openSqliteHistory({ directory, log: (event) => send({ kind: "event", event }) })
      : (await import("./influx/influx-history.ts")).openInfluxHistory(influx);
  port.on("message", (asked: HistoryCall) => void answer(history, asked));
}
