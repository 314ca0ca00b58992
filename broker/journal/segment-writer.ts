import { assertInvariant, systemCode } from "./errors.ts";
import { closeQuietly, createDurably, writeFully } from "./file-system.ts";
import type { Group } from "./group.ts";
import { stampRecords } from "./record.ts";
import { encodeFooter, encodeHeader, SEGMENT_FOOTER_BYTES } from "./segment-format.ts";
import {
  createSegment,
  forgetSegment,
  isEmptySegment,
  markPosition,
  type Segment,
} from "./segments.ts";
import type { JournalState } from "./state.ts";

export interface SegmentWriter {
  /**
   * Writes and syncs a group; resolves to its first offset. When it rejects, the file that failed
   * is fenced and never written again, and the group can be given to the next one.
   */
  write(group: Group): Promise<number>;
  /** Ends the active segment and opens the next, so that the first can be trimmed. */
  roll(): Promise<void>;
}

export interface WriterOptions {
  state: JournalState;
  segmentBytesMax: number;
}

export function createSegmentWriter(options: WriterOptions): SegmentWriter {
  const { state } = options;
  return {
    write: (group) => write(options, group),
    async roll() {
      await seal(state);
      await create(state);
    },
  };
}

async function write({ state, segmentBytesMax }: WriterOptions, group: Group): Promise<number> {
  let segment = activeSegment(state);
  if (segment !== null && mustRoll(state, segment, group.bytes - segmentBytesMax)) {
    await seal(state);
    segment = null;
  }
  segment ??= await create(state);
  const firstOffset = state.nextOffset;
  const position = segment.recordsEnd;
  const range = { bytes: group.bytes, firstOffset };
  const count = stampRecords(group.window, range, segment.seeds);
  assertInvariant(count === group.dones.length, "a group has lost an entry");
  // Given now, and never again whatever becomes of this write.
  state.nextOffset = firstOffset + count;
  assertInvariant(Number.isSafeInteger(state.nextOffset), "offsets have run out");
  try {
    await writeGroup(state, group, position);
  } catch (error) {
    await fence(state);
    throw error;
  }
  markPosition(segment, { position, offset: firstOffset });
  segment.lastOffset = state.nextOffset - 1;
  segment.recordsEnd = position + group.bytes;
  segment.fileBytes = segment.recordsEnd;
  state.lastRecordOffset = segment.lastOffset;
  state.lastTimeMs = group.lastTimeMs;
  return firstOffset;
}

/** @param excessBytes by how much the group alone is larger than a segment; mostly negative */
function mustRoll(state: JournalState, segment: Segment, excessBytes: number): boolean {
  if (isEmptySegment(segment)) return segment.firstOffset !== state.nextOffset;
  // Offsets in a segment are consecutive, which is what makes damage in it measurable.
  if (segment.lastOffset + 1 !== state.nextOffset) return true;
  return segment.recordsEnd + excessBytes > 0;
}

async function seal(state: JournalState): Promise<void> {
  const segment = activeSegment(state);
  if (segment === null || state.activeFile === null) return;
  const footer = encodeFooter({
    firstOffset: segment.firstOffset,
    lastOffset: segment.lastOffset,
    recordsEnd: segment.recordsEnd,
    lastTimeMs: state.lastTimeMs,
    seeds: segment.seeds,
  });
  try {
    await writeFully(state.activeFile, footer, segment.recordsEnd);
    await state.activeFile.dataSync();
  } catch (error) {
    await fence(state);
    throw error;
  }
  segment.isSealed = true;
  segment.fileBytes = segment.recordsEnd + SEGMENT_FOOTER_BYTES;
  await closeActive(state);
  state.crashPoint("segment-sealed");
}

async function create(state: JournalState): Promise<Segment> {
  const previous = state.segments.findLast((it) => !isEmptySegment(it));
  const empty = state.segments.filter((it) => isEmptySegment(it) && (it.isFenced || it.isUnborn));
  const segment = createSegment(state.nextOffset, state.newSeeds());
  const header = encodeHeader({
    firstOffset: segment.firstOffset,
    seeds: segment.seeds,
    previousSyncedOffset: state.lastRecordOffset,
    previousTimeMs: state.lastTimeMs,
    isPreviousFenced: previous?.isFenced ?? false,
  });
  const place = { directory: state.directory, name: segment.name };
  try {
    state.activeFile = await createDurably(state.disk, place, header);
  } catch (error) {
    // Another name for the next attempt: this file may be there, whole or in part.
    state.nextOffset++;
    const isGone = systemCode(error) === "EEXIST" || (await removeFile(state, segment.name));
    if (!isGone) state.segments.push({ ...segment, isUnborn: true });
    throw error;
  }
  state.segments.push(segment);
  state.crashPoint("segment-created");
  for (const left of empty) {
    if (await removeFile(state, left.name)) forgetSegment(state.segments, left);
  }
  if (previous?.isFenced === true && !previous.isSealed) await cutTail(state, previous);
  return segment;
}

/**
 * Nothing on the active file is acknowledged again; what was stays readable. An empty one stays too
 * until the next is on disk: its header alone may say where the one before it ends, and up to which
 * offset all are given.
 */
async function fence(state: JournalState): Promise<void> {
  const segment = activeSegment(state);
  if (segment === null) return;
  state.stats.fences++;
  segment.isFenced = true;
  await closeActive(state);
}

function activeSegment(state: JournalState): Segment | null {
  return state.activeFile === null ? null : (state.segments.at(-1) ?? null);
}

async function writeGroup(state: JournalState, group: Group, position: number): Promise<void> {
  const file = state.activeFile;
  assertInvariant(file !== null, "a group is written without a segment");
  state.crashPoint("before-journal-write");
  await writeFully(file, group.window.bytes.subarray(0, group.bytes), position);
  state.crashPoint("after-journal-write");
  await file.dataSync();
  state.crashPoint("after-sync");
}

async function closeActive(state: JournalState): Promise<void> {
  const file = state.activeFile;
  state.activeFile = null;
  if (file !== null) await closeQuietly(file);
}

/** What lies behind the last record is void already: cutting it gives the space back. */
async function cutTail(state: JournalState, segment: Segment): Promise<void> {
  try {
    const file = await state.disk.open(`${state.directory}/${segment.name}`, "update");
    try {
      await file.truncate(segment.recordsEnd);
      await file.dataSync();
      segment.fileBytes = segment.recordsEnd;
    } finally {
      await closeQuietly(file);
    }
  } catch {
    // It stays void: the next segment's header says where this one ends.
    state.stats.unlinkFailures++;
  }
}

/**
 * Removes a file that holds nothing. Where that fails it stays among the segments, an empty one, so
 * that trimming takes it away in its turn: left behind the files that followed it, it would seem to
 * a start to have held what they held.
 */
async function removeFile(state: JournalState, name: string): Promise<boolean> {
  try {
    await state.disk.unlink(`${state.directory}/${name}`);
    await state.disk.syncDirectory(state.directory);
    return true;
  } catch {
    state.stats.unlinkFailures++;
    return false;
  }
}
