// `node tests/bench/influx.ts [--seconds 20]`: readings into a real InfluxDB 1.x through the
// adapter, and a chart of 30 days of one probe out of it. It needs `influxd`.
import type { JournaledReading } from "../../ingest/decode/decoded.ts";
import type { InfluxConfig } from "../../ingest/store/influx/influx-config.ts";
import { openInfluxHistory } from "../../ingest/store/influx/influx-history.ts";
import { openInfluxStore } from "../../ingest/store/influx/influx-store.ts";
import { initInfluxStore } from "../../ingest/store/influx/setup.ts";
import type { BucketQuery, TelemetryStore } from "../../ingest/store/store.ts";
import { type InfluxServer, startInfluxServer } from "../support/influx-server.ts";
import { parseWords } from "../support/words.ts";

const keep = { rawDays: 36_000, minuteDays: 36_000, hourDays: 36_000 };
const dayMs = 86_400_000;
const batchReadings = 10_000;
const startMs = Date.UTC(2026, 10, 1);

interface Batch {
  /** Number of series; each gets one reading a second of event time. */
  series: number;
  /** Seconds of event time since the start. */
  second: number;
  readings: number;
}

let lastOffset = 0;

function toReadings({ series, second, readings }: Batch): JournaledReading[] {
  return Array.from({ length: readings }, (_, at) => {
    lastOffset += 1;
    const number = at % series;
    const eventTimeMs = startMs + (second + Math.floor(at / series)) * 1000;
    const sppgId = `sppg-bench-${String(Math.floor(number / 10)).padStart(5, "0")}`;
    const deviceId = `probe-${number % 10}`;
    return {
      sppgId,
      deviceId,
      channel: "0",
      reading: "temperature",
      seriesKey: `${sppgId}/${deviceId}/0/temperature`,
      eventTimeMs,
      originalTimeMs: eventTimeMs,
      seq: null,
      receivedTimeMs: eventTimeMs,
      offset: lastOffset,
      index: 0,
      fields: { celsius: Math.round(40 * Math.sin(at / 1000) * 100) / 100 },
      flags: 0,
      batteryPct: null,
    };
  });
}

interface Rate {
  perSecond: number;
  /** Of this process, making the readings included; InfluxDB's own is not. */
  cpuMicrosEach: number;
}

/** Writes batch after batch for so long, as the recorder in a catch-up would. */
async function measureWrites(influx: InfluxConfig, series: number, ms: number): Promise<Rate> {
  const store = openInfluxStore({ influx });
  await store.write(toReadings({ series, second: 0, readings: series }));
  let second = 1;
  let stored = 0;
  const cpu = process.cpuUsage();
  const fromMs = performance.now();
  while (performance.now() - fromMs < ms) {
    const batch = toReadings({ series, second, readings: Math.max(series, batchReadings) });
    second += Math.ceil(batch.length / series);
    stored += (await store.write(batch)).stored;
  }
  const tookMs = performance.now() - fromMs;
  const { user, system } = process.cpuUsage(cpu);
  await store.close();
  return { perSecond: (stored / tookMs) * 1000, cpuMicrosEach: (user + system) / stored };
}

/** A probe's month, as a late catch-up would write it: each batch with its sums. */
async function fillMonth(store: TelemetryStore): Promise<void> {
  const seconds = (30 * dayMs) / 1000;
  for (let second = 0; second < seconds; second += batchReadings) {
    const readings = Math.min(batchReadings, seconds - second);
    await store.write(toReadings({ series: 1, second, readings }));
  }
}

async function measureCharts(influx: InfluxConfig): Promise<string[]> {
  const store = openInfluxStore({ influx });
  const fromMs = performance.now();
  await fillMonth(store);
  const fillMs = performance.now() - fromMs;
  await store.close();
  const history = openInfluxHistory({ influx, keep });
  const month = { fromMs: startMs, toMs: startMs + 30 * dayMs };
  const series = {
    sppgId: "sppg-bench-00000",
    deviceId: "probe-0",
    channel: "0",
    reading: "temperature",
    field: "celsius",
  };
  const queries: [string, BucketQuery][] = [
    ["30 days, 1,000 points (hours)", { ...series, ...month, pointsMax: 1_000 }],
    ["30 days, 2,000 points (minutes)", { ...series, ...month, pointsMax: 2_000 }],
    [
      "a day, 1,000 points (minutes)",
      { ...series, fromMs: month.toMs - dayMs, toMs: month.toMs, pointsMax: 1_000 },
    ],
    [
      "3 hours, 1,000 points (raw)",
      { ...series, fromMs: month.toMs - dayMs / 8, toMs: month.toMs, pointsMax: 1_000 },
    ],
  ];
  const lines = [`30 days at 1 Hz written with their sums in ${Math.round(fillMs / 1000)} s`];
  for (const [name, query] of queries) {
    const times: number[] = [];
    let buckets = 0;
    for (let run = 0; run < 21; run += 1) {
      const atMs = performance.now();
      buckets = (await history.buckets(query)).buckets.length;
      times.push(performance.now() - atMs);
    }
    const median = times.toSorted((a, b) => a - b)[10] ?? 0;
    lines.push(`${name}: ${median.toFixed(1)} ms median of 21, ${buckets} buckets`);
  }
  await history.close();
  return lines;
}

async function newDatabase(server: InfluxServer): Promise<InfluxConfig> {
  const influx = server.config();
  await initInfluxStore(influx, keep);
  return influx;
}

async function main(): Promise<void> {
  const { values } = parseWords({ options: { seconds: { type: "string", default: "20" } } });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const server = await startInfluxServer();
  try {
    for (const series of [10, 1_000, 30_000]) {
      const influx = await newDatabase(server);
      const rate = await measureWrites(influx, series, Number(values.seconds) * 1000);
      const each = `${rate.cpuMicrosEach.toFixed(1)} µs CPU each`;
      say(`${series} series: ${Math.round(rate.perSecond)} readings/s, ${each}`);
    }
    for (const line of await measureCharts(await newDatabase(server))) say(line);
  } finally {
    await server.stop();
  }
}

if (import.meta.main) await main();
