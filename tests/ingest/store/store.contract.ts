import { describe, expect, test, type TestContext } from "vitest";
import { flagBits } from "../../../ingest/decode/decoded.ts";
import type { History, RawPlace, RawRow, TelemetryStore } from "../../../ingest/store/store.ts";
import { celsius, dayMs, readingAt, startMs, suspectAt } from "./readings.ts";

export interface OpenedStore {
  store: TelemetryStore;
  history: History;
}

const everything = { ...celsius, fromMs: startMs - 9 * dayMs, toMs: startMs + 2 * dayMs };

async function rawRows(history: History): Promise<RawRow[]> {
  return history.raw({ ...everything, rowsMax: 10_000 });
}

async function values(history: History): Promise<number[]> {
  return (await rawRows(history)).map((row) => row.value);
}

/** What every telemetry store does; `open` gives an empty one and a history over the same data. */
export function describeStoreContract(
  name: string,
  open: (t: TestContext) => Promise<OpenedStore>,
): void {
  describe(`${name} keeps readings`, () => {
    test("a batch is readable as soon as it is written", async (t) => {
      const { store, history } = await open(t);
      const readings = [readingAt(startMs), readingAt(startMs + 1, { fields: { celsius: 5 } })];
      expect(await store.write(readings)).toEqual({
        stored: 2,
        duplicates: 0,
        collisions: 0,
        rejected: [],
      });
      expect(await rawRows(history)).toMatchObject([
        { t: startMs, value: 4, flags: 0, originalTimeMs: null },
        { t: startMs + 1, value: 5 },
      ]);
    });

    test("the same identity is one reading, within a batch and in later ones", async (t) => {
      const { store, history } = await open(t);
      const reading = readingAt(startMs);
      const again = readingAt(startMs, { receivedTimeMs: startMs + 5_000 });
      expect(await store.write([reading, again])).toMatchObject({ stored: 1, duplicates: 1 });
      expect(await store.write([again])).toMatchObject({ stored: 0, duplicates: 1, collisions: 0 });
      expect(await values(history)).toEqual([4]);
    });

    test("a repeat with another value is a collision and the first stays", async (t) => {
      const { store, history } = await open(t);
      await store.write([readingAt(startMs)]);
      const outcome = await store.write([readingAt(startMs, { fields: { celsius: 99 } })]);
      expect(outcome).toMatchObject({ stored: 0, duplicates: 1, collisions: 1 });
      expect(await values(history)).toEqual([4]);
    });

    test("seq tells readings of one ms apart, and none means 0", async (t) => {
      const { store, history } = await open(t);
      const outcome = await store.write([
        readingAt(startMs, { seq: 2, fields: { celsius: 2 } }),
        readingAt(startMs, { seq: 1, fields: { celsius: 1 } }),
        readingAt(startMs, { seq: null, fields: { celsius: 0 } }),
        readingAt(startMs, { seq: 0, fields: { celsius: 0 } }),
      ]);
      expect(outcome).toMatchObject({ stored: 3, duplicates: 1, collisions: 0 });
      expect(await values(history)).toEqual([0, 1, 2]);
    });

    test("readings without a time are never merged, but their replay is", async (t) => {
      const { store, history } = await open(t);
      const place = { originalTimeMs: null };
      const one = readingAt(startMs, place);
      const sameEntry = readingAt(startMs, { ...place, offset: one.offset, index: 1 });
      const resent = readingAt(startMs, place);
      expect(await store.write([one, sameEntry, resent])).toMatchObject({ stored: 3 });
      expect(await store.write([resent, one])).toMatchObject({ stored: 0, duplicates: 2 });
      expect(await values(history)).toEqual([4, 4, 4]);
    });

    test("what comes late and out of order is read in the order of time", async (t) => {
      const { store, history } = await open(t);
      const hours = [5, -150, 0, 24, -26, 3, -149, 23];
      for (const hour of hours) {
        const timeMs = startMs + hour * 3_600_000;
        const given = { receivedTimeMs: startMs + dayMs, fields: { celsius: hour } };
        await store.write([readingAt(timeMs, given)]);
      }
      expect(await values(history)).toEqual(hours.toSorted((a, b) => a - b));
    });

    test("a value that is no number is rejected alone", async (t) => {
      const { store, history } = await open(t);
      const poison = [Number.NaN, Number.POSITIVE_INFINITY].map((value) =>
        readingAt(startMs, { fields: { celsius: value } }),
      );
      const outcome = await store.write([...poison, readingAt(startMs)]);
      expect(outcome.stored).toBe(1);
      expect(outcome.rejected.map(({ reading }) => reading)).toEqual(poison);
      expect(await values(history)).toEqual([4]);
    });

    test("names come back as they went in and reach no other series", async (t) => {
      const { store, history } = await open(t);
      const wild = "a,b=c\"'; DROP TABLE raw; --\n";
      await store.write([readingAt(startMs, { fields: { [wild]: 1, celsius: 2 } })]);
      const latest = await history.latest(celsius.sppgId);
      expect(latest.map(({ field, value }) => [field, value])).toEqual([
        [wild, 1],
        ["celsius", 2],
      ]);
    });
  });

  describe(`${name} keeps readings whose clock nobody believes`, () => {
    test("they stand at their arrival and tell their own time", async (t) => {
      const { store, history } = await open(t);
      await store.write([suspectAt(startMs, 86_400), readingAt(startMs + 1)]);
      expect(await rawRows(history)).toMatchObject([
        { t: startMs, flags: flagBits.clockSuspect, originalTimeMs: 86_400 },
        { t: startMs + 1, flags: 0, originalTimeMs: null },
      ]);
    });

    test("one that is sent again days later is still one reading", async (t) => {
      const { store, history } = await open(t);
      await store.write([suspectAt(startMs, 86_400)]);
      const again = await store.write([suspectAt(startMs + dayMs, 86_400)]);
      expect(again).toMatchObject({ stored: 0, duplicates: 1 });
      expect(await rawRows(history)).toHaveLength(1);
    });

    test("several of one payload with one arrival stay several", async (t) => {
      const { store, history } = await open(t);
      const entry = { offset: 7_000_000 };
      const readings = [1, 2, 3].map((time, index) =>
        suspectAt(startMs, time, { ...entry, index, fields: { celsius: time } }),
      );
      expect(await store.write(readings)).toMatchObject({ stored: 3 });
      expect(await store.write(readings)).toMatchObject({ duplicates: 3, collisions: 0 });
      expect((await rawRows(history)).map((row) => row.originalTimeMs)).toEqual([1, 2, 3]);
    });
  });

  describe(`${name} answers about readings`, () => {
    test("one with a flag counts as flagged and moves nothing else", async (t) => {
      const { store, history } = await open(t);
      await store.write([
        readingAt(startMs),
        readingAt(startMs + 1, { flags: flagBits.implausible, fields: { celsius: 900 } }),
        readingAt(startMs + 60_000, { flags: flagBits.sensorFault, fields: { celsius: 85 } }),
      ]);
      const range = { fromMs: startMs, toMs: startMs + 120_000, pointsMax: 2 };
      const { buckets, widthMs } = await history.buckets({ ...celsius, ...range });
      const none = { min: null, max: null, mean: null, last: null, count: 0 };
      expect(widthMs).toBe(60_000);
      expect(buckets).toEqual([
        { t: startMs, min: 4, max: 4, mean: 4, last: 4, count: 1, flagged: 1 },
        { t: startMs + 60_000, ...none, flagged: 1 },
      ]);
      expect(await history.latest(celsius.sppgId)).toMatchObject([{ value: 4 }]);
    });

    test("the latest value is the newest by event time, whatever came last", async (t) => {
      const { store, history } = await open(t);
      const at = (timeMs: number, value: number, seq: number | null = null) =>
        readingAt(timeMs, { seq, fields: { celsius: value }, receivedTimeMs: startMs + dayMs });
      await store.write([at(startMs + 5_000, 5), at(startMs - dayMs, 1)]);
      await store.write([at(startMs + 5_000, 6, 3), at(startMs + 4_999, 2)]);
      const other = readingAt(startMs - 3 * dayMs, { deviceId: "a-probe", fields: { celsius: 9 } });
      await store.write([other, readingAt(startMs, { sppgId: "sppg-bandung-001" })]);
      expect(await history.latest(celsius.sppgId)).toEqual([
        {
          deviceId: "a-probe",
          channel: "0",
          reading: "temperature",
          field: "celsius",
          value: 9,
          eventTimeMs: startMs - 3 * dayMs,
        },
        {
          deviceId: "probe-1",
          channel: "0",
          reading: "temperature",
          field: "celsius",
          value: 6,
          eventTimeMs: startMs + 5_000,
        },
      ]);
    });

    test("raw pages follow one another without a gap or a repeat", async (t) => {
      const { store, history } = await open(t);
      const readings = Array.from({ length: 25 }, (_, at) =>
        readingAt(startMs + Math.floor(at / 3) * 20_000_000, { seq: at, fields: { celsius: at } }),
      );
      await store.write(readings);
      const seen: number[] = [];
      let after: RawPlace | undefined;
      for (;;) {
        const page = await history.raw({ ...everything, rowsMax: 4, after });
        seen.push(...page.map((row) => row.value));
        after = page.at(-1);
        if (page.length < 4) break;
      }
      // The last of them lie behind the range.
      expect(seen).toEqual(seen.map((_, at) => at));
      expect(seen).toHaveLength(25);
    });

    test("a track joins what was measured at one moment", async (t) => {
      const { store, history } = await open(t);
      const fix = (timeMs: number, fields: Record<string, number>, flags = 0) =>
        readingAt(timeMs, { reading: "position", fields, flags });
      await store.write([
        fix(startMs + 2, { lat: -6.2, lon: 106.8, speedKmh: 31 }),
        fix(startMs + 1, { lat: -6.1, lon: 106.7, headingDeg: 270, accuracyM: 6 }),
        fix(startMs + 3, { lat: 0, lon: 0 }, flagBits.implausible),
        fix(startMs + 4, { lat: -6.3, lon: 106.9 }),
      ]);
      const { sppgId, deviceId, channel } = celsius;
      const range = { fromMs: startMs, toMs: startMs + 4, fixesMax: 5 };
      const absent = { speedKmh: null, headingDeg: null, accuracyM: null };
      const first = { t: startMs + 1, lat: -6.1, lon: 106.7 };
      expect(await history.track({ sppgId, deviceId, channel, ...range })).toEqual([
        { ...absent, ...first, headingDeg: 270, accuracyM: 6 },
        { ...absent, t: startMs + 2, lat: -6.2, lon: 106.8, speedKmh: 31 },
      ]);
      const one = await history.track({ sppgId, deviceId, channel, ...range, fixesMax: 1 });
      expect(one.map((fixed) => fixed.t)).toEqual([startMs + 1]);
    });

    test.for([
      ["an empty range", { toMs: startMs }],
      ["half a millisecond", { fromMs: startMs - 0.5 }],
      ["no points", { pointsMax: 0 }],
      ["a kitchen that is no id", { sppgId: "../x" }],
      ["a field that is no name", { field: "celsius'" }],
      ["fewer points than the range has days", { fromMs: startMs - 9 * dayMs, pointsMax: 2 }],
    ] as const)("refuses %s", async ([, wrong], t) => {
      const { history } = await open(t);
      const query = { ...celsius, fromMs: startMs, toMs: startMs + 1, pointsMax: 1, ...wrong };
      await expect(history.buckets(query)).rejects.toMatchObject({
        code: "INGEST_QUERY_INVALID",
        status: 400,
      });
    });

    test("what it knows nothing of is empty", async (t) => {
      const { history } = await open(t);
      expect((await history.buckets({ ...everything, pointsMax: 50 })).buckets).toEqual([]);
      expect(await rawRows(history)).toEqual([]);
      expect(await history.latest(celsius.sppgId)).toEqual([]);
    });
  });

  test(`${name} takes nothing more when it is closed`, async (t) => {
    const { store } = await open(t);
    await store.write([readingAt(startMs)]);
    await Promise.all([store.close(), store.close()]);
    await expect(store.write([])).rejects.toMatchObject({ code: "INGEST_STORE_CLOSED" });
  });
}
