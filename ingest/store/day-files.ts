import { existsSync, renameSync, statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { holdsDay, unmarkDay } from "./archive.ts";
import type { Checkpointer } from "./checkpointer.ts";
import { monthSchema, yearSchema } from "./database.ts";
import { DayWriter } from "./day-writer.ts";
import { isDamage } from "./errors.ts";
import { dayPath, monthPath, yearPath } from "./files.ts";

/** Live data need one or two; a week's backlog and a clock that runs ahead fit as well. */
export const openDaysMax = 16;
/**
 * A day to which nothing has come for so long is closed: it holds up to 8 MB of pages, the numbers
 * of its series, and three descriptors. Opening it again takes some ms.
 */
export const idleDayMs = 10 * 60_000;
/**
 * Sums in memory, over all days: about 100 MB. Above it the oldest minute is written at once,
 * which costs later readings of that minute an update each.
 */
export const openSumsMax = 500_000;
/** One step of work between two turns of the event loop: about 3 ms. */
const sumsOfStep = 1_000;
const rowsOfStep = 2_000;

export type StoreEvent =
  /** A damaged file was moved aside; a new one takes its place. What it held is not shown. */
  | { kind: "fileSetAside"; path: string; movedTo: string; error: unknown }
  /** A day could not be copied; its own file stays until it is. */
  | { kind: "copyFailed"; path: string; error: unknown }
  /** A day that is no longer written stays open for now. */
  | { kind: "closeFailed"; path: string; error: unknown }
  /** The log of a file grows until a later checkpoint succeeds. */
  | { kind: "checkpointFailed"; path: string; failure: string }
  /** The host's clock has jumped: retention follows it by a day for each hour of uptime. */
  | { kind: "clockDoubted"; day: string; clock: string };

export interface DayFilesOptions {
  directory: string;
  checkpointer: Checkpointer;
  log: (event: StoreEvent) => void;
  /** Hears of each file that is about to be written. */
  touched: (path: string) => void;
  monotonicMs: () => number;
}

/** The days that are open for writing, the least used one closed first. */
export class DayFiles {
  readonly #options: DayFilesOptions;
  /** In the order of use. */
  readonly #open = new Map<number, DayWriter>();
  readonly #usedAtMs = new Map<number, number>();
  /** How often a day was opened: tells a copy that something late came meanwhile. */
  readonly #openings = new Map<number, number>();
  filesSetAside = 0;

  constructor(options: DayFilesOptions) {
    this.#options = options;
  }

  get openDays(): number {
    return this.#open.size;
  }

  openings(day: number): number {
    return this.#openings.get(day) ?? 0;
  }

  isOpen(day: number): boolean {
    return this.#open.has(day);
  }

  paths(): string[] {
    return [...this.#open.values()].map((writer) => writer.path);
  }

  get openSums(): number {
    return [...this.#open.values()].reduce((sum, writer) => sum + writer.openSums, 0);
  }

  /** What `work` says of the day, or `null` if retention has closed it. Damage: once more. */
  async with<Result>(day: number, work: (writer: DayWriter) => Result): Promise<Result | null> {
    try {
      return await this.#try(day, work);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#setDayAside(day, error);
      return await this.#try(day, work);
    }
  }

  /** Writes the sums of minutes below `endMinute` of a day, in steps. */
  async roll(day: number, endMinute: (writer: DayWriter) => number): Promise<void> {
    while (await this.with(day, (writer) => writer.roll(endMinute(writer), sumsOfStep))) {
      await nextTurn();
    }
  }

  async shedSums(): Promise<void> {
    while (this.openSums > openSumsMax) {
      const [day] = [...this.#open].reduce((a, b) => (b[1].openSums > a[1].openSums ? b : a));
      await this.roll(day, (writer) => writer.oldestOpenEnd);
    }
  }

  /** Closes a day, its sums written. Damage found by that is nobody else's: it is moved aside. */
  async release(day: number): Promise<void> {
    const writer = this.#open.get(day);
    if (writer === undefined) return;
    try {
      const end = writer.openEnd;
      while (writer.roll(end, sumsOfStep)) await nextTurn();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#setDayAside(day, error);
      return;
    }
    await this.#options.checkpointer.checkpoint(writer.path);
    this.#close(day);
  }

  /** What stands in the way of it is no failure of what was written to other days. */
  async releaseIdle(): Promise<void> {
    const nowMs = this.#options.monotonicMs();
    for (const [day, writer] of this.#open) {
      if (nowMs - (this.#usedAtMs.get(day) ?? nowMs) < idleDayMs) continue;
      try {
        await this.release(day);
      } catch (error) {
        this.#options.log({ kind: "closeFailed", path: writer.path, error });
        this.#usedAtMs.set(day, nowMs);
      }
    }
  }

  #close(day: number): void {
    this.#open.get(day)?.close();
    this.#open.delete(day);
    this.#usedAtMs.delete(day);
  }

  async releaseAll(): Promise<void> {
    for (const day of this.#open.keys()) await this.release(day);
  }

  async #try<Result>(day: number, work: (writer: DayWriter) => Result): Promise<Result | null> {
    const writer = this.#open.get(day) ?? (await this.#openDay(day));
    if (writer === null) return null;
    this.#open.delete(day);
    this.#open.set(day, writer);
    this.#usedAtMs.set(day, this.#options.monotonicMs());
    this.#options.touched(writer.path);
    return work(writer);
  }

  async #openDay(day: number): Promise<DayWriter | null> {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= openDaysMax && oldest !== undefined) await this.release(oldest);
    const { directory } = this.#options;
    const place = dayPath(directory, day);
    if (this.isArchived(day)) {
      // A new file would hide what the month knows of the day.
      if (!existsSync(place)) return null;
      this.#options.touched(monthPath(directory, day));
      this.#options.touched(yearPath(directory, day));
      unmarkDay(monthPath(directory, day), monthSchema, day);
      unmarkDay(yearPath(directory, day), yearSchema, day);
    }
    this.#options.touched(place);
    this.#openings.set(day, this.openings(day) + 1);
    const writer = new DayWriter(place, day);
    try {
      while (writer.recover(rowsOfStep)) await nextTurn();
    } catch (error) {
      writer.close();
      throw error;
    }
    this.#open.set(day, writer);
    return writer;
  }

  /** Whether the month and the year both hold the day. */
  isArchived(day: number): boolean {
    const { directory } = this.#options;
    // Both are looked at, so that damage to either is found.
    const held = [monthPath(directory, day), yearPath(directory, day)].map((place) => {
      if (!existsSync(place)) return false;
      try {
        return holdsDay(place, day);
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.setAside(place, error);
        return false;
      }
    });
    return held.every(Boolean);
  }

  #setDayAside(day: number, error: unknown): void {
    this.#close(day);
    this.setAside(dayPath(this.#options.directory, day), error);
  }

  /** Its log goes with it: beside a new file it would be taken for that one's. */
  setAside(place: string, error: unknown): void {
    let number = 1;
    while (existsSync(`${place}.corrupt-${number}`)) number += 1;
    const movedTo = `${place}.corrupt-${number}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(place + suffix)) renameSync(place + suffix, movedTo + suffix);
    }
    this.filesSetAside += 1;
    this.#options.log({ kind: "fileSetAside", path: place, movedTo, error });
  }
}

export function logBytes(place: string): number {
  return statSync(`${place}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
