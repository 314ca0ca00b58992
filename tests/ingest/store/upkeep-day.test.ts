import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, type TestContext, test } from "vitest";
import type { StoreEvent } from "../../../ingest/store/day-files.ts";
import { dayOf, hourMs, listFiles } from "../../../ingest/store/files.ts";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { storeFolder } from "./open-store.ts";
import { dayMs, readingAt, startMs } from "./readings.ts";

const keep = { rawDays: 9, minuteDays: 60, hourDays: 400 };
/** The last of the nine days that are kept, at noon; the clock that is wrong. */
const nowMs = startMs + 8.5 * dayMs;
const yearsAheadMs = nowMs + 12 * 365 * dayMs;

interface Machine {
  directory: string;
  /** The store is closed and opened again. */
  restart(): Promise<void>;
  /** The hour's upkeep, at what the host's clock says. */
  maintain(clockMs: number): Promise<void>;
  passHour(): void;
  /** Numbers of the days, from the first one, whose readings are there. */
  daysLeft(): number[];
  events: StoreEvent[];
}

/** Nine days of readings, one a day, and upkeep that has seen the last of them. */
async function startMachine(t: TestContext): Promise<Machine> {
  const directory = await storeFolder(t);
  const events: StoreEvent[] = [];
  let uptimeMs = 0;
  const log = (event: StoreEvent): void => void events.push(event);
  const options = { directory, keep, log, monotonicMs: () => uptimeMs };
  let store = openSqliteStore(options);
  t.onTestFinished(() => store.close());
  await store.write(Array.from({ length: 9 }, (_, day) => readingAt(startMs + day * dayMs)));
  await store.maintain(nowMs);
  return {
    directory,
    async restart() {
      await store.close();
      store = openSqliteStore(options);
    },
    maintain: (clockMs) => store.maintain(clockMs),
    passHour: () => void (uptimeMs += hourMs),
    daysLeft: () => listFiles(directory).days.map((file) => file.firstDay - dayOf(startMs)),
    events,
  };
}

test("a clock that is years ahead for an hour costs one day of the oldest readings", async (t) => {
  const machine = await startMachine(t);
  machine.passHour();
  await machine.maintain(nowMs + dayMs);
  expect(machine.daysLeft()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  machine.passHour();
  await machine.maintain(yearsAheadMs);
  await machine.maintain(yearsAheadMs);
  expect(machine.daysLeft()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(machine.events.at(-1)).toEqual({
    kind: "clockDoubted",
    day: "2026-11-20",
    clock: "2038-11-15",
  });
  machine.passHour();
  await machine.maintain(nowMs + dayMs);
  expect(machine.daysLeft()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(listFiles(machine.directory)).toMatchObject({ months: [{}], years: [{}] });
});

test("starts under a clock that is years ahead cost nothing", async (t) => {
  const machine = await startMachine(t);
  for (let start = 0; start < 12; start += 1) {
    await machine.restart();
    await machine.maintain(yearsAheadMs);
  }
  expect(machine.daysLeft()).toHaveLength(9);
});

test("a machine that was off for months tidies up, a day's worth an hour", async (t) => {
  const machine = await startMachine(t);
  await machine.restart();
  const left: number[] = [];
  for (let hour = 0; hour < 70; hour += 1) {
    await machine.maintain(nowMs + 65 * dayMs);
    left.push(machine.daysLeft().length);
    machine.passHour();
  }
  expect(left.slice(0, 12)).toEqual([9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
  const { months, years } = listFiles(machine.directory);
  expect([months.length, years.length]).toEqual([1, 1]);
  await machine.maintain(nowMs + 66 * dayMs);
  const doubted = machine.events.length;
  await machine.maintain(nowMs + 67 * dayMs);
  expect(machine.events).toHaveLength(doubted);
});

test("a clock in 1970 until it is set changes nothing", async (t) => {
  const machine = await startMachine(t);
  await machine.restart();
  for (let hour = 0; hour < 40; hour += 1) {
    await machine.maintain(hour * hourMs);
    machine.passHour();
  }
  expect(machine.daysLeft()).toHaveLength(9);
  await machine.maintain(nowMs + dayMs);
  await machine.maintain(nowMs + 2 * dayMs);
  expect(machine.daysLeft()).toHaveLength(8);
});

test("a clock that was ahead from the beginning is doubted again once it is right", async (t) => {
  const directory = await storeFolder(t);
  let uptimeMs = 0;
  const store = openSqliteStore({ directory, keep, monotonicMs: () => uptimeMs });
  t.onTestFinished(() => store.close());
  await store.write([readingAt(startMs + 40 * dayMs)]);
  await store.maintain(startMs + 40 * dayMs);
  await store.write([readingAt(startMs)]);
  for (let hour = 0; hour < 41; hour += 1) {
    await store.maintain(startMs + dayMs);
    uptimeMs += hourMs;
  }
  await store.maintain(startMs + 40 * dayMs);
  expect(listFiles(directory).days).toHaveLength(2);
});

test("without its file the newest readings tell the day", async (t) => {
  for (const text of [null, "", "2038-99-99"]) {
    const machine = await startMachine(t);
    const place = path.join(machine.directory, "upkeep-day");
    if (text === null) rmSync(place);
    else writeFileSync(place, text);
    await machine.restart();
    await machine.maintain(yearsAheadMs);
    machine.passHour();
    await machine.maintain(yearsAheadMs);
    machine.passHour();
    await machine.maintain(yearsAheadMs);
    expect(machine.daysLeft()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  }
});
