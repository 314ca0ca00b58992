import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import {
  exportsPerSession,
  heavyReadsPerSession,
} from "../../../../dashboard/server/heavy-reads.ts";
import { readingsSchema, trackSchema } from "../../../../dashboard/contract/index.ts";
import { ingestError } from "../../../../ingest/errors.ts";
import { createKitchenApi, sppgId, startMs } from "../kitchen-api.ts";

const readings = `/api/kitchens/${sppgId}/readings`;
const series = "device=probe-1&reading=temperature";
const row = { t: startMs, seq: 0, index: 0, value: -2.5, flags: 0, originalTimeMs: null };
const bucket = { t: startMs, min: 3, max: 4, mean: 3.5, last: 4, count: 2, flagged: 0 };

test("readings are asked with the defaults of the contract, after what was acknowledged", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  made.store.buckets = [bucket];
  const answer = await cook.get(`${readings}?${series}`);
  expect(answer.statusCode).toBe(200);
  expect(readingsSchema.parse(answer.json())).toEqual(answer.json());
  expect(answer.json()).toMatchObject({
    channel: "0",
    field: "celsius",
    unit: "Cel",
    widthMs: 1_000,
    buckets: [bucket],
    isDegraded: false,
  });
  expect(made.store.flushes).toBe(1);
  expect(made.store.asked.buckets).toMatchObject([
    {
      sppgId,
      deviceId: "probe-1",
      channel: "0",
      reading: "temperature",
      field: "celsius",
      fromMs: startMs + 300_000 - 86_400_000,
      toMs: startMs + 300_000,
      pointsMax: 1_000,
    },
  ]);
});

test("times are taken as milliseconds and as RFC 3339", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  const range = "from=2026-11-22T07:00:00%2B07:00&to=1795400000000&points=5000&channel=2";
  await cook.get(`${readings}?${series}&${range}`);
  expect(made.store.asked.buckets[0]).toMatchObject({
    fromMs: Date.parse("2026-11-22T00:00:00Z"),
    toMs: 1_795_400_000_000,
    pointsMax: 5_000,
    channel: "2",
  });
});

const refusals: [query: string, path: string][] = [
  ["", "query.device"],
  ["device=probe-1", "query.reading"],
  [`${series}&device=probe-2`, "query.device"],
  ["device=nobody&reading=temperature", "query.device"],
  ["device=a%2Fb&reading=temperature", "query.device"],
  ["device=probe-1&reading=noise", "query.reading"],
  ["device=probe-1&reading=__proto__", "query.reading"],
  [`${series}&field=speedKmh`, "query.field"],
  [`${series}&field=constructor`, "query.field"],
  [`${series}&channel=a%0Ab`, "query.channel"],
  [`${series}&from=yesterday`, "query.from"],
  [`${series}&from=2000&to=2000`, "query.from"],
  [`${series}&from=0&to=999999999999`, "query.from"],
  [`${series}&points=0`, "query.points"],
  [`${series}&points=5001`, "query.points"],
  [`${series}&points=1e3`, "query.points"],
  [`${series}&point=10`, "query"],
];

test("whatever is wrong with a query is named, and the store is not asked", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  for (const [query, path] of refusals) {
    const answer = await cook.get(`${readings}?${query}`);
    expect([query, answer.statusCode]).toEqual([query, 400]);
    expect(answer.json()).toMatchObject({ code: "DASHBOARD_INPUT_INVALID" });
    const paths = answer.json().issues.map((issue: { path: string }) => issue.path);
    expect([query, paths]).toEqual([query, expect.arrayContaining([path])]);
    expect(answer.json().issues[0].message).not.toBe("Invalid input");
  }
  expect(made.store.asked.buckets).toEqual([]);
});

test("a device that was added a moment ago can be asked for at once", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  expect((await cook.get(`${readings}?device=probe-9&reading=temperature`)).statusCode).toBe(400);
  const probe = { sppgId, deviceId: "probe-9", kind: "temperature-probe" } as const;
  await made.registry.addDevice(probe, "cli");
  expect((await cook.get(`${readings}?device=probe-9&reading=temperature`)).statusCode).toBe(200);
});

test("an ingest that does not answer delays little and is told; what is there is answered", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  made.store.buckets = [bucket];
  made.store.onFlush = () => new Promise(() => undefined);
  const hanging = await cook.get(`${readings}?${series}`);
  expect(hanging.json()).toMatchObject({ isDegraded: true, buckets: [bucket] });
  made.store.onFlush = () =>
    Promise.reject(ingestError("INGEST_STORE_UNAVAILABLE", { message: "away" }));
  const failing = await cook.get(`${readings}?${series}`);
  expect(failing.json()).toMatchObject({ isDegraded: true, buckets: [bucket] });
  const file = await cook.get(`${readings}.csv?${series}`);
  expect(file.headers["nadi-degraded"]).toBe("true");
});

