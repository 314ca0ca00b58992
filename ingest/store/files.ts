import { readdirSync } from "node:fs";
import path from "node:path";

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;
export const minutesOfDay = 1_440;

/** Event times beyond this make no file name: the year 9999 ends here. */
export const eventTimeMsMax = 253_402_300_799_999;

/** Days since 1970, UTC. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / dayMs);
}

/** `2026-11-22`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** File names are made of numbers alone: nothing that a device says gets into a path. */
export function dayPath(directory: string, day: number): string {
  return path.join(directory, `day-${dateOf(day)}.sqlite`);
}

export function monthPath(directory: string, day: number): string {
  return path.join(directory, `month-${dateOf(day).slice(0, 7)}.sqlite`);
}

export function yearPath(directory: string, day: number): string {
  return path.join(directory, `year-${dateOf(day).slice(0, 4)}.sqlite`);
}

export function suspectsPath(directory: string): string {
  return path.join(directory, "suspects.sqlite");
}

export interface StoreFile {
  path: string;
  /** The days that it may hold: `firstDay` ≤ day < `endDay`. */
  firstDay: number;
  endDay: number;
}

export interface StoreFiles {
  days: StoreFile[];
  months: StoreFile[];
  years: StoreFile[];
}

const namePattern = /^(day|month|year)-(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?\.sqlite$/;

/** What lies in the folder, in the order of time. */
export function listFiles(directory: string): StoreFiles {
  const files: StoreFiles = { days: [], months: [], years: [] };
  for (const name of readdirSync(directory).toSorted()) {
    const [, kind, year, month, date] = namePattern.exec(name) ?? [];
    if (kind === undefined) continue;
    const place = path.join(directory, name);
    const [y, m, d] = [Number(year), Number(month ?? 1) - 1, Number(date ?? 1)];
    const firstDay = dayOf(Date.UTC(y, m, d));
    if (kind === "day") files.days.push({ path: place, firstDay, endDay: firstDay + 1 });
    const monthEnd = dayOf(Date.UTC(y, m + 1, 1));
    if (kind === "month") files.months.push({ path: place, firstDay, endDay: monthEnd });
    const yearEnd = dayOf(Date.UTC(y + 1, 0, 1));
    if (kind === "year") files.years.push({ path: place, firstDay, endDay: yearEnd });
  }
  return files;
}
