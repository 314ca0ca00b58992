/**
 * Fills a journal as a broker at work would, and waits to be killed: what it leaves is a backlog
 * after `kill -9`. `node path-prefill.ts '<json of Backlog>'`, forked by the bench.
 */
import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import { formatPrincipal, telemetryTopic } from "../../devices/index.ts";
import type { Backlog, PrefillReply } from "./path-backlog.ts";
import { benchKitchen } from "./provision.ts";

/** Appends in flight. */
const inFlight = 5_000;

// The parent's own words.
const backlog = JSON.parse(process.argv[2] ?? "{}") as Backlog;
const { directory, entries, kitchens, devices = 1, channels, perSecond } = backlog;

const publishers = Array.from({ length: kitchens * devices }, (_, index) => {
  const deviceId = `probe-${Math.floor(index / kitchens)}`;
  const ids = { sppgId: benchKitchen(index % kitchens), deviceId };
  return {
    principal: formatPrincipal(ids.sppgId, ids.deviceId),
    topicName: telemetryTopic(ids, "temperature"),
  };
});

/** Received times as at this rate, ending now: a real backlog did not arrive in one go. */
const startMs = Date.now() - (entries * 1000) / perSecond;
let sent = 0;
const receivedMs = (): number => startMs + (sent * 1000) / perSecond;

function append(journal: FileJournal, done: (error: Error | null) => void): void {
  const publisher = publishers[sent % publishers.length];
  if (publisher === undefined) throw new Error("there is no kitchen");
  const channel = Math.floor(sent / publishers.length) % channels;
  const celsius = 70 + (sent % 50) / 10;
  const item = { ts: Math.floor(receivedMs()), seq: sent, celsius };
  const payload = Buffer.from(
    JSON.stringify(channels === 1 ? item : { ...item, channel: String(channel) }),
  );
  sent += 1;
  journal.append({ kind: "publish", ...publisher, payload, qos: 1 }, done);
}

async function fill(journal: FileJournal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let synced = 0;
  const done = (error: Error | null): void => {
    if (error !== null) return reject(error);
    synced += 1;
    if (synced === entries) resolve();
    else if (sent < entries) append(journal, done);
  };
  while (sent < Math.min(inFlight, entries)) append(journal, done);
  await promise;
}

const journal = await openFileJournal({
  directory,
  clock: { wallMs: receivedMs, monotonicMs: receivedMs },
});
for (const name of ["recorder", "monitor"]) await journal.commitCursor(name, journal.firstOffset);
await fill(journal);
process.send?.({ bytesOnDisk: journal.stats().bytesOnDisk } satisfies PrefillReply);
process.on("disconnect", () => process.exit());
