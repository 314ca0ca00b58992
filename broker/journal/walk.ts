import { byteWindow } from "./crc.ts";
import { type OpenFile, readFully } from "./file-system.ts";
import {
  createRecordHead,
  looksLikeHeader,
  parseRecord,
  RECORD_HEADER_BYTES,
  type RecordScan,
  type RecordSeeds,
} from "./record.ts";

/** Large enough that a sequential read costs few calls, small beside what a process may use. */
export const WINDOW_BYTES = 1024 * 1024;

/** The part of a segment file in which records may stand. */
export interface RecordSource {
  file: OpenFile;
  /** Records end here: the synced length, the footer's place, or the file's size. */
  end: number;
  seeds: RecordSeeds;
  /** The last offset that counts, or Infinity while a start finds out. */
  lastOffset: number;
  /** Bytes fetched at once; a larger record widens it for itself. */
  windowBytes: number;
}

export interface RecordPosition {
  position: number;
  offset: number;
}

/** Bytes that hold no readable record, and the offsets that are lost with them. */
export interface DamagedRange {
  position: number;
  end: number;
  firstOffset: number;
  records: number;
}

export interface RecordVisitor {
  /** Bodies of records below this offset are stepped over unchecked. */
  checkedFrom: number;
  /** A readable record at `at` of the window; `false` ends the walk before it. */
  onRecord(scan: RecordScan, at: number, position: number): boolean;
  onDamage(range: DamagedRange): void;
}

/** Where a walk ended: the next record would stand there. */
export interface WalkEnd extends RecordPosition {
  /** Bytes behind it that no readable record follows; only when the end was not known. */
  tailBytes: number;
}

/**
 * Visits records in offset order. What can't be read is stepped over if a record with a consistent
 * offset follows, or if the source says that more must have been there.
 */
export async function walkRecords(
  whole: RecordSource,
  start: RecordPosition,
  visitor: RecordVisitor,
): Promise<WalkEnd> {
  const source = { ...whole };
  let { position, offset } = start;
  let base = position;
  let scan = await loadWindow(source, position, source.windowBytes);
  let suspect: RecordPosition | null = null;
  for (;;) {
    if (offset > source.lastOffset) break;
    const at = position - base;
    const state = parseRecord(scan, at, offset >= visitor.checkedFrom);
    if (state === "short" && base + scan.end < source.end) {
      base = position;
      scan = await loadWindow(source, base, Math.max(source.windowBytes, scan.head.recordBytes));
      continue;
    }
    const isExpected = state !== "bad-header" && state !== "short" && scan.head.offset === offset;
    if (isExpected && state === "valid") {
      if (suspect !== null) visitor.onDamage(damagedRange(suspect, { position, offset }));
      suspect = null;
      if (!visitor.onRecord(scan, at, position)) return { position, offset, tailBytes: 0 };
      position += scan.head.recordBytes;
      offset++;
      continue;
    }
    suspect ??= { position, offset };
    if (isExpected) {
      position += scan.head.recordBytes;
      offset++;
      continue;
    }
    const found = await findNextRecord(source, { position, offset });
    if (found === null) return endOfWalk(source, suspect, visitor);
    ({ position, offset } = found);
    if (position < base || position - base >= scan.end) {
      base = position;
      scan = await loadWindow(source, base, source.windowBytes);
    }
  }
  if (suspect !== null) visitor.onDamage(damagedRange(suspect, { position, offset }));
  return { position, offset, tailBytes: 0 };
}

function endOfWalk(source: RecordSource, from: RecordPosition, visitor: RecordVisitor): WalkEnd {
  if (!Number.isFinite(source.lastOffset)) {
    return { ...from, tailBytes: Math.max(0, source.end - from.position) };
  }
  const end = { position: source.end, offset: source.lastOffset + 1 };
  if (end.offset > from.offset) visitor.onDamage(damagedRange(from, end));
  return { ...end, tailBytes: 0 };
}

function damagedRange(from: RecordPosition, to: RecordPosition): DamagedRange {
  return {
    position: from.position,
    end: Math.max(from.position, to.position),
    firstOffset: from.offset,
    records: to.offset - from.offset,
  };
}

/**
 * The next place behind a bad header where a record stands whose offset fits: at least one record
 * is lost, at most as many as find room in between. A payload can't look like one, because it
 * would have to guess the segment's seed.
 */
async function findNextRecord(
  source: RecordSource,
  bad: RecordPosition,
): Promise<RecordPosition | null> {
  let base = bad.position + RECORD_HEADER_BYTES;
  while (base + RECORD_HEADER_BYTES <= source.end) {
    const scan = await loadWindow(source, base, WINDOW_BYTES);
    const lastStart = scan.end - RECORD_HEADER_BYTES;
    for (let at = 0; at <= lastStart; at++) {
      const lostMax = Math.floor((base + at - bad.position) / RECORD_HEADER_BYTES);
      const offsets = {
        min: bad.offset + 1,
        // One beyond: it says where those that count end, though more may stand behind them.
        max: Math.min(bad.offset + lostMax, source.lastOffset + 1),
      };
      if (!looksLikeHeader(scan.window.view, at, offsets)) continue;
      if (parseRecord(scan, at, false) === "bad-header") continue;
      return { position: base + at, offset: scan.head.offset };
    }
    if (lastStart < 0) break;
    base += lastStart + 1;
  }
  return null;
}

async function loadWindow(
  source: RecordSource,
  position: number,
  bytesMin: number,
): Promise<RecordScan> {
  const bytes = Math.max(0, Math.min(bytesMin, source.end - position));
  // A new buffer each time: entries that were read are views of it.
  const window = byteWindow(Buffer.allocUnsafeSlow(bytes));
  const end = await readFully(source.file, window.bytes, position);
  // The file is shorter than it was said to be: what is missing is damage, or the tail.
  if (end < bytes) source.end = position + end;
  return { window, end, seeds: source.seeds, head: createRecordHead() };
}
