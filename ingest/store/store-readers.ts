import { ArchiveReader } from "./archive-reader.ts";
import { DayReader } from "./day-reader.ts";
import { isDamage } from "./errors.ts";
import { monthPath, yearPath } from "./files.ts";
import { OpenReaders } from "./open-readers.ts";
import { SuspectTimes } from "./suspect-times.ts";

export interface SqliteHistoryOptions {
  directory: string;
  /** A file that can't be read is left out of the answers: the operator should hear of it. */
  log?: (event: HistoryEvent) => void;
}

export interface HistoryEvent {
  kind: "fileDamaged";
  path: string;
  /** Plain text, since it crosses threads. */
  detail: string;
}

/** The files of the store, opened as they are asked for. */
export interface StoreReaders {
  directory: string;
  days: OpenReaders<DayReader>;
  months: OpenReaders<ArchiveReader>;
  years: OpenReaders<ArchiveReader>;
  suspects: OpenReaders<SuspectTimes>;
  /** `null` if there is no such file, or a damaged one. */
  read<Reader, Result>(
    from: OpenReaders<Reader>,
    path: string,
    work: (reader: Reader) => Result,
  ): Result | null;
}

export function createReaders({ directory, log }: SqliteHistoryOptions): StoreReaders {
  return {
    directory,
    days: new OpenReaders((database) => new DayReader(database)),
    months: new OpenReaders((database) => new ArchiveReader(database, "minute")),
    years: new OpenReaders((database) => new ArchiveReader(database, "hour")),
    suspects: new OpenReaders((database) => new SuspectTimes(database)),
    read(from, path, work) {
      try {
        return from.read(path, work);
      } catch (error) {
        if (!isDamage(error)) throw error;
        log?.({ kind: "fileDamaged", path, detail: String(error) });
        return null;
      }
    },
  };
}

export function closeReaders({ days, months, years, suspects }: StoreReaders): void {
  for (const open of [days, months, years, suspects]) open.close();
}

/** Whether the month and the year both hold the day: then they are right, and quicker. */
export function isArchived(readers: StoreReaders, day: number): boolean {
  const { directory, months, years } = readers;
  const holds = (reader: ArchiveReader): boolean => reader.holds(day);
  return (
    readers.read(years, yearPath(directory, day), holds) === true &&
    readers.read(months, monthPath(directory, day), holds) === true
  );
}
