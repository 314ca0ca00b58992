import {
  closeQuietly,
  type FileSystem,
  type OpenFile,
  readFully,
  writeFully,
} from "./file-system.ts";
import type { Quarantine } from "./quarantine.ts";
import { RECORD_HEADER_BYTES } from "./record.ts";
import { readSegmentFacts, type SegmentFacts } from "./segment-facts.ts";
import {
  encodeHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  segmentNameOffset,
} from "./segment-format.ts";
import { createSegment, isEmptySegment, markPosition, type Segment } from "./segments.ts";
import type { JournalStats } from "./stats.ts";
import { walkRecords, WINDOW_BYTES } from "./walk.ts";

/** The journal's folder as a start found and repaired it. */
export interface RecoveredSegments {
  segments: Segment[];
  /** The last segment's file when writing may go on in it. */
  activeFile: OpenFile | null;
  /** No offset below this may be given again. */
  nextOffset: number;
  /** The last offset on disk, or 0. */
  lastOffset: number;
  lastTimeMs: number;
}

export interface RecoveryOptions {
  disk: FileSystem;
  directory: string;
  stats: JournalStats;
  quarantine: Quarantine;
}

/** A file that was taken away, and how many offsets it may have given. */
interface LostFile {
  offset: number;
  records: number;
}

type FoundSegment = SegmentFacts & { firstOffset: number };

/** Reads headers and footers of all segments and the records of the last one only. */
export async function recoverSegments(options: RecoveryOptions): Promise<RecoveredSegments> {
  const listed = (await options.disk.list(options.directory)).toSorted();
  const names = new Set(listed);
  const lost: LostFile[] = [];
  const found: FoundSegment[] = [];
  for (const name of listed) {
    const nameOffset = segmentNameOffset(name);
    if (nameOffset === null) continue;
    const facts = await readFacts(options, name);
    const isKept = facts.firstOffset !== null && (await settleName(options, facts, names));
    if (isKept) found.push({ ...facts, firstOffset: facts.firstOffset ?? nameOffset });
    else lost.push({ offset: nameOffset, records: await dropFile(options, facts) });
  }
  found.sort((a, b) => a.firstOffset - b.firstOffset);
  const segments = found.map((item, index) => boundSegment(options.stats, item, found[index + 1]));
  for (const item of lost) settleLoss(options.stats, segments, item);

  const last = segments.at(-1);
  const tail = last === undefined ? null : await recoverLast(options, last, found.at(-1));
  const newest = segments.findLast((segment) => !isEmptySegment(segment));
  const header = found.at(-1)?.header;
  const lastOffset = newest?.lastOffset ?? 0;
  const nextOffset = Math.max(
    (newest?.lastOffset ?? 0) + 1,
    last?.firstOffset ?? 1,
    (tail?.end.offset ?? 1) + Math.ceil((tail?.end.tailBytes ?? 0) / RECORD_HEADER_BYTES),
    ...lost.map((item) => item.offset + item.records),
    await nextAfterTaken(options.quarantine),
  );
  return {
    segments,
    activeFile: tail?.file ?? null,
    nextOffset,
    lastOffset: Math.max(lastOffset, header?.previousSyncedOffset ?? 0),
    lastTimeMs: tail?.lastTimeMs ?? header?.previousTimeMs ?? Number.NEGATIVE_INFINITY,
  };
}

async function readFacts(options: RecoveryOptions, name: string): Promise<SegmentFacts> {
  const file = await options.disk.open(`${options.directory}/${name}`, "read");
  try {
    return await readSegmentFacts(file, name, options.stats);
  } finally {
    await closeQuietly(file);
  }
}

/** A file whose name is not its own gets it back; `false` when another file has it. */
async function settleName(
  options: RecoveryOptions,
  facts: SegmentFacts,
  names: Set<string>,
): Promise<boolean> {
  const ownName = segmentName(facts.firstOffset ?? 0);
  if (facts.name === ownName) return true;
  if (names.has(ownName)) return false;
  const { disk, directory } = options;
  await disk.rename(`${directory}/${facts.name}`, `${directory}/${ownName}`);
  await disk.syncDirectory(directory);
  names.add(ownName);
  facts.name = ownName;
  return true;
}

/** Takes a file away that can't be read as a segment; returns how many records it may have held. */
async function dropFile(options: RecoveryOptions, facts: SegmentFacts): Promise<number> {
  const { disk, directory, stats, quarantine } = options;
  if (facts.bytes <= SEGMENT_HEADER_BYTES) {
    // Its creation never finished: a record is written only after the header is on disk.
    stats.segmentsUnborn++;
    await disk.unlink(`${directory}/${facts.name}`);
    await disk.syncDirectory(directory);
    return 0;
  }
  await quarantine.moveFile(facts.name);
  return recordsMax(facts.bytes);
}

/**
 * The next offset behind all that the files in quarantine may have given: a start that took one
 * away may have ended before a new file remembered it.
 */
async function nextAfterTaken(quarantine: Quarantine): Promise<number> {
  const taken = await quarantine.takenFiles();
  return Math.max(
    1,
    ...taken.map(({ name, bytes }) => (segmentNameOffset(name) ?? 0) + recordsMax(bytes)),
  );
}

function recordsMax(fileBytes: number): number {
  return Math.ceil((fileBytes - SEGMENT_HEADER_BYTES) / RECORD_HEADER_BYTES);
}

