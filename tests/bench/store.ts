// What the SQLite store alone can do: `node tests/bench/store.ts [--rows 1000000] [--folder …]`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { JournaledReading } from "../../ingest/decode/decoded.ts";
import { openSqliteHistory } from "../../ingest/store/sqlite-history.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { parseWords } from "../support/words.ts";

const { values } = parseWords({
  options: {
    rows: { type: "string", default: "1200000" },
    folder: { type: "string", default: tmpdir() },
    rate: { type: "string", default: "10000" },
    days: { type: "string", default: "30" },
  },
});

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 10, 1);

interface Source {
  seriesKey: string;
  sppgId: string;
  deviceId: string;
}

function sources(count: number): Source[] {
  return Array.from({ length: count }, (_, number) => {
    const sppgId = `sppg-${String(Math.floor(number / 10)).padStart(5, "0")}`;
    const deviceId = `probe-${number % 10}`;
    return { sppgId, deviceId, seriesKey: `${sppgId}/${deviceId}/0/temperature` };
  });
}

function reading(source: Source, timeMs: number, seq: number): JournaledReading {
  return {
    ...source,
    channel: "0",
    reading: "temperature",
    eventTimeMs: timeMs,
    originalTimeMs: timeMs,
    seq,
    receivedTimeMs: timeMs + 50,
    offset: seq,
    index: 0,
    fields: { celsius: 4 + (seq % 700) / 10 },
    flags: 0,
    batteryPct: null,
  };
}

async function inFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(values.folder, "nadi-store-bench-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Readings in random order of their sources, at a rate of event time, whatever their number. */
async function measureWrites(seriesCount: number, batch: number): Promise<void> {
  await inFolder(async (directory) => {
    const store = openSqliteStore({ directory });
    const all = sources(seriesCount);
    const random = seededRandom(1);
    const rows = Number(values.rows);
    let at = 0;
    const next = (source: Source): JournaledReading => {
      const timeMs = startMs + Math.floor((at * 1000) / Number(values.rate));
      at += 1;
      return reading(source, timeMs, at);
    };
    // A series costs once a day: that is counted apart.
    const first = process.threadCpuUsage();
    for (let from = 0; from < seriesCount; from += 10_000) {
      await store.write(all.slice(from, from + 10_000).map(next));
    }
    const firstUs = used(first) / seriesCount;
    let busyMs = 0;
    let written = 0;
    let cpu = 0;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    while (written < rows) {
      const readings = Array.from({ length: batch }, () => {
        return next(all[Math.floor(random() * seriesCount)] ?? all[0] ?? failed());
      });
      const before = process.threadCpuUsage();
      const beforeMs = performance.now();
      delay.enable();
      await store.write(readings);
      delay.disable();
      busyMs += performance.now() - beforeMs;
      cpu += used(before);
      written += batch;
    }
    const syncStartMs = performance.now();
    await store.sync();
    const syncMs = performance.now() - syncStartMs;
    const facts = [
      `${thousands(written / busyMs)} rows/s`,
      `${(cpu / written).toFixed(2)} µs CPU each`,
      `p99 turn ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
      `first reading of a series ${firstUs.toFixed(1)} µs`,
      `sync ${syncMs.toFixed(1)} ms`,
    ];
    console.log(`${seriesCount} series, batches of ${batch}: ${facts.join(", ")}`);
    await store.close();
  });
}

interface ChartCase {
  source: Source;
  endMs: number;
  what: string;
}

async function measureChart(): Promise<void> {
  await inFolder(async (directory) => {
    const store = openSqliteStore({ directory });
    const days = Number(values.days);
    const all = sources(1);
    const source = all[0] ?? failed();
    for (let second = 0; second < days * 86_400; second += 10_000) {
      const size = Math.min(10_000, days * 86_400 - second);
      await store.write(
        Array.from({ length: size }, (_, at) =>
          reading(source, startMs + (second + at) * 1000, second + at),
        ),
      );
    }
    const endMs = startMs + days * dayMs;
    await chart(directory, { source, endMs, what: "nothing copied" });
    const maintainMs = performance.now();
    await store.maintain(endMs);
    console.log(`maintain: ${(performance.now() - maintainMs).toFixed(0)} ms`);
    await chart(directory, { source, endMs, what: "older days copied" });
    await store.close();
  });
}

async function chart(directory: string, { source, endMs, what }: ChartCase): Promise<void> {
  const history = openSqliteHistory({ directory });
  const { sppgId, deviceId } = source;
  const series = { sppgId, deviceId, channel: "0", reading: "temperature", field: "celsius" };
  const time = async (name: string, work: () => Promise<unknown[]>): Promise<void> => {
    const times: number[] = [];
    let count = 0;
    for (let round = 0; round < 6; round += 1) {
      const beforeMs = performance.now();
      count = (await work()).length;
      times.push(performance.now() - beforeMs);
    }
    const [cold = 0, ...warm] = times;
    const best = warm.toSorted((a, b) => a - b)[2] ?? 0;
    console.log(
      `${what}, ${name}: ${count} in ${cold.toFixed(1)} ms cold, ${best.toFixed(1)} warm`,
    );
  };
  const points = async (spanMs: number, shiftMs = 0): Promise<unknown[]> => {
    const range = { fromMs: endMs - spanMs + shiftMs, toMs: endMs - shiftMs };
    return (await history.buckets({ ...series, ...range, pointsMax: 1_000 })).buckets;
  };
  const days = Number(values.days);
  await time(`${days} days`, () => points(days * dayMs));
  await time(`${days} days, edges cut`, () => points(days * dayMs, 1_234));
  await time("10 days", () => points(10 * dayMs));
  await time("1 day", () => points(dayMs));
  await time("8 hours", () => points(8 * 3_600_000));
  await time("raw page", () =>
    history.raw({ ...series, fromMs: startMs, toMs: endMs, rowsMax: 10_000 }),
  );
  await time("latest", () => history.latest(sppgId));
  await history.close();
}

/** Of this thread: checkpoints have their own. */
function used(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

function thousands(perMs: number): string {
  return Math.round(perMs * 1000).toLocaleString("en");
}

function failed(): never {
  throw new Error("There is no source.");
}

for (const seriesCount of [10, 200, 3_000, 300_000]) {
  for (const batch of [1_000, 10_000]) await measureWrites(seriesCount, batch);
}
await measureChart();
console.log(`peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
