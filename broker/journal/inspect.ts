import { cursorNameOf, readSlots } from "./cursors.ts";
import { systemCode } from "./errors.ts";
import { closeQuietly, type FileSystem, type OpenFile, readFully } from "./file-system.ts";
import type { JournalEntry } from "./journal.ts";
import { decodeRecord } from "./record.ts";
import { lastOffsetBefore, readSegmentFacts, type SegmentFacts } from "./segment-facts.ts";
import { SEGMENT_HEADER_BYTES, segmentNameOffset } from "./segment-format.ts";
import { createStats } from "./stats.ts";
import { type RecordPosition, type RecordVisitor, walkRecords, WINDOW_BYTES } from "./walk.ts";

/** Entries held at once while reading for print. */
const READ_ENTRIES_MAX = 4_096;

export interface SegmentReport {
  file: string;
  firstOffset: number;
  /** Below `firstOffset` while the segment holds nothing. */
  lastOffset: number;
  entries: number;
  bytes: number;
  sealed: boolean;
  fenced?: true;
}

export interface JournalReport {
  segments: SegmentReport[];
  firstOffset: number | null;
  lastOffset: number | null;
  entries: number;
  cursors: { name: string; nextOffset: number; lag: number }[];
  damagedRecords: number;
  bytes: number;
}

/** Where a journal lies, for those who only look at it. */
export interface JournalFolder {
  disk: FileSystem;
  directory: string;
}

/** Reads and checks every record, beside a running `serve` or without one. Writes nothing. */
export async function inspectJournal(folder: JournalFolder): Promise<JournalReport> {
  const segments: SegmentReport[] = [];
  let damagedRecords = 0;
  for (const listed of await listSegments(folder)) {
    let entries = 0;
    const start = { position: SEGMENT_HEADER_BYTES, offset: listed.firstOffset };
    const end = await walkSegment(
      folder,
      { ...listed, start },
      {
        checkedFrom: 0,
        onRecord: () => {
          entries++;
          return true;
        },
        onDamage: (range) => {
          damagedRecords += range.records;
        },
      },
    );
    segments.push({
      file: listed.facts.name,
      firstOffset: listed.firstOffset,
      lastOffset: end.offset - 1,
      entries,
      bytes: listed.facts.bytes,
      sealed: listed.facts.footer !== null,
      ...(listed.isFenced ? { fenced: true as const } : {}),
    });
  }
  const filled = segments.filter((segment) => segment.entries > 0);
  const lastOffset = filled.at(-1)?.lastOffset ?? null;
  return {
    segments,
    firstOffset: filled[0]?.firstOffset ?? null,
    lastOffset,
    entries: segments.reduce((sum, segment) => sum + segment.entries, 0),
    cursors: await readCursors(folder, lastOffset ?? 0),
    damagedRecords,
    bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
  };
}

/**
 * Entries from an offset on, for a process that can't know what the running one has synced: it
 * syncs each file itself before it hands out what it read there.
 */
export async function* readJournal(
  folder: JournalFolder,
  range: { fromOffset: number; entriesMax: number },
): AsyncGenerator<JournalEntry> {
  let left = range.entriesMax;
  for (const listed of await listSegments(folder)) {
    if (listed.lastOffset < range.fromOffset) continue;
    let start: RecordPosition = { position: SEGMENT_HEADER_BYTES, offset: listed.firstOffset };
    while (left > 0) {
      const entriesMax = Math.min(left, READ_ENTRIES_MAX);
      const limits = { fromOffset: range.fromOffset, entriesMax };
      const { entries, end } = await readSome(folder, { ...listed, start }, limits);
      if (entries.length === 0) break;
      yield* entries;
      left -= entries.length;
      start = end;
    }
  }
}

async function readSome(
  folder: JournalFolder,
  listed: ListedSegment & { start: RecordPosition },
  range: { fromOffset: number; entriesMax: number },
): Promise<{ entries: JournalEntry[]; end: RecordPosition }> {
  const entries: JournalEntry[] = [];
  let bytes = 0;
  const end = await walkSegment(folder, listed, {
    checkedFrom: range.fromOffset,
    onRecord(scan, at) {
      if (entries.length >= range.entriesMax || bytes > WINDOW_BYTES) return false;
      if (scan.head.offset < range.fromOffset) return true;
      const entry = decodeRecord(scan.window, at);
      if (entry !== null) entries.push(entry);
      bytes += scan.head.recordBytes;
      return true;
    },
    // What can't be read is left out here; `journal inspect` counts it.
    onDamage: () => {},
  });
  return { entries, end };
}

interface ListedSegment {
  facts: SegmentFacts;
  firstOffset: number;
  /** Infinity for the last segment: its end is wherever its records end. */
  lastOffset: number;
  isFenced: boolean;
}

async function listSegments(folder: JournalFolder): Promise<ListedSegment[]> {
  const found: SegmentFacts[] = [];
  for (const name of (await listFolder(folder)).toSorted()) {
    if (segmentNameOffset(name) === null) continue;
    const facts = await withFile(folder, name, (file) =>
      readSegmentFacts(file, name, createStats()),
    );
    if (facts !== null && facts.firstOffset !== null) found.push(facts);
  }
  return found.map((facts, index) => {
    const next = found[index + 1];
    return {
      facts,
      firstOffset: facts.firstOffset ?? 0,
      lastOffset: lastOffsetBefore(facts, next),
      isFenced: next?.header?.isPreviousFenced ?? false,
    };
  });
}

async function walkSegment(
  folder: JournalFolder,
  listed: ListedSegment & { start: RecordPosition },
  visitor: RecordVisitor,
): Promise<RecordPosition> {
  const { facts, lastOffset, start } = listed;
  const end = await withFile(folder, facts.name, async (file) => {
    const source = {
      file,
      end: facts.footer?.recordsEnd ?? facts.bytes,
      seeds: facts.seeds,
      lastOffset,
      windowBytes: WINDOW_BYTES,
    };
    // The size was taken before this sync, so that what is read up to it is on disk.
    await file.dataSync();
    return walkRecords(source, start, visitor);
  });
  return end ?? start;
}

/** The cursors on disk, and how far each is behind this offset. */
export async function readCursors(
  folder: JournalFolder,
  lastOffset: number,
): Promise<JournalReport["cursors"]> {
  const cursors: JournalReport["cursors"] = [];
  for (const fileName of (await listFolder(folder)).toSorted()) {
    const name = cursorNameOf(fileName);
    if (name === null) continue;
    const bytes = Buffer.alloc(8_192);
    await withFile(folder, fileName, (file) => readFully(file, bytes, 0));
    const nextOffset = readSlots(bytes).newest?.nextOffset;
    if (nextOffset === undefined) continue;
    cursors.push({ name, nextOffset, lag: Math.max(0, lastOffset + 1 - nextOffset) });
  }
  return cursors;
}

async function listFolder(folder: JournalFolder): Promise<string[]> {
  try {
    return await folder.disk.list(folder.directory);
  } catch (error) {
    // No journal has been opened there yet: an empty one.
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** `null` when a running journal has trimmed the file in the meantime. */
async function withFile<Result>(
  folder: JournalFolder,
  name: string,
  use: (file: OpenFile) => Promise<Result>,
): Promise<Result | null> {
  let file: OpenFile;
  try {
    file = await folder.disk.open(`${folder.directory}/${name}`, "read");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await closeQuietly(file);
  }
}
