import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openInfluxHistory } from "../../../../ingest/store/influx/influx-history.ts";
import { planParts } from "../../../../ingest/store/influx/read-buckets.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { celsius, dayMs, readingAt, startMs } from "../readings.ts";
import { openInflux } from "./open-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

const hourMs = 3_600_000;
const widths = { raw: 1, minute: 60_000, hour: hourMs } as const;
const ms = fc.integer({ min: 0, max: 3 * hourMs });

test("a plan covers its range once, in order, with no sum before it is complete", () => {
  const plan = fc.record({
    edges: fc.tuple(ms, ms),
    resolution: fc.constantFrom("raw", "minute", "hour"),
    rolledMs: ms.map((at) => at - (at % 60_000)),
    rawFromMs: fc.oneof(fc.constant(0), ms).map((at) => Math.ceil(at / 60_000) * 60_000),
    minutesFromMs: fc.constantFrom(0, 0, hourMs, 2 * hourMs),
  });
  fc.assert(
    fc.property(plan, ({ edges: [a, b], ...limits }) => {
      const range = { fromMs: Math.min(a, b), toMs: Math.max(a, b) + 1 };
      // Minutes outlive raw rows.
      const minutesFromMs = Math.min(
        limits.minutesFromMs,
        Math.floor(limits.rawFromMs / hourMs) * hourMs,
      );
      const parts = planParts(range, { ...limits, minutesFromMs });
      const [first, last] = [parts[0], parts.at(-1)];
      for (const [at, part] of parts.entries()) {
        expect(part.fromMs).toBeLessThan(part.toMs);
        expect(part.fromMs).toBe(parts[at - 1]?.toMs ?? part.fromMs);
        expect(part.fromMs % widths[part.level]).toBe(0);
        expect(part.toMs % widths[part.level]).toBe(0);
        expect(part.level === "raw" || part.toMs <= limits.rolledMs).toBe(true);
      }
      // Where raw rows are gone the edges are those of their minutes, then of their hours.
      const slackMs = minutesFromMs > 0 ? hourMs : limits.rawFromMs > 0 ? 60_000 : 0;
      expect(range.fromMs - (first?.fromMs ?? 0)).toBeGreaterThanOrEqual(0);
      expect(range.fromMs - (first?.fromMs ?? 0)).toBeLessThanOrEqual(slackMs);
      expect((last?.toMs ?? 0) - range.toMs).toBeGreaterThanOrEqual(0);
      expect((last?.toMs ?? 0) - range.toMs).toBeLessThanOrEqual(slackMs);
    }),
    { numRuns: 5_000 },
  );
});

test("edges are cut exactly while raw is kept; later their minutes count, then their hours", async (t) => {
  const { influx, store } = await openInflux(t, server);
  const seconds = Array.from({ length: 7_200 }, (_, second) =>
    readingAt(startMs + second * 1000, { fields: { celsius: second } }),
  );
  await store.write(seconds);
  // What comes a day later is behind the end of all of these windows.
  await store.write([readingAt(startMs + dayMs)]);
  const keep = { rawDays: 10, minuteDays: 20, hourDays: 30 };
  const range = { fromMs: startMs + 90_000, toMs: startMs + hourMs + 30_000, pointsMax: 1 };
  const counted = async (days: number): Promise<unknown[]> => {
    const nowMs = (): number => startMs + days * dayMs;
    const history = openInfluxHistory({ influx, keep, nowMs });
    t.onTestFinished(() => history.close());
    const { buckets } = await history.buckets({ ...celsius, ...range });
    return buckets.map(({ count, min, max, last }) => [count, min, max, last]);
  };
  expect(await counted(5)).toEqual([[3_540, 90, 3_629, 3_629]]);
  expect(await counted(15)).toEqual([[3_600, 60, 3_659, 3_659]]);
  expect(await counted(25)).toEqual([[7_200, 0, 7_199, 7_199]]);
});
