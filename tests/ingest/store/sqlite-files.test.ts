import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { idleDayMs, openDaysMax } from "../../../ingest/store/day-files.ts";
import {
  dayOf,
  dayPath,
  listFiles,
  monthPath,
  suspectsPath,
  yearPath,
} from "../../../ingest/store/files.ts";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { openStore, storeFolder } from "./open-store.ts";
import { celsius, dayMs, readingAt, startMs, suspectAt } from "./readings.ts";
import { findWrongMinutes } from "./recount.ts";

const day = dayOf(startMs);
const wholeDay = { ...celsius, fromMs: startMs, toMs: startMs + dayMs };
const cut = { ...celsius, fromMs: startMs + 30_000, toMs: startMs + 2 * 3_600_000 + 90_000 };

/** One reading every 20 s of the day. */
const dayOfReadings = Array.from({ length: 4_320 }, (_, at) =>
  readingAt(startMs + at * 20_000, { fields: { celsius: at } }),
);

/**
 * Overwrites a table's first page, by default behind the header: its file opens, and is damaged at
 * once.
 */
function damage(place: string, table: string, keptBytes = 100): void {
  const database = new DatabaseSync(place);
  const found = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = ?").get(table);
  const { page_size: pageBytes } = database.prepare("PRAGMA page_size").get() ?? {};
  database.close();
  const atBytes = (Number(found?.["rootpage"] ?? 1) - 1) * Number(pageBytes) + keptBytes;
  const file = openSync(place, "r+");
  writeSync(file, Buffer.alloc(Number(pageBytes) - keptBytes, 0xee), 0, undefined, atBytes);
  closeSync(file);
}

test("raw, minutes and hours are kept for as long as each is told", async (t) => {
  const { directory, store, history, keepUp } = await openStore(t, {
    keep: { rawDays: 9, minuteDays: 60, hourDays: 400 },
  });
  await store.write(dayOfReadings);
  const minutes = { ...wholeDay, pointsMax: 1_440 };
  const before = await history.buckets(minutes);
  const hoursBefore = await history.buckets({ ...wholeDay, pointsMax: 24 });
  await keepUp(store, startMs + 9 * dayMs);
  expect(listFiles(directory)).toMatchObject({ days: [{}], months: [], years: [] });
  await keepUp(store, startMs + 10 * dayMs);
  expect(listFiles(directory)).toMatchObject({ days: [], months: [{}], years: [{}] });
  expect(await history.buckets(minutes)).toEqual(before);
  expect(await history.buckets({ ...wholeDay, pointsMax: 24 })).toEqual(hoursBefore);
  expect(await history.raw({ ...wholeDay, rowsMax: 1 })).toEqual([]);
  expect(await history.latest(celsius.sppgId)).toMatchObject([{ value: 4_319 }]);
  await keepUp(store, startMs + 100 * dayMs);
  expect(listFiles(directory)).toMatchObject({ days: [], months: [], years: [{}] });
  expect(await history.buckets({ ...wholeDay, pointsMax: 24 })).toEqual(hoursBefore);
  await keepUp(store, startMs + 500 * dayMs);
  expect(listFiles(directory)).toEqual({ days: [], months: [], years: [] });
});

test("edges are cut exactly while raw is kept, copied or not; later their minutes count", async (t) => {
  const { store, history, keepUp } = await openStore(t, {
    keep: { rawDays: 12, minuteDays: 60, hourDays: 400 },
  });
  await store.write(dayOfReadings);
  const exact = await history.buckets({ ...cut, pointsMax: 3 });
  expect(exact.buckets.map(({ t: at, count }) => [at - startMs, count])).toEqual([
    [30_000, 178],
    [3_600_000, 180],
    [7_200_000, 5],
  ]);
  await keepUp(store, startMs + 11 * dayMs);
  expect(await history.buckets({ ...cut, pointsMax: 3 })).toEqual(exact);
  await keepUp(store, startMs + 20 * dayMs);
  const { buckets } = await history.buckets({ ...cut, pointsMax: 3 });
  expect(buckets.map(({ count }) => count)).toEqual([180, 180, 6]);
});

test("what comes for a copied day is shown, and copied with the next upkeep", async (t) => {
  const { directory, store, history, keepUp } = await openStore(t);
  await store.write(dayOfReadings);
  await keepUp(store, startMs + 11 * dayMs);
  const late = readingAt(startMs + 5, { fields: { celsius: -9 } });
  expect(await store.write([late])).toMatchObject({ stored: 1 });
  const query = { ...wholeDay, pointsMax: 1 };
  expect((await history.buckets(query)).buckets).toMatchObject([{ count: 4_321, min: -9 }]);
  await keepUp(store, startMs + 11 * dayMs);
  await keepUp(store, startMs + 60 * dayMs);
  expect(existsSync(dayPath(directory, day))).toBe(false);
  expect((await history.buckets(query)).buckets).toMatchObject([{ count: 4_321, min: -9 }]);
});

