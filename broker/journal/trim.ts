import type { Cursors } from "./cursors.ts";
import { forgetSegment, isEmptySegment, type Segment, totalBytes } from "./segments.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import type { JournalState } from "./state.ts";
import { systemCode } from "./errors.ts";
import { SEGMENT_FOOTER_BYTES, SEGMENT_HEADER_BYTES } from "./segment-format.ts";

export interface Trim {
  /** Removes segments that every cursor has passed. Runs one at a time. */
  run(): Promise<void>;
  /** Whether so many bytes fit below the quota, after trimming what can be trimmed. */
  fitsQuota(bytes: number): Promise<boolean>;
}

export function createTrim(options: {
  state: JournalState;
  cursors: Cursors;
  writer: SegmentWriter;
  bytesMax: number;
}): Trim {
  const { state, cursors, writer, bytesMax } = options;
  let last: Promise<void> = Promise.resolve();

  function run(): Promise<void> {
    last = last.then(removeBelowCursors);
    return last;
  }

  async function removeBelowCursors(): Promise<void> {
    // The newest segment stays: its header is where the next offset is remembered.
    for (let first = removable(); first !== null; first = removable()) {
      first.isLeaving = true;
      try {
        await unlinkOnce(`${state.directory}/${first.name}`);
        // One by one, so that a power cut can't leave an older file behind a missing newer one.
        await state.disk.syncDirectory(state.directory);
      } catch (error) {
        if (systemCode(error) === "") throw error;
        state.stats.unlinkFailures++;
        return;
      }
      forgetSegment(state.segments, first);
      state.stats.segmentsTrimmed++;
      state.crashPoint("segment-unlinked");
    }
  }

  async function unlinkOnce(path: string): Promise<void> {
    try {
      await state.disk.unlink(path);
    } catch (error) {
      // `ENOENT`: an earlier attempt removed it, and what failed was the sync that follows.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }

  function removable(): Segment | null {
    const first = state.segments[0];
    const lowest = cursors.lowest();
    if (first === undefined || first === newest() || lowest === null) return null;
    return first.lastOffset < lowest ? first : null;
  }

  function newest(): Segment | undefined {
    return state.segments.findLast((it) => !it.isUnborn);
  }

  async function fitsQuota(bytes: number): Promise<boolean> {
    const needed = bytes + SEGMENT_HEADER_BYTES + SEGMENT_FOOTER_BYTES;
    const fits = (): boolean => totalBytes(state.segments) + needed <= bytesMax;
    if (fits()) return true;
    await run();
    if (fits()) return true;
    const last = newest();
    const isPassed = last !== undefined && last.lastOffset < (cursors.lowest() ?? 0);
    if (!isPassed || isEmptySegment(last)) return false;
    await writer.roll();
    await run();
    return fits();
  }

  return { run, fitsQuota };
}
