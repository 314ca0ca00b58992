import type { CrashPointHook } from "./crash-points.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import type { RecordSeeds } from "./record.ts";
import type { Segment } from "./segments.ts";
import type { JournalStats } from "./stats.ts";

/** What the parts of a running journal share. Only the writer changes segments and offsets. */
export interface JournalState {
  disk: FileSystem;
  directory: string;
  stats: JournalStats;
  crashPoint: CrashPointHook;
  /** Chance: the secrets of a new segment. */
  newSeeds: () => RecordSeeds;
  /** In offset order; the last one is the active one while `activeFile` is open. */
  segments: Segment[];
  activeFile: OpenFile | null;
  /** The next offset to give; grows, also past groups that failed. */
  nextOffset: number;
  /** The offset of the last record on disk: what a new segment's header names. */
  lastRecordOffset: number;
  lastTimeMs: number;
  /** All that lies at or below is settled: on disk, or void for ever. */
  syncedOffset: number;
}
