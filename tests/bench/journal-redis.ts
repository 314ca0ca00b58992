// The journal on Redis beside segment files, on the same disk in one run:
// `node tests/bench/journal-redis.ts [--server valkey] [--seconds 4] [--rounds 3] [--folder …]`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import type { Journal } from "../../broker/journal/journal.ts";
import { openRedisJournal } from "../../broker/journal/redis/open-redis-journal.ts";
import type { PartitionedJournal } from "../../broker/journal/redis/partitioned-journal.ts";
import { startRedis } from "../support/redis.ts";
import { valkeyProgram } from "../support/valkey.ts";
import { parseWords } from "../support/words.ts";

const { values } = parseWords({
  options: {
    folder: { type: "string", default: tmpdir() },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    /** `valkey`: the one with WAITAOF. */
    server: { type: "string", default: "redis" },
  },
});

const kitchens = 64;
const entries = Array.from({ length: kitchens }, (_, index) => {
  const sppgId = `sppg-kota-${String(index).padStart(3, "0")}`;
  return {
    kind: "publish",
    principal: `${sppgId}.probe-0001`,
    topicName: `sppg/${sppgId}/telemetry/probe-0001/temperature`,
    payload: Buffer.from('{"ts":1795300000000,"celsius":73.2}'),
    qos: 1,
  } as const;
});

/** Keeps so many appends under way for the time; resolves to how many were durable a second. */
function flood(journal: Pick<Journal, "append">, inFlight: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const endMs = startMs + Number(values.seconds) * 1000;
    let count = 0;
    let underWay = inFlight;
    const append = (index: number): void => {
      const entry = entries[index % kitchens];
      if (entry === undefined) return;
      journal.append(entry, (error) => {
        if (error !== null) return reject(error);
        count++;
        if (performance.now() < endMs) return append(index);
        if (--underWay === 0) resolve(count / ((performance.now() - startMs) / 1000));
      });
    };
    for (let index = 0; index < inFlight; index++) append(index);
  });
}

interface Measured {
  perSecond: number;
  cpuMicros: number;
}

async function measure(journal: Pick<Journal, "append">, inFlight: number): Promise<Measured> {
  const cpu = process.cpuUsage();
  const perSecond = await flood(journal, inFlight);
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond, cpuMicros: (user + system) / (perSecond * Number(values.seconds)) };
}

function describe(measured: readonly Measured[]): string {
  const sorted = measured.toSorted((a, b) => a.perSecond - b.perSecond);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) return "nothing";
  const all = sorted.map(({ perSecond }) => Math.round(perSecond).toLocaleString("en"));
  return `${all.join(" · ")} appends/s, ${median.cpuMicros.toFixed(2)} µs CPU here each`;
}

/** Reads and trims all of it, as an owner does. */
async function drain(journal: PartitionedJournal): Promise<string> {
  const startMs = performance.now();
  let count = 0;
  for (let partition = 0; partition < journal.partitions; partition++) {
    const view = await journal.partition(partition);
    for (let next = view.firstOffset; next <= view.syncedOffset; ) {
      const batch = await view.read(next, { entriesMax: 2_000, bytesMax: 1024 * 1024 });
      count += batch.entries.length;
      next = batch.nextOffset;
      await view.commitCursor("bench", next);
    }
    await view.close();
  }
  const perSecond = Math.round(count / ((performance.now() - startMs) / 1000));
  return `read and trimmed: ${count.toLocaleString("en")}, ${perSecond.toLocaleString("en")}/s`;
}

const quiet = { info: () => undefined, warn: console.warn, error: console.error };
const cleanUps: (() => void | Promise<void>)[] = [];
try {
  const scope = { onTestFinished: (cleanUp: () => void | Promise<void>) => cleanUps.push(cleanUp) };
  const directory = await mkdtemp(path.join(values.folder, "nadi-journal-bench-"));
  cleanUps.push(() => rm(directory, { recursive: true, force: true }));
  const args = ["--appendonly", "yes", "--appendfsync", "always", "--dir", directory];
  const program = values.server === "valkey" ? valkeyProgram() : "redis-server";
  const redis = await startRedis(scope, { program, args });
  const files = await openFileJournal({ directory: path.join(directory, "journal") });
  cleanUps.push(() => files.close());
  const streams = await openRedisJournal({ url: redis.url, partitions: 16, log: quiet });
  cleanUps.push(() => streams.close());
  console.log(`${program}: ${streams.durability.detail}`);
  for (const inFlight of [32, 256, 2_000, 8_000]) {
    const onFiles: Measured[] = [];
    const onRedis: Measured[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      onFiles.push(await measure(files, inFlight));
      const before = streams.stats();
      onRedis.push(await measure(streams.appender, inFlight));
      const after = streams.stats();
      const rounds = after.roundsAppended - before.roundsAppended;
      const roundMs = (after.appendMsTotal - before.appendMsTotal) / rounds;
      console.log(`  ${inFlight} in flight on redis: ${roundMs.toFixed(2)} ms a round`);
    }
    console.log(`${inFlight} in flight, files: ${describe(onFiles)}`);
    console.log(`${inFlight} in flight, redis: ${describe(onRedis)}`);
  }
  const used = (await redis.cli("info", "memory")).match(/used_memory:(\d+)/)?.[1] ?? "0";
  const stored = streams.stats().entriesAppended;
  console.log(`memory of redis: ${(Number(used) / stored).toFixed(0)} bytes an entry`);
  console.log(await drain(streams));
} finally {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
}
