import { byteWindow } from "./crc.ts";
import type { Group } from "./group.ts";
import type { RecordSeeds } from "./record.ts";
import { createRecordHead, type RecordScan } from "./record.ts";

/** The newest synced groups stay in memory: consumers that keep up cost no disk reads. */
const CHUNKS_MAX = 1_024;

interface TailChunk {
  firstOffset: number;
  lastOffset: number;
  scan: RecordScan;
}

export interface Tail {
  /** Keeps a copy of a group that is on disk. */
  push(group: Group, firstOffset: number): void;
  /** The chunk that holds an offset, or null when a read has to go to the disk. */
  find(offset: number): TailChunk | null;
}

const NO_SEEDS: RecordSeeds = { header: 0, body: 0 };

export function createTail(bytesMax: number): Tail {
  let chunks: TailChunk[] = [];
  let bytes = 0;
  let dropped = 0;

  function drop(): void {
    const first = chunks[dropped];
    if (first === undefined) return;
    bytes -= first.scan.end;
    dropped++;
    // Shifting a long array for each group would cost more than the group.
    if (dropped < CHUNKS_MAX) return;
    chunks = chunks.slice(dropped);
    dropped = 0;
  }

  return {
    push(group, firstOffset) {
      const copy = Buffer.allocUnsafeSlow(group.bytes);
      group.window.bytes.copy(copy, 0, 0, group.bytes);
      const window = byteWindow(copy);
      const scan = { window, end: group.bytes, seeds: NO_SEEDS, head: createRecordHead() };
      chunks.push({ firstOffset, lastOffset: firstOffset + group.dones.length - 1, scan });
      bytes += group.bytes;
      while (bytes > bytesMax || chunks.length - dropped > CHUNKS_MAX) drop();
    },
    find(offset) {
      const oldest = chunks[dropped];
      if (oldest === undefined || offset < oldest.firstOffset) return null;
      let low = dropped;
      let high = chunks.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((chunks[middle]?.lastOffset ?? 0) < offset) low = middle + 1;
        else high = middle;
      }
      const chunk = chunks[low];
      return chunk !== undefined && chunk.lastOffset >= offset ? chunk : null;
    },
  };
}
