import { afterAll, beforeAll, expect, test } from "vitest";
import { startHistory } from "../../../../ingest/store/history-thread.ts";
import { startFaultyInflux } from "../../../support/faulty-influx.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { coldRule } from "../../desk/factories.ts";
import { celsius, readingAt, startMs } from "../readings.ts";
import { keepAll, openInflux } from "./open-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

test("a query that InfluxDB does not answer holds up no other, and ends with the thread", async (t) => {
  const { influx, store } = await openInflux(t, server);
  await store.write([readingAt(startMs)]);
  const proxy = await startFaultyInflux(t, server.url);
  const keep = { influx: { ...influx, url: proxy.url }, keep: keepAll };
  const history = await startHistory({ directory: "", influx: keep });
  t.onTestFinished(() => history.close());
  const range = { fromMs: startMs, toMs: startMs + 60_000 };

  // Where sums are complete is asked first, and of the hours alone.
  proxy.always(`/query?db=${influx.bucket}&rp=hour`, { kind: "hang", kept: false });
  const hanging = history.buckets({ ...celsius, ...range, pointsMax: 1 });
  const ended = Promise.allSettled([hanging]);
  const rows = await history.raw({ ...celsius, ...range, rowsMax: 5 });
  expect(rows).toMatchObject([{ t: startMs, value: 4 }]);
  expect(history.stats()).toEqual({ waitingCalls: 1, restarts: 0 });
  await history.close();
  const code: unknown = expect.stringMatching(/^INGEST_STORE_/);
  expect(await ended).toMatchObject([{ status: "rejected", reason: { code } }]);
});

test("previews over InfluxDB read one after the other: each holds a day of readings", async (t) => {
  const { influx } = await openInflux(t, server);
  const proxy = await startFaultyInflux(t, server.url);
  const keep = { influx: { ...influx, url: proxy.url }, keep: keepAll };
  const history = await startHistory({ directory: "", influx: keep });
  t.onTestFinished(() => history.close());
  const kitchens = ["sppg-jakarta-001", "sppg-bandung-002", "sppg-ambon-003"];
  const probe = { deviceId: "probe-1", kind: "temperature-probe", place: "coldStore" } as const;
  const facts = { gatewayId: null, enabled: true, expectedIntervalSeconds: 60, createdAtMs: 0 };
  const ask = (sppgId: string) =>
    history.preview({
      sppgId,
      rule: coldRule,
      rules: [],
      devices: [{ sppgId, ...probe, ...facts }],
      fromMs: startMs,
      toMs: startMs + 3_600_000,
    });
  await Promise.all(kitchens.map(ask));
  const asked = proxy.seen.flatMap((path) =>
    kitchens.filter((sppgId) => decodeURIComponent(path).includes(sppgId)),
  );
  const turns = asked.filter((sppgId, at) => sppgId !== asked[at - 1]);
  expect(asked.length).toBeGreaterThan(2 * kitchens.length);
  expect(turns).toEqual(kitchens);
});
