import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import type { InfluxLimits } from "../../../../ingest/store/influx/influx-config.ts";
import { readingsOfMsMax } from "../../../../ingest/store/influx/batch-lines.ts";
import { initInfluxStore } from "../../../../ingest/store/influx/setup.ts";
import {
  type FaultyInflux,
  type InfluxFault,
  startFaultyInflux,
} from "../../../support/faulty-influx.ts";
import { type InfluxServer, startInfluxServer } from "../../../support/influx-server.ts";
import { celsius, readingAt, startMs, suspectAt } from "../readings.ts";
import { keepAll, openInflux, type OpenedInflux } from "./open-influx.ts";

let server: InfluxServer;
beforeAll(async () => {
  server = await startInfluxServer();
});
afterAll(() => server.stop());

interface Faulty extends OpenedInflux {
  proxy: FaultyInflux;
  /** Raw rows, read past the proxy. */
  values(): Promise<number[]>;
}

async function openFaulty(t: TestContext, limits: Partial<InfluxLimits> = {}): Promise<Faulty> {
  const proxy = await startFaultyInflux(t, server.url);
  const straight = server.config();
  await initInfluxStore(straight, keepAll);
  const opened = await openInflux(t, server, { influx: { ...straight, url: proxy.url }, limits });
  const { history } = await openInflux(t, server, { influx: straight });
  return {
    ...opened,
    proxy,
    async values() {
      const range = { fromMs: startMs, toMs: startMs + 86_400_000, rowsMax: 10_000 };
      return (await history.raw({ ...celsius, ...range })).map(({ value }) => value);
    },
  };
}

const away = { code: "INGEST_STORE_UNAVAILABLE", retryable: true };
const three = [4, 5, 6].map((value, at) => readingAt(startMs + at, { fields: { celsius: value } }));
const four = { stored: 3, duplicates: 0, collisions: 0, rejected: [] };

const faults: readonly [what: string, fault: InfluxFault][] = [
  ["a 500", { kind: "answer", status: 500, body: '{"error":"timeout"}' }],
  ["a 503 with HTML", { kind: "answer", status: 503, body: "<html>" }],
  ["a 401", { kind: "answer", status: 401, body: '{"error":"authorization failed"}' }],
  ["a 404", { kind: "answer", status: 404, body: '{"error":"database not found"}' }],
  ["a friendly 200 of somebody else", { kind: "answer", status: 200, body: "<html>Welcome" }],
  [
    "a limit that its operator raises",
    {
      kind: "answer",
      status: 400,
      body: '{"error":"partial write: max-series-per-database limit exceeded: (1) dropped=1"}',
    },
  ],
  ["no answer, nothing kept", { kind: "hang", kept: false }],
  ["no answer, but all kept", { kind: "hang", kept: true }],
  ["a 204 after the deadline", { kind: "late", ms: 900 }],
  ["an answer that breaks off, nothing kept", { kind: "broken", kept: false }],
  ["an answer that breaks off, but all kept", { kind: "broken", kept: true }],
];

test.for(faults)(
  "%s: nothing counts as stored, and a repeat stores each once",
  async ([, fault], t) => {
    const { store, proxy, values } = await openFaulty(t, { writeMsMax: 400 });
    await store.write([readingAt(startMs - 1)]);
    proxy.next("/write", fault);
    await expect(store.write(three)).rejects.toMatchObject(away);
    expect(await store.write(three)).toEqual(four);
    expect(await store.write(three)).toMatchObject({ stored: 0, duplicates: 3, collisions: 0 });
    expect(await values()).toEqual([4, 5, 6]);
  },
);

test("a 204 that comes twice is one, and the next write has a connection that works", async (t) => {
  const { store, proxy, values } = await openFaulty(t);
  await store.write([readingAt(startMs - 1)]);
  proxy.next("/write", { kind: "twice" });
  expect(await store.write(three)).toEqual(four);
  const next = readingAt(startMs + 3, { fields: { celsius: 7 } });
  await expect
    .poll(() => store.write([next]).then(({ stored, duplicates }) => stored + duplicates))
    .toBe(1);
  expect(await values()).toEqual([4, 5, 6, 7]);
});