/** A segment before the last one ends where its successor says. */
function boundSegment(
  stats: JournalStats,
  found: FoundSegment,
  next: FoundSegment | undefined,
): Segment {
  const segment = createSegment(found.firstOffset, found.seeds);
  segment.fileBytes = found.bytes;
  segment.recordsEnd = found.footer?.recordsEnd ?? found.bytes;
  segment.isSealed = found.footer !== null;
  if (next === undefined) {
    if (found.footer !== null) segment.lastOffset = found.footer.lastOffset;
    return segment;
  }
  segment.isFenced = next.header?.isPreviousFenced ?? false;
  const limit = next.header?.previousSyncedOffset ?? next.firstOffset - 1;
  segment.lastOffset = Math.min(limit, found.footer?.lastOffset ?? limit);
  // A file in between is missing: what the next one knows to have been on disk is gone.
  if (found.footer !== null) stats.damagedRecords += Math.max(0, limit - found.footer.lastOffset);
  if (found.footer === null && !segment.isFenced && !isEmptySegment(segment)) {
    stats.damagedFooters++;
  }
  return segment;
}

/** Offsets of a file that was taken away are not to be missed in the segment before it. */
function settleLoss(stats: JournalStats, segments: readonly Segment[], lost: LostFile): void {
  const index = segments.findLastIndex((segment) => segment.firstOffset < lost.offset);
  const before = segments[index];
  const after = segments[index + 1];
  if (before !== undefined && after !== undefined) {
    // Behind a footer the gap has been counted already.
    stats.damagedRecords += Math.max(0, before.lastOffset - lost.offset + 1);
    before.lastOffset = Math.min(before.lastOffset, lost.offset - 1);
  }
  // At an end nobody knows how many there were.
  else if (lost.records > 0) stats.damagedRecords++;
}

interface RecoveredTail {
  file: OpenFile | null;
  end: { offset: number; tailBytes: number };
  lastTimeMs: number | null;
}

async function recoverLast(
  options: RecoveryOptions,
  segment: Segment,
  found: FoundSegment | undefined,
): Promise<RecoveredTail> {
  const file = await options.disk.open(`${options.directory}/${segment.name}`, "update");
  try {
    if (!segment.isSealed) return await recoverTail(options, file, { ...found, segment });
    // As the header below: what a failed sync has left of it may be in memory only.
    await rewrite(file, { start: segment.recordsEnd, end: segment.fileBytes });
    await file.dataSync();
    await closeQuietly(file);
    const end = { offset: segment.lastOffset + 1, tailBytes: 0 };
    const lastTimeMs = found?.footer?.lastTimeMs ?? null;
    return { file: null, end, lastTimeMs };
  } catch (error) {
    await closeQuietly(file);
    throw error;
  }
}

/**
 * Finds the last whole record and makes what stands before it durable again. Header and last group
 * are written anew: if the sync of either had failed, memory may hold it as clean while the disk
 * lacks it, and another sync alone would not tell.
 */
async function recoverTail(
  options: RecoveryOptions,
  file: OpenFile,
  { segment, header }: { segment: Segment; header?: SegmentHeader | null },
): Promise<RecoveredTail> {
  const { stats, quarantine } = options;
  const source = {
    file,
    end: segment.fileBytes,
    seeds: segment.seeds,
    lastOffset: Number.POSITIVE_INFINITY,
    windowBytes: WINDOW_BYTES,
  };
  const start = { position: SEGMENT_HEADER_BYTES, offset: segment.firstOffset };
  let lastTimeMs: number | null = null;
  let group = { firstOffset: segment.firstOffset, position: start.position };
  const damage: { start: number; end: number }[] = [];
  const end = await walkRecords(source, start, {
    checkedFrom: 0,
    onRecord({ head }, _at, position) {
      lastTimeMs = head.receivedTimeMs;
      const groupFirst = head.offset - head.groupIndex;
      if (groupFirst !== group.firstOffset) group = { firstOffset: groupFirst, position };
      markPosition(segment, { position, offset: head.offset });
      return true;
    },
    onDamage(range) {
      stats.damagedRecords += range.records;
      segment.damagedAt.add(range.position);
      damage.push({ start: range.position, end: range.end });
    },
  });
  for (const range of damage) await quarantine.copyRange({ name: segment.name, file }, range);
  segment.lastOffset = end.offset - 1;
  segment.recordsEnd = end.position;
  // Both copies, also where one was never written or is damaged.
  if (header) await writeFully(file, encodeHeader(header), 0);
  await rewrite(file, { start: group.position, end: end.position });
  await file.dataSync();
  if (end.tailBytes === 0) return { file, end, lastTimeMs };

  stats.tailsCut++;
  stats.tailBytesCut += end.tailBytes;
  const range = { start: end.position, end: end.position + end.tailBytes };
  await quarantine.copyRange({ name: segment.name, file }, range);
  // The file is not written any more: which offsets its tail had given is not known, so that the
  // next ones start behind all that fit into it. The cut itself comes with the next segment.
  await closeQuietly(file);
  segment.isFenced = true;
  return { file: null, end, lastTimeMs };
}

async function rewrite(file: OpenFile, range: { start: number; end: number }): Promise<void> {
  const bytes = Buffer.allocUnsafe(range.end - range.start);
  const length = await readFully(file, bytes, range.start);
  await writeFully(file, bytes.subarray(0, length), range.start);
}
