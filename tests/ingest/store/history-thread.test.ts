import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { expect, test, type TestContext } from "vitest";
import { dayOf, dayPath } from "../../../ingest/store/files.ts";
import {
  type HistoryThread,
  type HistoryThreadOptions,
  startHistory,
} from "../../../ingest/store/history-thread.ts";
import type { History } from "../../../ingest/store/store.ts";
import { openStore, storeFolder } from "./open-store.ts";
import { celsius, readingAt, startMs } from "./readings.ts";

async function openHistory(t: TestContext, options: HistoryThreadOptions): Promise<HistoryThread> {
  const history = await startHistory(options);
  t.onTestFinished(() => history.close());
  return history;
}

const query = { ...celsius, fromMs: startMs, toMs: startMs + 60_000, pointsMax: 1 };

test("it answers what the history in the writer's thread answers", async (t) => {
  const { directory, store, history: here } = await openStore(t);
  const there = await openHistory(t, { directory });
  const position = { reading: "position" as const, fields: { lat: -6.2, lon: 106.8 } };
  await store.write([readingAt(startMs), readingAt(startMs + 1, position)]);
  const { sppgId, deviceId, channel } = celsius;
  const range = { fromMs: startMs, toMs: startMs + 60_000 };
  const ask = (history: History): Promise<unknown[]> =>
    Promise.all([
      history.buckets(query),
      history.raw({ ...celsius, ...range, rowsMax: 5 }),
      history.track({ sppgId, deviceId, channel, ...range, fixesMax: 5 }),
      history.latest(sppgId),
    ]);
  expect(await ask(there)).toEqual(await ask(here));
  await store.write([readingAt(startMs + 2)]);
  expect((await there.buckets(query)).buckets).toMatchObject([{ count: 2 }]);
});

test("calls beyond the limit are refused and may be tried again", async (t) => {
  const history = await openHistory(t, { directory: await storeFolder(t), callsMax: 3 });
  const calls = Array.from({ length: 5 }, () => history.buckets(query));
  const ends = await Promise.allSettled(calls);
  expect(ends.map((end) => (end.status === "rejected" ? end.reason : "answered"))).toMatchObject([
    "answered",
    "answered",
    "answered",
    { code: "INGEST_BUSY", retryable: true },
    { code: "INGEST_BUSY", status: 503 },
  ]);
  await expect(history.buckets(query)).resolves.toBeDefined();
});

test("a query that hangs is given up, and the next one has a thread that answers", async (t) => {
  const directory = await storeFolder(t);
  const fifo = dayPath(directory, dayOf(startMs));
  // Who opens it for reading waits for a writer: what a disk that hangs looks like.
  execFileSync("mkfifo", [fifo]);
  const history = await openHistory(t, { directory, deadlineMs: 2_000 });
  const hanging = history.buckets(query);
  const behind = history.buckets({ ...query, toMs: startMs });
  await expect(hanging).rejects.toMatchObject({
    code: "INGEST_STORE_UNAVAILABLE",
    retryable: true,
  });
  await expect(behind).rejects.toMatchObject({ code: "INGEST_QUERY_INVALID" });
  expect(history.stats()).toEqual({ waitingCalls: 0, restarts: 1 });
  closeSync(openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK));
  rmSync(fifo);
  const { store } = await openStore(t, { directory });
  await store.write([readingAt(startMs)]);
  expect((await history.buckets(query)).buckets).toMatchObject([{ count: 1 }]);
});

test("calls that wait when it closes end, and later ones are refused", async (t) => {
  const history = await openHistory(t, { directory: await storeFolder(t) });
  const calls = Promise.allSettled([history.buckets(query), history.latest(celsius.sppgId)]);
  await Promise.all([history.close(), history.close()]);
  expect((await calls).map((end) => end.status)).toEqual(["fulfilled", "fulfilled"]);
  await expect(history.buckets(query)).rejects.toMatchObject({ code: "INGEST_STORE_CLOSED" });
});
