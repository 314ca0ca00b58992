import type { RecordSeeds } from "./record.ts";
import { SEGMENT_HEADER_BYTES, segmentName } from "./segment-format.ts";
import type { RecordPosition } from "./walk.ts";

/** Distance of two remembered places in a segment: what a read may have to step over. */
const MARK_BYTES = 64 * 1024;

/** One segment file as the running journal knows it. */
export interface Segment {
  name: string;
  firstOffset: number;
  /** The last offset that readers may see; below `firstOffset` while there is none. */
  lastOffset: number;
  seeds: RecordSeeds;
  /** Where the records that readers may see end. */
  recordsEnd: number;
  /** All bytes that the file takes. */
  fileBytes: number;
  isSealed: boolean;
  isFenced: boolean;
  /** Its making failed and it could not be removed: a start may find no header in it. */
  isUnborn: boolean;
  /** Every cursor has passed it and its file is being removed: a read may find it gone. */
  isLeaving: boolean;
  /** Sorted places from which a read can start. */
  marks: RecordPosition[];
  /** Places of damage that have been counted. */
  damagedAt: Set<number>;
}

export function createSegment(firstOffset: number, seeds: RecordSeeds): Segment {
  return {
    name: segmentName(firstOffset),
    firstOffset,
    lastOffset: firstOffset - 1,
    seeds,
    recordsEnd: SEGMENT_HEADER_BYTES,
    fileBytes: SEGMENT_HEADER_BYTES,
    isSealed: false,
    isFenced: false,
    isUnborn: false,
    isLeaving: false,
    marks: [{ position: SEGMENT_HEADER_BYTES, offset: firstOffset }],
    damagedAt: new Set(),
  };
}

export function isEmptySegment(segment: Segment): boolean {
  return segment.lastOffset < segment.firstOffset;
}

/** Remembers where a record starts, unless a place close before it is remembered already. */
export function markPosition(segment: Segment, place: RecordPosition): void {
  const index = markIndex(segment, place.offset);
  const below = segment.marks[index];
  if (below !== undefined && place.position - below.position < MARK_BYTES) return;
  segment.marks.splice(index + 1, 0, { position: place.position, offset: place.offset });
}

/** The nearest remembered place at or before an offset. */
export function nearestMark(segment: Segment, offset: number): RecordPosition {
  const mark = segment.marks[markIndex(segment, offset)];
  return mark ?? { position: SEGMENT_HEADER_BYTES, offset: segment.firstOffset };
}

function markIndex(segment: Segment, offset: number): number {
  let low = 0;
  let high = segment.marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const mark = segment.marks[middle];
    if (mark !== undefined && mark.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The first segment that holds an offset at or behind this one, or null. */
export function findSegment(segments: readonly Segment[], offset: number): Segment | null {
  return (
    segments.find((segment) => segment.lastOffset >= offset && !isEmptySegment(segment)) ?? null
  );
}

/** Its file is gone. Not by place: trimming and the writer forget in turns. */
export function forgetSegment(segments: Segment[], segment: Segment): void {
  const index = segments.indexOf(segment);
  if (index >= 0) segments.splice(index, 1);
}

export function totalBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.fileBytes, 0);
}
