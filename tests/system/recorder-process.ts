// A process that fills a journal and records it, until a crash point ends it; with `finish` it only
// records what is left. It tells on standard output what has been acknowledged.
import { writeSync } from "node:fs";
import path from "node:path";
import { crashPointFrom } from "../../broker/journal/crash-points.ts";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { formatPrincipal } from "../../devices/ids.ts";
import { telemetryTopic } from "../../devices/topics.ts";
import { createDecoder } from "../../ingest/decode/decoder.ts";
import { readingsDirectory } from "../../ingest/readings-directory.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import { Batches } from "../../ingest/worker/batches.ts";
import { FlushRequests } from "../../ingest/worker/flush-requests.ts";
import { createBell, type Pace, systemPace } from "../../ingest/worker/pace.ts";
import { Recorder } from "../../ingest/worker/recorder.ts";
import { consumerJournal } from "./consumer-journal.ts";

const [dataDir = "", work = "", firstSeq = "0", startMs = "0"] = process.argv.slice(2);
const device = { sppgId: "sppg-jakarta-001", deviceId: "probe-1" };
const standardOutput = 1;
/** 2.5 million of them fit between a start six days ago and now. */
const stepMs = 200;
const perGroup = 50;
/** What a device sends again after each life of this process. */
const resent = 20;
/** Time runs faster for the recorder: a write each 20 ms, a checkpoint each 100. */
const hurry = 50;

const pace: Pace = { ...systemPace, monotonicMs: () => performance.now() * hurry };
const crashPoint = crashPointFrom(work === "finish" ? undefined : work);
const journal = await openFileJournal({
  ...consumerJournal,
  directory: path.join(dataDir, "journal"),
  crashPoint,
});
const store = openSqliteStore({ directory: readingsDirectory(dataDir) });
const running = new AbortController();
const bell = createBell(pace);
journal.onSynced(() => bell.ring());
// Native payloads of a device's own need nothing of the registry.
const directory = {
  version: 1,
  timeZone: () => null,
  device: () => null,
  devices: () => [],
  kitchens: () => [],
};
const recorder = new Recorder({
  store,
  batches: new Batches({
    readJournal: (fromOffset, limits) => journal.read(fromOffset, limits),
    syncedOffset: () => journal.syncedOffset,
    decoder: createDecoder({ directory }),
    followChange: () => Promise.resolve(),
  }),
  flushes: new FlushRequests({ pace, bell }),
  startOffset: journal.cursor("recorder") ?? journal.firstOffset,
  commitCursor: (nextOffset) => journal.commitCursor("recorder", nextOffset),
  onRejected: (rejected) => {
    throw new Error(rejected[0]?.detail);
  },
  turn: () => Promise.resolve(),
  bell,
  pace,
  signal: running.signal,
  crashPoint,
  onFailure: (error) => {
    throw error;
  },
});

function append(seq: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const payload = JSON.stringify({ ts: Number(startMs) + seq * stepMs, celsius: seq % 40, seq });
  journal.append(
    {
      kind: "publish",
      principal: formatPrincipal(device.sppgId, device.deviceId),
      topicName: telemetryTopic(device, "temperature"),
      payload: Buffer.from(payload),
      qos: 1,
    },
    (error) => {
      if (error !== null) return reject(error);
      // Synchronous, so that it has left before the next step can end this process.
      writeSync(standardOutput, `${seq}\n`);
      resolve();
    },
  );
  return promise;
}

const recording = recorder.run();
if (work === "finish") {
  while (recorder.nextOffset <= journal.syncedOffset) {
    await pace.yieldTurn();
  }
  running.abort();
  bell.ring();
  await recording;
  await recorder.commit();
  await store.close();
  await journal.close();
} else {
  let seq = Math.max(0, Number(firstSeq) - resent);
  for (;;) {
    await Promise.all(Array.from({ length: perGroup }, () => append(seq++)));
  }
}