test("Retry-After is waited for before the next request, and no longer than its limit", async (t) => {
  const { store, proxy, values } = await openFaulty(t, { retryAfterMsMax: 1_000 });
  await store.write([readingAt(startMs - 1)]);
  proxy.next("/write", { kind: "answer", status: 429, headers: { "retry-after": "3600" } });
  await expect(store.write(three)).rejects.toMatchObject(away);
  const before = proxy.requests("/");
  const fromMs = performance.now();
  const written = store.write(three);
  await store.maintain(0);
  expect(proxy.requests("/")).toBe(before);
  expect(await written).toEqual(four);
  expect(performance.now() - fromMs).toBeGreaterThan(900);
  expect(await values()).toEqual([4, 5, 6]);
});

test("a wait that InfluxDB asked for ends with the store", async (t) => {
  const { store, proxy } = await openFaulty(t);
  await store.write([readingAt(startMs - 1)]);
  proxy.next("/write", { kind: "answer", status: 503, headers: { "retry-after": "60" } });
  await expect(store.write(three)).rejects.toMatchObject(away);
  const waiting = store.write(three);
  const fromMs = performance.now();
  const closed = store.close();
  await expect(waiting).rejects.toMatchObject({ code: expect.stringMatching(/^INGEST_STORE_/) });
  await closed;
  expect(performance.now() - fromMs).toBeLessThan(5_000);
});

test("a refusal about points is halved down to them, in few requests", async (t) => {
  const { store, proxy, values } = await openFaulty(t);
  await store.write([readingAt(startMs - 1)]);
  const readings = Array.from({ length: 1_000 }, (_, at) =>
    readingAt(startMs + at, { fields: { celsius: at } }),
  );
  const poison = /celsius=(?:7|500|999) /m;
  proxy.always("/write", {
    kind: "judge",
    answer: (body) =>
      poison.test(body) ? { status: 400, body: '{"error":"unable to parse: poison"}' } : null,
  });
  const before = proxy.requests("/write");
  const { stored, rejected } = await store.write(readings);
  expect(rejected.map(({ reading }) => reading.fields["celsius"])).toEqual([7, 500, 999]);
  expect(rejected[0]?.detail).toContain("unable to parse: poison");
  expect(stored).toBe(997);
  // Three points, ten halvings each, two requests a halving; and the sums.
  expect(proxy.requests("/write") - before).toBeLessThan(3 * 10 * 2 + 10);
  proxy.always("/write", null);
  expect(await values()).toEqual(
    readings.map((_, at) => at).filter((value) => ![7, 500, 999].includes(value)),
  );
});

test("a real conflict of types costs its own points and no others", async (t) => {
  const { store, history, influx, values } = await openFaulty(t);
  const text = `humidity,sppgId=x,deviceId=y,channel=0 humidityPct="text" ${startMs}000000`;
  const planted = await fetch(`${server.url}/write?db=${influx.bucket}&rp=raw`, {
    method: "POST",
    body: text,
  });
  expect(planted.status).toBe(204);
  const humid = three.map(({ eventTimeMs }) =>
    readingAt(eventTimeMs, { reading: "humidity", fields: { humidityPct: 50 } }),
  );
  const outcome = await store.write(three.flatMap((one, at) => [one, humid[at] ?? one]));
  expect(outcome).toMatchObject({ stored: 3, duplicates: 0 });
  expect(outcome.rejected.map(({ reading }) => reading)).toEqual(humid);
  expect(outcome.rejected[0]?.detail).toContain("field type conflict");
  await store.sync();
  expect(await values()).toEqual([4, 5, 6]);
  const range = { fromMs: startMs, toMs: startMs + 60_000, pointsMax: 1 };
  expect((await history.buckets({ ...celsius, ...range })).buckets).toMatchObject([{ count: 3 }]);
});

