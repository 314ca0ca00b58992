import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { partitionOf } from "../../../../broker/index.ts";
import type { InfluxConfig } from "../../../../ingest/store/influx/influx-config.ts";
import { openInfluxHistory } from "../../../../ingest/store/influx/influx-history.ts";
import { openInfluxStore } from "../../../../ingest/store/influx/influx-store.ts";
import {
  readStates,
  rolledBefore,
  stateLine,
} from "../../../../ingest/store/influx/rolled-state.ts";
import type { TelemetryStore } from "../../../../ingest/store/store.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { celsius, readingAt, startMs } from "../readings.ts";
import { keepAll, openInflux } from "./open-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

const partitions = 2;
const kitchens = ["a", "b", "c", "d", "e", "f"].map((name) => `sppg-part-${name}`);
const [behind = "", ahead = ""] = [0, 1].map((partition) =>
  kitchens.find((sppgId) => partitionOf(sppgId, partitions) === partition),
);
const minutes = 90;
const stepMs = 10_000;

function openPart(t: TestContext, influx: InfluxConfig, partition: number): TelemetryStore {
  const ownsKitchen = (sppgId: string): boolean => partitionOf(sppgId, partitions) === partition;
  const store = openInfluxStore({ influx, part: { partition, partitions, ownsKitchen } });
  t.onTestFinished(() => store.close());
  return store;
}

/** A reading each ten seconds, as they come in: in parts of ten minutes. */
async function writeMinutes(
  store: TelemetryStore,
  sppgId: string,
  [from, until]: [number, number],
): Promise<number> {
  let duplicates = 0;
  for (let first = from; first < until; first += 10) {
    const count = (Math.min(10, until - first) * 60_000) / stepMs;
    const readings = Array.from({ length: count }, (_, at) =>
      readingAt(startMs + first * 60_000 + at * stepMs, { sppgId, fields: { celsius: at } }),
    );
    duplicates += (await store.write(readings)).duplicates;
  }
  return duplicates;
}

test("each part sums up its own kitchens, and whoever takes one over goes on from its limit", async (t) => {
  const { influx } = await openInflux(t, server);
  const countsOf = async (sppgId: string): Promise<number[]> => {
    // Another one each time: a limit is remembered for a while.
    const history = openInfluxHistory({ influx, keep: keepAll });
    const range = { fromMs: startMs, toMs: startMs + minutes * 60_000, pointsMax: minutes };
    const { buckets } = await history.buckets({ ...celsius, sppgId, ...range });
    await history.close();
    return buckets.map(({ count }) => count);
  };
  const each = (count: number): number[] => Array.from({ length: count }, () => 6);
  const first = openPart(t, influx, 0);
  await writeMinutes(first, behind, [0, 40]);
  await writeMinutes(openPart(t, influx, 1), ahead, [0, minutes]);
  // By the limit of the other part the newest minutes of this one would be complete, and are not.
  expect(await countsOf(behind)).toEqual(each(40));
  expect(await countsOf(ahead)).toEqual(each(minutes));

  // Killed: what it had written last comes again.
  const second = openPart(t, influx, 0);
  expect(await writeMinutes(second, behind, [30, minutes])).toBe(60);
  await second.sync();
  expect(await countsOf(behind)).toEqual(each(minutes));
  expect(await countsOf(ahead)).toEqual(each(minutes));
  const answer = JSON.stringify(
    await server.query(`SELECT count(celsius_count) FROM "minute"."temperature"`, influx.bucket),
  );
  // All but what is read raw, of each kitchen once.
  expect(Number(/,(\d+)\]\]/.exec(answer)?.[1])).toBe(2 * (minutes - 1));
});

test("the limit of a part is its own, of a store for all the last of all parts", () => {
  const states = readStates([
    { tags: { part: "" }, values: [[0, 100]] },
    { tags: { part: "0of2" }, values: [[0, 500]] },
    { tags: { part: "1of2" }, values: [[0, 300]] },
    { tags: { part: "1of4" }, values: [[0, 50]] },
  ]);
  const ofTwo = (partition: number) => (part: { partition: number; partitions: number }) =>
    part.partition === partition && part.partitions === 2;
  expect(rolledBefore(states, ofTwo(0))).toBe(500);
  expect(rolledBefore(states, ofTwo(1))).toBe(300);
  // Before its first write: as one store for all has left it.
  expect(rolledBefore(states, ofTwo(2))).toBe(100);
  expect(rolledBefore(states, () => true)).toBe(100);
  expect(rolledBefore([], () => true)).toBeNull();
  const [line] = [stateLine({ part: { partition: 1, partitions: 2 }, rolledMs: 300 })];
  expect(line).toBe("nadi_state,part=1of2 rolledMs=300i 0");
});
