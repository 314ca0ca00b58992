import { setTimeout as delay } from "node:timers/promises";
import type { JournaledReading } from "../../ingest/index.ts";
import { readingsDirectory } from "../../ingest/readings-directory.ts";
import { openSqliteStore } from "../../ingest/store/sqlite-store.ts";
import { tempFolder } from "../support/nadi-process.ts";
import { startPathNadi, untilStored } from "./path-nadi.ts";
import { quantileOf } from "./path-rounds.ts";
import { benchKitchen, provisionKitchens } from "./provision.ts";
import { inScope } from "./started.ts";

export interface ChartPlan {
  days: number;
  queries: number;
}

export interface ChartResult {
  days: number;
  readings: number;
  buckets: number;
  /** In the answer; less where the oldest day has gone. */
  counted: number;
  firstMs: number;
  p50Ms: number;
  worstMs: number;
  fillPerSecond: number;
}

const dayMs = 86_400_000;
const pointsMax = 1_000;
const ids = { sppgId: benchKitchen(0), deviceId: "probe-0" } as const;
const batch = 10_000;
/** The queries of one screen do not come without a pause. */
const pauseMs = 50;

interface Answer {
  buckets: readonly { count: number }[];
}

/** One probe at 1 Hz, looked at over HTTP in a `nadi serve` that has started on its history. */
export function benchChart(
  plan: ChartPlan,
  progress: (text: string) => void,
): Promise<ChartResult> {
  return inScope(async (scope) => {
    progress(`path, chart: storing ${plan.days} days`);
    const dataDir = tempFolder(scope);
    const size = { kitchens: 1, devicesPerKitchen: 1, place: "hotHolding" } as const;
    const { devices, operator } = await provisionKitchens(dataDir, size);
    const toMs = Math.floor(Date.now() / 1000) * 1000;
    const fromMs = toMs - plan.days * dayMs;
    const fillPerSecond = await fill(readingsDirectory(dataDir), { fromMs, toMs });
    progress("path, chart: nadi");
    const nadi = await startPathNadi(scope, { dataDir, operator });
    const query = `device=${ids.deviceId}&reading=temperature&points=${pointsMax}`;
    const path = `/api/kitchens/${ids.sppgId}/readings?${query}&from=${fromMs}&to=${toMs}`;
    const ask = async (): Promise<{ ms: number; answer: Answer }> => {
      const startMs = performance.now();
      const answer = await nadi.api.get<Answer>(path);
      return { ms: performance.now() - startMs, answer };
    };
    const first = await ask();
    const [device] = devices;
    // A start has work of its own, which is not the query's.
    if (device !== undefined) await untilStored(nadi, device);
    const times: number[] = [];
    for (let query = 0; query < plan.queries; query += 1) {
      await delay(pauseMs);
      times.push((await ask()).ms);
    }
    const { buckets } = first.answer;
    return {
      days: plan.days,
      readings: (toMs - fromMs) / 1000,
      buckets: buckets.length,
      counted: buckets.reduce((sum, { count }) => sum + count, 0),
      firstMs: first.ms,
      p50Ms: quantileOf(times, 0.5),
      worstMs: Math.max(...times),
      fillPerSecond,
    };
  });
}

/** As the recorder would have done it in that time; answers readings a second. */
async function fill(directory: string, range: { fromMs: number; toMs: number }): Promise<number> {
  const store = openSqliteStore({ directory });
  const startMs = performance.now();
  let readings: JournaledReading[] = [];
  let count = 0;
  for (let timeMs = range.fromMs; timeMs < range.toMs; timeMs += 1000) {
    readings.push(readingAt(timeMs, count));
    count += 1;
    if (readings.length < batch) continue;
    await store.write(readings);
    readings = [];
  }
  await store.write(readings);
  await store.maintain(range.toMs);
  await store.close();
  return (count * 1000) / (performance.now() - startMs);
}

function readingAt(timeMs: number, offset: number): JournaledReading {
  return {
    ...ids,
    channel: "0",
    reading: "temperature",
    seriesKey: `${ids.sppgId}/${ids.deviceId}/0/temperature`,
    eventTimeMs: timeMs,
    originalTimeMs: timeMs,
    seq: null,
    receivedTimeMs: timeMs,
    offset,
    index: 0,
    fields: { celsius: 65 + 5 * Math.sin(timeMs / 3_600_000) },
    flags: 0,
    batteryPct: null,
  };
}