test("a store that is away is 503 with its code, and tells nothing of its files", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  made.store.onQuery = () =>
    Promise.reject(ingestError("INGEST_STORE_UNAVAILABLE", { message: "no /secret/day.sqlite" }));
  for (const url of [`${readings}?${series}`, `${readings}.csv?${series}`]) {
    const answer = await cook.get(url);
    expect(answer.json()).toMatchObject({ status: 503, code: "INGEST_STORE_UNAVAILABLE" });
    expect(answer.headers["retry-after"]).toBe("2");
    expect(answer.body).not.toContain("secret");
  }
});

test("the file is CSV for spreadsheets: raw rows, or buckets with points", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  made.store.rows = [row];
  made.store.buckets = [bucket];
  const raw = await cook.get(`${readings}.csv?${series}`);
  expect(raw.headers["content-type"]).toBe("text/csv; charset=utf-8");
  expect(raw.headers["content-disposition"]).toBe(
    `attachment; filename="${sppgId}_probe-1_0_celsius.csv"`,
  );
  expect(raw.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
  expect(raw.body.split("\r\n")[1]).toMatch(/\+07:00;probe-1;0;celsius;Cel;-2,5;;$/);
  const points = await cook.get(`${readings}.csv?${series}&points=10&decimal=point`);
  expect(points.body.split("\r\n")[1]).toMatch(/;3;4;3\.5;4;2;0$/);
});

test("one session reads so much at once and no more, and another is not held up", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  const head = await made.signIn("head");
  const full = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  let waiting = 0;
  made.store.onQuery = () => {
    waiting += 1;
    if (waiting === heavyReadsPerSession) full.resolve();
    return held.promise;
  };
  const running = Array.from({ length: heavyReadsPerSession }, () =>
    cook.get(`${readings}?${series}`),
  );
  await full.promise;
  const refused = await cook.get(`${readings}?${series}`);
  expect(refused.json()).toMatchObject({ status: 429, code: "DASHBOARD_READS_LIMITED" });
  expect(refused.headers["retry-after"]).toBe("2");
  made.store.onQuery = () => Promise.resolve();
  expect((await head.get(`${readings}?${series}`)).statusCode).toBe(200);
  held.resolve();
  for (const answer of await Promise.all(running)) expect(answer.statusCode).toBe(200);
  expect((await cook.get(`${readings}?${series}`)).statusCode).toBe(200);
  for (let count = 0; count <= exportsPerSession; count += 1) {
    expect((await cook.get(`${readings}.csv?${series}`)).statusCode).toBe(200);
  }
});

test("a track is cut at its limit and says so", async (t) => {
  const made = await createKitchenApi(t);
  const driver = await made.signIn("driver");
  const fix = { lat: -6.2, lon: 106.8, speedKmh: null, headingDeg: null, accuracyM: 6 };
  made.store.fixes = [1, 2, 3].map((at) => ({ t: startMs + at, ...fix }));
  const track = `/api/kitchens/${sppgId}/track?device=probe-1`;
  const cut = await driver.get(`${track}&limit=2`);
  expect(trackSchema.parse(cut.json())).toEqual(cut.json());
  expect(cut.json()).toMatchObject({
    isCut: true,
    fixes: [{ t: startMs + 1 }, { t: startMs + 2 }],
  });
  expect((await driver.get(`${track}&limit=3`)).json()).toMatchObject({ isCut: false });
  expect((await driver.get(`${track}&limit=20001`)).statusCode).toBe(400);
  expect((await driver.get("/api/kitchens/sppg-jakarta-001/track?device=x")).statusCode).toBe(400);
});

test("a reader that stops reading stops the file, and one that goes away gives its place back", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  const page = Array.from({ length: 5_000 }, () => row);
  let pages = 0;
  // A file without an end: only the reader can stop it.
  made.store.history.raw = () => {
    pages += 1;
    return Promise.resolve(page);
  };
  const url = await made.server.listen({ host: "127.0.0.1", port: 0 });
  const open = async (): Promise<IncomingMessage> => {
    const asked = get(`${url}${readings}.csv?${series}`, { headers: { cookie: cook.cookie } });
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return answer;
  };
  const held = [await open(), await open()];
  expect((await open()).statusCode).toBe(429);
  for (let count = 0; count < 100; count += 1) await fetch(`${url}/livez`);
  // What fits into the buffers of two sockets.
  expect(pages).toBeLessThan(200);
  for (const answer of held) answer.destroy();
  const again = await until(open, (answer) => answer.statusCode === 200);
  again.destroy();
});

/** Asks until the answer fits; the test's own deadline ends it. */
async function until(
  ask: () => Promise<IncomingMessage>,
  fits: (answer: IncomingMessage) => boolean,
): Promise<IncomingMessage> {
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    answer.resume();
    await once(answer, "end");
  }
}