test("sums that could not be written are owed: sync fails until they are", async (t) => {
  const { store, history, proxy } = await openFaulty(t, { queryMsMax: 2_000 });
  await store.write([readingAt(startMs + 3_600_000)]);
  // Late for its minute: its window is made anew with the write.
  proxy.always("/write", {
    kind: "judge",
    answer: (body) => (body.includes("_count=") ? { status: 503, body: "" } : null),
  });
  expect(await store.write([readingAt(startMs)])).toMatchObject({ stored: 1 });
  await expect(store.sync()).rejects.toMatchObject(away);
  proxy.always("/write", null);
  await store.sync();
  const range = { fromMs: startMs, toMs: startMs + 3_600_000, pointsMax: 60 };
  expect((await history.buckets({ ...celsius, ...range })).buckets).toMatchObject([{ count: 1 }]);
});

test("a query that breaks off or never ends is told as an absent store", async (t) => {
  const { store, history, proxy } = await openFaulty(t, { queryMsMax: 400 });
  await store.write(three);
  const range = { fromMs: startMs, toMs: startMs + 60_000 };
  const ask = () => history.raw({ ...celsius, ...range, rowsMax: 10 });
  const broken: InfluxFault[] = [
    { kind: "broken", kept: true },
    { kind: "hang", kept: false },
    { kind: "answer", status: 200, body: "<html>" },
    { kind: "answer", status: 200, body: '{"results":[]}' },
  ];
  for (const fault of broken) {
    proxy.next("/query", fault);
    await expect(ask()).rejects.toMatchObject(away);
  }
  expect(await ask()).toHaveLength(3);
});

test("answers longer than the limit are asked for in parts, and one alone is refused", async (t) => {
  const many = Array.from({ length: 200 }, (_, at) =>
    readingAt(startMs + at * 60_000, { fields: { celsius: at } }),
  );
  const { influx, store } = await openInflux(t, server);
  await store.write(many);
  const { store: small, history } = await openInflux(t, server, {
    influx,
    limits: { answerBytesMax: 2_000 },
  });
  expect(await small.write(many)).toMatchObject({ stored: 0, duplicates: 200 });
  const range = { fromMs: startMs, toMs: startMs + 86_400_000, rowsMax: 1_000 };
  await expect(history.raw({ ...celsius, ...range })).rejects.toMatchObject(away);
});

test("answers about one sensor that are too long are asked for in parts too", async (t) => {
  const { influx, store } = await openInflux(t, server);
  const dense = Array.from({ length: 400 }, (_, at) => readingAt(startMs + at * 1_000));
  const suspects = dense.map(({ eventTimeMs }, at) =>
    suspectAt(eventTimeMs, at % 2, { channel: "1", seq: at }),
  );
  await store.write([...dense, ...suspects]);
  const limits = { answerBytesMax: 2_000 };
  const { store: small } = await openInflux(t, server, { influx, limits });
  const again = await small.write([...dense, ...suspects]);
  expect(again).toMatchObject({ stored: 0, duplicates: 800, collisions: 0 });
});

test("a clock that stands still fills its ms and ends there, as no other sensor does", async (t) => {
  const { store } = await openInflux(t, server);
  const frozen = (seq: number) => readingAt(startMs, { seq });
  const many = Array.from({ length: readingsOfMsMax }, (_, seq) => frozen(seq));
  expect(await store.write(many)).toMatchObject({ stored: readingsOfMsMax });
  const more = [frozen(0), frozen(readingsOfMsMax), readingAt(startMs, { channel: "1" })];
  const outcome = await store.write(more);
  expect(outcome).toMatchObject({ stored: 1, duplicates: 1 });
  expect(outcome.rejected.map(({ reading }) => reading)).toEqual([more[1]]);
  expect(outcome.rejected[0]?.detail).toContain("stands still");
});

test("a range that ends after InfluxDB's own end of time is answered", async (t) => {
  const { store, history } = await openInflux(t, server);
  await store.write(three);
  const range = { fromMs: startMs, toMs: Date.UTC(9999, 11, 31) };
  expect(await history.raw({ ...celsius, ...range, rowsMax: 10 })).toHaveLength(3);
  const { buckets } = await history.buckets({ ...celsius, ...range, pointsMax: 1 });
  expect(buckets).toMatchObject([{ count: 3 }]);
});