test("what comes for a day whose raw rows are gone is rejected and changes nothing", async (t) => {
  const { store, history, keepUp } = await openStore(t);
  await store.write(dayOfReadings);
  await keepUp(store, startMs + 60 * dayMs);
  const outcome = await store.write([readingAt(startMs + 5), readingAt(startMs + 60 * dayMs)]);
  expect(outcome).toMatchObject({ stored: 1, rejected: [{ detail: /closed/ }] });
  const { buckets } = await history.buckets({ ...wholeDay, pointsMax: 1 });
  expect(buckets).toMatchObject([{ count: 4_320 }]);
});

test("a store that keeps raw rows for less than late readings need does not open", async (t) => {
  const directory = await storeFolder(t);
  const keep = { rawDays: 8, minuteDays: 400, hourDays: 3_650 };
  expect(() => openSqliteStore({ directory, keep })).toThrow(/rawDays is 8: at least 9/);
});

test("a damaged day is moved aside and stops no other", async (t) => {
  const directory = await storeFolder(t);
  const first = openSqliteStore({ directory });
  await first.write([readingAt(startMs), readingAt(startMs - dayMs)]);
  await first.close();
  const damaged = dayPath(directory, day);
  writeFileSync(
    damaged,
    "This is no database, and it is long enough to be read as one. ".repeat(99),
  );
  const { store, history, events } = await openStore(t, { directory });
  const range = { ...celsius, fromMs: startMs - dayMs, toMs: startMs + dayMs };
  expect(await history.raw({ ...range, rowsMax: 9 })).toMatchObject([{ t: startMs - dayMs }]);
  const readings = [readingAt(startMs + 1), readingAt(startMs - dayMs + 1)];
  expect(await store.write(readings)).toMatchObject({ stored: 2 });
  expect(events).toMatchObject([
    { kind: "fileSetAside", path: damaged, movedTo: `${damaged}.corrupt-1` },
  ]);
  expect(store.stats().filesSetAside).toBe(1);
  expect(await history.raw({ ...range, rowsMax: 9 })).toHaveLength(3);
});

test("a day whose file is being made is read as one that is not there yet", async (t) => {
  const { directory, store, history } = await openStore(t);
  await store.write([readingAt(startMs - dayMs)]);
  // As it stands for a moment at midnight: the writer's tables are not in it yet.
  writeFileSync(dayPath(directory, day), "");
  const range = { ...celsius, fromMs: startMs - dayMs, toMs: startMs + dayMs, rowsMax: 9 };
  expect(await history.raw(range)).toMatchObject([{ t: startMs - dayMs }]);
  expect(await store.write([readingAt(startMs)])).toMatchObject({ stored: 1 });
  expect(await history.raw(range)).toHaveLength(2);
});

test("a damaged file is closed before it is moved aside: its log does not stay", async (t) => {
  const directory = await storeFolder(t);
  const first = openSqliteStore({ directory });
  await first.write([readingAt(startMs), suspectAt(startMs, 0)]);
  await first.close();
  const places = [dayPath(directory, day), suspectsPath(directory)];
  damage(dayPath(directory, day), "rolled");
  damage(suspectsPath(directory), "sqlite_master");
  const { store, events } = await openStore(t, { directory });
  const readings = [readingAt(startMs + 1), suspectAt(startMs, 1)];
  expect(await store.write(readings)).toMatchObject({ stored: 2 });
  expect(events).toHaveLength(places.length);
  // A forgotten handle deletes, whenever it is collected, the log of the file in its place.
  const aside = readdirSync(directory).filter((name) => name.includes("corrupt"));
  expect(aside.toSorted()).toEqual(
    places.map((place) => `${path.basename(place)}.corrupt-1`).toSorted(),
  );
});

test("a damaged month or year costs nothing while the days are there", async (t) => {
  const { directory, store, history, keepUp } = await openStore(t);
  await store.write(dayOfReadings);
  await keepUp(store, startMs + 11 * dayMs);
  for (const place of [monthPath(directory, day), yearPath(directory, day)]) {
    for (const suffix of ["-wal", "-shm"]) rmSync(place + suffix, { force: true });
    writeFileSync(place, "no database".repeat(1_000));
  }
  await keepUp(store, startMs + 11 * dayMs);
  await keepUp(store, startMs + 60 * dayMs);
  expect(existsSync(dayPath(directory, day))).toBe(false);
  const { buckets } = await history.buckets({ ...wholeDay, pointsMax: 1 });
  expect(buckets).toMatchObject([{ count: 4_320 }]);
});

