import { existsSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { openDayCopy } from "../../../ingest/store/archive.ts";
import { DayFiles } from "../../../ingest/store/day-files.ts";
import { createDurability } from "../../../ingest/store/durability.ts";
import { createExclusive, type Exclusive } from "../../../ingest/store/exclusive.ts";
import { dayOf, dayPath, listFiles, monthPath, yearPath } from "../../../ingest/store/files.ts";
import { Maintenance } from "../../../ingest/store/maintenance.ts";
import { openSqliteStore } from "../../../ingest/store/sqlite-store.ts";
import { openStore, storeFolder } from "./open-store.ts";
import { dayMs, readingAt, startMs } from "./readings.ts";

const day = dayOf(startMs);
const keep = { rawDays: 9, minuteDays: 400, hourDays: 3_650 };

interface Upkeep {
  directory: string;
  run(): Promise<void>;
  /** `copied`, `deleted`: the day; `synced`: its month and year, if they were dirty. */
  events: string[];
}

/** A day that is old enough to go, and upkeep during which the recorder syncs all the time. */
async function openUpkeep(t: TestContext): Promise<Upkeep> {
  const directory = await storeFolder(t);
  const store = openSqliteStore({ directory });
  await store.write([readingAt(startMs), readingAt(startMs + 1, { deviceId: "probe-2" })]);
  await store.close();
  const checkpointer = { checkpoint: async () => null, close: async () => undefined };
  const durability = createDurability(directory, checkpointer);
  const copies = [monthPath(directory, day), yearPath(directory, day)];
  const dirty = new Set<string>();
  const events: string[] = [];
  const touched = (path: string): void => {
    if (copies.includes(path)) dirty.add(path);
    durability.touched(path);
  };
  const sync = async (): Promise<void> => {
    const isWhole = dirty.size === copies.length;
    dirty.clear();
    await durability.sync();
    if (isWhole) events.push("synced");
  };
  const days = new DayFiles({
    directory,
    checkpointer,
    log: () => undefined,
    touched,
    monotonicMs: () => 0,
  });
  const turns = createExclusive();
  const exclusive: Exclusive = {
    run: (task) =>
      turns.run(async () => {
        const result = await task();
        if (!events.includes("copied") && days.isArchived(day)) events.push("copied");
        if (!existsSync(dayPath(directory, day))) events.push("deleted");
        // The recorder's.
        else await sync();
        return result;
      }),
  };
  const maintenance = new Maintenance({
    directory,
    keep,
    days,
    exclusive,
    upkeepDay: { follow: dayOf, save: () => undefined },
    touched,
    sync,
    log: () => undefined,
    deleteSuspects: () => false,
  });
  return { directory, events, run: () => maintenance.run(startMs + 20 * dayMs) };
}

test("a day goes only behind a sync of its copies, though others sync in between", async (t) => {
  const { events, run } = await openUpkeep(t);
  await run();
  const copied = events.indexOf("copied");
  expect(copied).toBeGreaterThan(0);
  expect(events[copied + 1]).toBe("synced");
  expect(events.at(-1)).toBe("deleted");
});

test("copies that an ended process left unsynced are synced before their day goes", async (t) => {
  const { directory, events, run } = await openUpkeep(t);
  const paths = { monthPath: monthPath(directory, day), yearPath: yearPath(directory, day) };
  const copy = openDayCopy(day, { dayPath: dayPath(directory, day), ...paths });
  while (copy.step());
  copy.mark();
  copy.close();
  await run();
  expect(events.slice(0, 3)).toEqual(["copied", "synced", "deleted"]);
});

test("months and years stay for as long as a day of theirs does, and are made once", async (t) => {
  const short = { rawDays: 30, minuteDays: 9, hourDays: 9 };
  const { directory, store, keepUp } = await openStore(t, { keep: short });
  await store.write(Array.from({ length: 9 }, (_, at) => readingAt(startMs + at * dayMs)));
  await keepUp(store, startMs + 33 * dayMs);
  for (let hour = 0; hour < 3; hour += 1) {
    expect(listFiles(directory)).toMatchObject({ months: [{}], years: [{}] });
    await keepUp(store, startMs + 33 * dayMs);
  }
  expect(listFiles(directory).days.at(0)?.firstDay).toBe(day + 3);
  await keepUp(store, startMs + 60 * dayMs);
  expect(listFiles(directory)).toMatchObject({ days: [], months: [], years: [{}] });
  await keepUp(store, startMs + 61 * dayMs);
  expect(listFiles(directory)).toEqual({ days: [], months: [], years: [] });
});
