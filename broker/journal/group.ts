import { byteWindow, type ByteWindow } from "./crc.ts";
import type { AppendDone } from "./journal.ts";
import { type EncodableEntry, encodeRecord, growWindow, recordBytesMax } from "./record.ts";

/** A buffer larger than this is given back after its group, so that one burst doesn't stay. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** Entries that go to the disk with one write and one sync; used again after it is answered. */
export interface Group {
  window: ByteWindow;
  /** Used bytes of the window. */
  bytes: number;
  /** Who hears of each record, in order; null for the journal's own. */
  dones: (AppendDone | null)[];
  lastTimeMs: number;
}

export function createGroup(): Group {
  return { window: byteWindow(Buffer.alloc(0)), bytes: 0, dones: [], lastTimeMs: 0 };
}

export interface GroupEntry {
  entry: EncodableEntry;
  receivedTimeMs: number;
  done: AppendDone | null;
}

/** Copies the entry's bytes behind those that wait already. */
export function addToGroup(group: Group, item: GroupEntry): void {
  const needed = group.bytes + recordBytesMax(item.entry);
  if (needed > group.window.bytes.byteLength) {
    group.window = growWindow(group.window, group.bytes, needed);
  }
  const place = { at: group.bytes, receivedTimeMs: item.receivedTimeMs };
  group.bytes += encodeRecord(group.window, place, item.entry);
  group.dones.push(item.done);
  group.lastTimeMs = item.receivedTimeMs;
}

export function emptyGroup(group: Group): void {
  group.bytes = 0;
  group.dones = [];
  if (group.window.bytes.byteLength > KEPT_BYTES_MAX) group.window = byteWindow(Buffer.alloc(0));
}