test("a backlog over many days keeps few files open, and every day is right", async (t) => {
  const { directory, store, history } = await openStore(t);
  const days = openDaysMax + 4;
  const readings = Array.from({ length: days * 30 }, (_, at) =>
    readingAt(startMs + (at % days) * dayMs + at * 7_000, { receivedTimeMs: startMs + 30 * dayMs }),
  );
  for (let at = 0; at < readings.length; at += 100) {
    await store.write(readings.slice(at, at + 100));
    expect(store.stats().openDays).toBeLessThanOrEqual(openDaysMax);
  }
  expect(findWrongMinutes(directory)).toEqual([]);
  const range = { fromMs: startMs, toMs: startMs + days * dayMs, pointsMax: 1 };
  const { buckets } = await history.buckets({ ...celsius, ...range });
  expect(buckets).toMatchObject([{ count: readings.length }]);
});

test("a day to which nothing comes is closed, and what comes late for it counts all the same", async (t) => {
  let uptimeMs = 0;
  const { directory, store, history } = await openStore(t, { monotonicMs: () => uptimeMs });
  const yesterdayMs = startMs - 30_000;
  const write = (timeMs: number) =>
    store.write([readingAt(timeMs, { receivedTimeMs: startMs + uptimeMs })]);
  await write(yesterdayMs);
  await write(startMs + uptimeMs);
  uptimeMs += idleDayMs - 1;
  await write(startMs + uptimeMs);
  expect(store.stats().openDays).toBe(2);
  uptimeMs += 1;
  await write(startMs + uptimeMs);
  expect(store.stats()).toMatchObject({ openDays: 1 });
  // The log of a file goes with its last descriptor.
  const logs = readdirSync(directory).filter((name) => name.endsWith("-wal"));
  expect(logs).toEqual([`${path.basename(dayPath(directory, day))}-wal`]);
  await write(yesterdayMs + 1);
  expect(findWrongMinutes(directory)).toEqual([]);
  const range = { fromMs: startMs - dayMs, toMs: startMs, pointsMax: 1 };
  const { buckets } = await history.buckets({ ...celsius, ...range });
  expect(buckets).toMatchObject([{ count: 2 }]);
});

test("an idle day that somebody holds stays open, and what is written elsewhere is stored", async (t) => {
  let uptimeMs = 0;
  const { directory, store, events } = await openStore(t, { monotonicMs: () => uptimeMs });
  // Its minute is not over: closing it writes.
  await store.write([readingAt(startMs)]);
  await store.write([readingAt(startMs + dayMs)]);
  const holder = new DatabaseSync(dayPath(directory, day));
  holder.exec("BEGIN IMMEDIATE");
  uptimeMs += idleDayMs;
  expect(await store.write([readingAt(startMs + dayMs + 1)])).toMatchObject({ stored: 1 });
  expect(events).toMatchObject([{ kind: "closeFailed", path: dayPath(directory, day) }]);
  expect(store.stats().openDays).toBe(2);
  holder.close();
  uptimeMs += idleDayMs;
  await store.write([readingAt(startMs + dayMs + 2)]);
  expect(store.stats().openDays).toBe(1);
});

test("a day that turns out damaged when room is made is moved aside, and no other", async (t) => {
  const { directory, store, events } = await openStore(t);
  await store.write([readingAt(startMs)]);
  const place = dayPath(directory, day);
  // The writer has to look at the disk again.
  const other = new DatabaseSync(place);
  other.exec("UPDATE rolled SET minute = minute; PRAGMA wal_checkpoint(TRUNCATE)");
  other.close();
  damage(place, "minutes", 0);
  for (let at = 1; at <= openDaysMax; at += 1) {
    expect(await store.write([readingAt(startMs + at * dayMs)])).toMatchObject({ stored: 1 });
  }
  expect(events).toMatchObject([{ kind: "fileSetAside", path: place }]);
  expect(store.stats().filesSetAside).toBe(1);
});

test("what sync has covered is on disk without a close, new files and all", async (t) => {
  const directory = await storeFolder(t);
  const store = openSqliteStore({ directory });
  await store.write([readingAt(startMs)]);
  await store.sync();
  await store.sync();
  expect(readdirSync(directory).filter((name) => name.endsWith(".sqlite"))).toHaveLength(1);
  await store.write([readingAt(startMs + 1)]);
  const log = `${dayPath(directory, day)}-wal`;
  expect(existsSync(log)).toBe(true);
  // Its folder is gone: no sync can say that it is done any more.
  rmSync(directory, { recursive: true });
  const gone = { code: "INGEST_STORE_UNAVAILABLE", retryable: true };
  await expect(store.sync()).rejects.toMatchObject(gone);
  await expect(store.sync()).rejects.toMatchObject(gone);
  await expect(store.close()).rejects.toMatchObject(gone);
});
