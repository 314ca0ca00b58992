import { byteWindow, type ByteWindow } from "./crc.ts";
import type { Group } from "./group.ts";
import { recordBytesAt } from "./record.ts";

/** The newest synced groups stay in memory: consumers that keep up cost no disk reads. */
const CHUNKS_MAX = 1_024;

interface TailChunk {
  firstOffset: number;
  lastOffset: number;
  start: number;
  end: number;
}

/** Whole records, copied out of the tail, that begin with `firstOffset`. */
export interface TailPart {
  window: ByteWindow;
  firstOffset: number;
}

export interface Tail {
  /** Keeps a copy of a group that is on disk. */
  push(group: Group, firstOffset: number): void;
  /** Records from an offset on, or null when a read has to go to the disk. */
  copy(offset: number, limits: { entriesMax: number; bytesMax: number }): TailPart | null;
}

/** One ring of memory, written over and over: buffers of their own would wait for the collector. */
export function createTail(bytesMax: number): Tail {
  let ring: ByteWindow | null = null;
  let chunks: TailChunk[] = [];
  let head = 0;

  function makeRoom(bytes: number): void {
    if (head + bytes > bytesMax) {
      // The rest of the ring is skipped, and with it the oldest chunks, which stand there.
      chunks = chunks.filter((chunk) => chunk.start < head);
      head = 0;
    }
    let dropped = Math.max(0, chunks.length + 1 - CHUNKS_MAX);
    while (overlaps(chunks[dropped], head, head + bytes)) dropped++;
    if (dropped > 0) chunks.splice(0, dropped);
  }

  return {
    push(group, firstOffset) {
      if (group.bytes > bytesMax) {
        chunks = [];
        return;
      }
      ring ??= byteWindow(Buffer.allocUnsafeSlow(bytesMax));
      makeRoom(group.bytes);
      group.window.bytes.copy(ring.bytes, head, 0, group.bytes);
      const lastOffset = firstOffset + group.dones.length - 1;
      chunks.push({ firstOffset, lastOffset, start: head, end: head + group.bytes });
      head += group.bytes;
    },
    copy(offset, limits) {
      const chunk = findChunk(chunks, offset);
      return chunk === null || ring === null
        ? null
        : copyRecords(ring, chunk, { offset, ...limits });
    },
  };
}

function overlaps(chunk: TailChunk | undefined, start: number, end: number): boolean {
  return chunk !== undefined && chunk.start < end && chunk.end > start;
}

function findChunk(chunks: readonly TailChunk[], offset: number): TailChunk | null {
  const oldest = chunks[0];
  if (oldest === undefined || offset < oldest.firstOffset) return null;
  let low = 0;
  let high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunks[middle]?.lastOffset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  const chunk = chunks[low];
  return chunk !== undefined && chunk.lastOffset >= offset ? chunk : null;
}

function copyRecords(
  ring: ByteWindow,
  chunk: TailChunk,
  limits: { offset: number; entriesMax: number; bytesMax: number },
): TailPart {
  let start = chunk.start;
  const firstOffset = Math.max(chunk.firstOffset, limits.offset);
  for (let at = chunk.firstOffset; at < firstOffset; at++) start += recordBytesAt(ring.view, start);
  let end = start + recordBytesAt(ring.view, start);
  for (let count = 1; count < limits.entriesMax && end < chunk.end; count++) {
    const next = end + recordBytesAt(ring.view, end);
    if (next - start > limits.bytesMax) break;
    end = next;
  }
  // Entries are views of this copy, so that the ring can go on.
  return { window: byteWindow(Buffer.copyBytesFrom(ring.bytes, start, end - start)), firstOffset };
}
