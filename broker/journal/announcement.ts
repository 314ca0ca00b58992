import { isEmptySegment } from "./segments.ts";
import type { JournalState } from "./state.ts";

/**
 * How far the journal may be read in its files, as plain numbers for another thread. An older one
 * stays true: it only shows less.
 */
export interface JournalAnnouncement {
  /** All that lies at or below is settled: on disk, or void for ever. */
  syncedOffset: number;
  /** Names the file of the newest synced entry; 0 while there is none. */
  activeFirstOffset: number;
  /** The newest synced entry. Below `syncedOffset` where a start has jumped over offsets. */
  activeLastOffset: number;
  /** Where the records of that file end, so that a reader fetches no more than there is. */
  activeEndBytes: number;
}

export const emptyAnnouncement: JournalAnnouncement = Object.freeze({
  syncedOffset: 0,
  activeFirstOffset: 0,
  activeLastOffset: 0,
  activeEndBytes: 0,
});

export function announce(state: JournalState): JournalAnnouncement {
  const { segments, syncedOffset } = state;
  const active = segments.findLast(
    // The newest file may hold only what is on disk but not answered yet.
    (segment) => !isEmptySegment(segment) && segment.firstOffset <= syncedOffset,
  );
  if (active === undefined) return { ...emptyAnnouncement, syncedOffset };
  return {
    syncedOffset,
    activeFirstOffset: active.firstOffset,
    activeLastOffset: Math.min(active.lastOffset, syncedOffset),
    activeEndBytes: active.recordsEnd,
  };
}
