import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { StoreEvent } from "./day-files.ts";
import { dateOf, dayMs, dayOf, listFiles, minuteMs } from "./files.ts";

/** No clock can rightly show an earlier day: this program was not there. */
const firstDay = dayOf(Date.UTC(2026, 0, 1));
/** Uptime that one doubted day costs: less than the hour of the timer that asks, which jitters. */
const stepIntervalMs = 59 * minuteMs;

/**
 * The day that retention counts from. A host's clock may be years ahead until it is set, and
 * retention that believed it would delete all history. So the day goes from midnight to midnight
 * with the clock, but towards a clock that is further away by one day for each hour of uptime: a
 * wrong hour costs a day of the oldest readings at most, and a machine that was off for a month
 * has tidied up 30 hours later. It is kept in a file, so that starts gain nothing.
 */
export interface UpkeepDay {
  /** Never later than the clock's. */
  follow(nowMs: number): number;
  /** After the deleting: a full disk must not stop that. */
  save(): void;
}

export interface UpkeepDayOptions {
  directory: string;
  /** Counts up with the uptime, whatever happens to the clock. */
  monotonicMs: () => number;
  log: (event: StoreEvent) => void;
}

export function createUpkeepDay({ directory, monotonicMs, log }: UpkeepDayOptions): UpkeepDay {
  const place = path.join(directory, "upkeep-day");
  let day: number | null = null;
  let saved: number | null = null;
  let stepAtMs = monotonicMs() + stepIntervalMs;
  const step = (apart: number): number => {
    if (Math.abs(apart) <= 1) return apart;
    if (monotonicMs() < stepAtMs) return 0;
    stepAtMs = monotonicMs() + stepIntervalMs;
    return Math.sign(apart);
  };
  return {
    follow(nowMs) {
      const clock = dayOf(nowMs);
      day ??= saved = readDay(place);
      // Without the file: nothing is newer than the newest readings, as far as anybody knows.
      day ??= newestDay(directory);
      if (day === null) return clock;
      const apart = clock - day;
      if (Math.abs(apart) > 1)
        log({ kind: "clockDoubted", day: dateOf(day), clock: dateOf(clock) });
      if (clock >= firstDay) day += step(apart);
      return Math.min(day, clock);
    },
    save() {
      if (day === null || day === saved) return;
      // Not synced: an older or a lost one costs some hours, as after a time without power.
      writeFileSync(`${place}.new`, dateOf(day));
      renameSync(`${place}.new`, place);
      saved = day;
    },
  };
}

function readDay(place: string): number | null {
  try {
    const text = readFileSync(place, "utf8");
    return /^\d{4}-\d\d-\d\d$/.test(text) ? believable(Date.parse(text) / dayMs) : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function newestDay(directory: string): number | null {
  const { days, months, years } = listFiles(directory);
  const newest = [days, months, years].map((files) => files.at(-1)?.firstDay ?? 0);
  return believable(Math.max(...newest));
}

function believable(day: number): number | null {
  return day >= firstDay ? day : null;
}
