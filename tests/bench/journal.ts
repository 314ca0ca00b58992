// What the journal alone can do: `node tests/bench/journal.ts [--entries 10000000] [--folder …]`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import { parseWords } from "../support/words.ts";

const { values } = parseWords({
  options: {
    entries: { type: "string", default: "10000000" },
    folder: { type: "string", default: tmpdir() },
    seconds: { type: "string", default: "4" },
  },
});

const entry = {
  kind: "publish",
  principal: "sppg-jakarta-001.probe-0001",
  topicName: "sppg/sppg-jakarta-001/telemetry/probe-0001/temperature",
  payload: Buffer.from('{"ts":1795300000000,"celsius":73.2}'),
  qos: 1,
} as const;

/** Keeps so many appends under way until the function says that it is enough. */
function flood(journal: FileJournal, inFlight: number, isEnough: (count: number) => boolean) {
  return new Promise<number>((resolve, reject) => {
    let synced = 0;
    let underWay = inFlight;
    const done = (error: Error | null): void => {
      if (error !== null) return reject(error);
      synced++;
      if (!isEnough(synced)) return journal.append(entry, done);
      if (--underWay === 0) resolve(synced);
    };
    for (let index = 0; index < inFlight; index++) journal.append(entry, done);
  });
}

function perSecond(count: number, startMs: number): string {
  return Math.round(count / ((performance.now() - startMs) / 1000)).toLocaleString("en");
}

async function readRate(journal: FileJournal, entriesMax: number): Promise<string> {
  const startMs = performance.now();
  let count = 0;
  for (let next = 1; count < entriesMax; ) {
    const batch = await journal.read(next, { entriesMax: 2_000, bytesMax: 1024 * 1024 });
    if (batch.entries.length === 0) break;
    count += batch.entries.length;
    next = batch.nextOffset;
  }
  return perSecond(count, startMs);
}

const directory = await mkdtemp(path.join(values.folder, "nadi-journal-bench-"));
try {
  const options = { directory, journalBytesMax: 16 * 2 ** 30 };
  const journal = await openFileJournal(options);
  for (const inFlight of [1, 32, 256, 2_000]) {
    const startMs = performance.now();
    const endMs = startMs + Number(values.seconds) * 1000;
    const before = journal.stats();
    const cpu = process.cpuUsage();
    const count = await flood(journal, inFlight, () => performance.now() >= endMs);
    const used = process.cpuUsage(cpu);
    const groups = journal.stats().groupsSynced - before.groupsSynced;
    const cpuMicros = ((used.user + used.system) / count).toFixed(2);
    const line = `${inFlight} in flight: ${perSecond(count, startMs)} appends/s`;
    console.log(`${line}, ${(count / groups).toFixed(0)} a group, ${cpuMicros} µs CPU each`);
  }
  const wanted = Number(values.entries);
  const missing = Math.max(0, wanted - journal.syncedOffset);
  if (missing > 0) await flood(journal, 2_000, (count) => count >= missing);
  const { bytesOnDisk, segments } = journal.stats();
  await journal.close();
  const startMs = performance.now();
  const again = await openFileJournal(options);
  const openMs = Math.round(performance.now() - startMs);
  console.log(`open with ${again.syncedOffset} entries: ${openMs} ms`);
  console.log(`on disk: ${segments} segments, ${Math.round(bytesOnDisk / 2 ** 20)} MiB`);
  console.log(`read from the files: ${await readRate(again, 3_000_000)} entries/s`);
  await again.close();
  console.log(`peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
