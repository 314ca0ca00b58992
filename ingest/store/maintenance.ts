import { rmSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openDayCopy } from "./archive.ts";
import type { DayFiles, StoreEvent } from "./day-files.ts";
import { createExclusive, type Exclusive } from "./exclusive.ts";
import { dayMs, listFiles, minutesOfDay, monthPath, type StoreFile, yearPath } from "./files.ts";
import { isDamage } from "./errors.ts";
import { archivedAfterDays, type StoreKeep } from "./retention.ts";
import type { UpkeepDay } from "./upkeep-day.ts";

export interface MaintenanceOptions {
  directory: string;
  keep: StoreKeep;
  days: DayFiles;
  exclusive: Exclusive;
  upkeepDay: UpkeepDay;
  touched: (path: string) => void;
  sync: () => Promise<void>;
  log: (event: StoreEvent) => void;
  /** Forgets some suspects that stand before a time; `false`: none is left. */
  deleteSuspects: (timeMs: number) => boolean;
}

/** Each step is short and lets writes in between; two runs do not overlap. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #runs = createExclusive();
  #isStopped = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  run(nowMs: number): Promise<void> {
    return this.#runs.run(() => this.#run(nowMs));
  }

  /** Resolves when a run under way has ended, at its next step. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#runs.run(async () => undefined);
  }

  async #run(nowMs: number): Promise<void> {
    const { directory, keep, days, exclusive, upkeepDay } = this.#options;
    const today = upkeepDay.follow(nowMs);
    const files = listFiles(directory);
    for (const file of files.days) {
      if (file.endDay + archivedAfterDays <= today) await this.#tryArchive(file);
    }
    const over = await this.#findCopied(
      files.days.filter((one) => one.endDay <= today - keep.rawDays),
    );
    // Nothing is deleted before its copy is on disk.
    await this.#options.sync();
    if (this.#isStopped) return;
    for (const file of over) {
      await exclusive.run(async () => {
        // Something late may have come since: then the next run copies it first.
        if (!days.isOpen(file.firstDay) && days.isArchived(file.firstDay)) removeFile(file);
      });
    }
    await exclusive.run(async () => {
      const left = listFiles(directory).days;
      // While a day is there its copies stay: they would be made anew with the next run.
      const isOver = (file: StoreFile, keptDays: number): boolean =>
        file.endDay <= today - keptDays && !left.some(({ firstDay }) => holds(file, firstDay));
      files.months.filter((one) => isOver(one, keep.minuteDays)).forEach(removeFile);
      files.years.filter((one) => isOver(one, keep.hourDays)).forEach(removeFile);
    });
    const oldestMs = (today - keep.rawDays) * dayMs;
    const forget = async (): Promise<boolean> =>
      !this.#isStopped && this.#options.deleteSuspects(oldestMs);
    while (await exclusive.run(forget)) await nextTurn();
    upkeepDay.save();
  }

  /** Those whose copies the next sync covers: an ended process may have left them unsynced. */
  async #findCopied(files: readonly StoreFile[]): Promise<StoreFile[]> {
    const { days, exclusive } = this.#options;
    const copied: StoreFile[] = [];
    for (const file of files) {
      await exclusive.run(async () => {
        if (!days.isArchived(file.firstDay)) return;
        this.#touchCopies(file.firstDay);
        copied.push(file);
      });
    }
    return copied;
  }

  #touchCopies(day: number): void {
    const { directory, touched } = this.#options;
    touched(monthPath(directory, day));
    touched(yearPath(directory, day));
  }

  /** A damaged file stops no other day. */
  async #tryArchive(file: StoreFile): Promise<void> {
    if (this.#isStopped) return;
    try {
      await this.#archive(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#options.log({ kind: "copyFailed", path: file.path, error });
    }
  }

  /** Copies a day into its month and year. Gives up for now if something late comes meanwhile. */
  async #archive({ firstDay: day, path: dayPath }: StoreFile): Promise<void> {
    const { directory, days, exclusive } = this.#options;
    if (await exclusive.run(async () => days.isArchived(day))) return;
    const paths = { monthPath: monthPath(directory, day), yearPath: yearPath(directory, day) };
    this.#touchCopies(day);
    let openings = 0;
    const copy = await exclusive.run(async () => {
      await days.roll(day, () => minutesOfDay);
      await days.release(day);
      openings = days.openings(day);
      return openDayCopy(day, { dayPath, ...paths });
    });
    const isCurrent = (): boolean => !this.#isStopped && days.openings(day) === openings;
    try {
      while (await exclusive.run(async () => isCurrent() && copy.step())) await nextTurn();
      await exclusive.run(async () => {
        if (!isCurrent()) return;
        copy.mark();
        // A sync meanwhile has covered no more than the first steps.
        this.#touchCopies(day);
      });
    } finally {
      copy.close();
    }
  }
}

function holds(file: StoreFile, day: number): boolean {
  return file.firstDay <= day && day < file.endDay;
}

function removeFile(file: StoreFile): void {
  // The log first: without it the rest is an older state, alone it is none.
  for (const suffix of ["-wal", "-shm", ""]) rmSync(file.path + suffix, { force: true });
}
