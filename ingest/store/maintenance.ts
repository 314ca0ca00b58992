import { rmSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type DayCopyPaths, openDayCopy } from "./archive.ts";
import type { DayFiles, StoreEvent } from "./day-files.ts";
import { createExclusive, type Exclusive } from "./exclusive.ts";
import {
  dayMs,
  dayOf,
  listFiles,
  minutesOfDay,
  monthPath,
  type StoreFile,
  yearPath,
} from "./files.ts";
import { isDamage } from "./errors.ts";
import { archivedAfterDays, type StoreKeep } from "./retention.ts";

export interface MaintenanceOptions {
  directory: string;
  keep: StoreKeep;
  days: DayFiles;
  exclusive: Exclusive;
  touched: (path: string) => void;
  sync: () => Promise<void>;
  log: (event: StoreEvent) => void;
  /** Forgets some suspects that stand before a time; `false`: none is left. */
  deleteSuspects: (timeMs: number) => boolean;
}

export interface Maintenance {
  run(nowMs: number): Promise<void>;
  /** Resolves when a run under way has ended, at its next step. */
  stop(): Promise<void>;
}

/** Each step is short and lets writes in between; two runs do not overlap. */
export function createMaintenance(options: MaintenanceOptions): Maintenance {
  const { directory, keep, days, exclusive } = options;
  const runs = createExclusive();
  let isStopped = false;

  /** Copies a day into its month and year. Gives up for now if something late comes meanwhile. */
  const archive = async ({ firstDay: day, path: dayPath }: StoreFile): Promise<void> => {
    if (await exclusive.run(async () => days.isArchived(day))) return;
    const paths = pathsOf(directory, day, dayPath);
    options.touched(paths.monthPath);
    options.touched(paths.yearPath);
    let openings = 0;
    const copy = await exclusive.run(async () => {
      await days.roll(day, () => minutesOfDay);
      await days.release(day);
      openings = days.openings(day);
      return openDayCopy(day, paths);
    });
    const isCurrent = (): boolean => !isStopped && days.openings(day) === openings;
    try {
      while (await exclusive.run(async () => isCurrent() && copy.step())) await nextTurn();
      await exclusive.run(async () => {
        if (isCurrent()) copy.mark();
      });
    } finally {
      copy.close();
    }
  };

  /** A damaged file stops no other day. */
  const tryArchive = async (file: StoreFile): Promise<void> => {
    try {
      await archive(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      options.log({ kind: "copyFailed", path: file.path, error });
    }
  };

  /** Something late may have come since: then the next run copies it first. */
  const removeDays = async (files: readonly StoreFile[]): Promise<void> => {
    for (const file of files) {
      await exclusive.run(async () => {
        if (!days.isOpen(file.firstDay) && days.isArchived(file.firstDay)) removeFile(file);
      });
    }
  };

  const remove = (files: readonly StoreFile[]): Promise<void> =>
    exclusive.run(async () => files.forEach(removeFile));

  const runOnce = async (nowMs: number): Promise<void> => {
    const today = dayOf(nowMs);
    const before = listFiles(directory);
    for (const file of before.days) {
      if (!isStopped && file.endDay + archivedAfterDays <= today) await tryArchive(file);
    }
    if (isStopped) return;
    // Nothing is deleted before its copy is on disk.
    await options.sync();
    const archived = before.days.filter(({ firstDay }) => days.isArchived(firstDay));
    await removeDays(archived.filter((one) => one.endDay <= today - keep.rawDays));
    await remove(before.months.filter((one) => one.endDay <= today - keep.minuteDays));
    await remove(before.years.filter((one) => one.endDay <= today - keep.hourDays));
    const oldestMs = (today - keep.rawDays) * dayMs;
    const forget = async (): Promise<boolean> => !isStopped && options.deleteSuspects(oldestMs);
    while (await exclusive.run(forget)) await nextTurn();
  };

  return {
    run: (nowMs) => runs.run(() => runOnce(nowMs)),
    stop() {
      isStopped = true;
      return runs.run(async () => undefined);
    },
  };
}

function removeFile(file: StoreFile): void {
  // The log first: without it the rest is an older state, alone it is none.
  for (const suffix of ["-wal", "-shm", ""]) rmSync(file.path + suffix, { force: true });
}

function pathsOf(directory: string, day: number, ownPath: string): DayCopyPaths {
  return {
    dayPath: ownPath,
    monthPath: monthPath(directory, day),
    yearPath: yearPath(directory, day),
  };
}
