import { byteWindow, type ByteWindow, crc32 } from "./crc.ts";
import type { RecordSeeds } from "./record.ts";

export const FORMAT_VERSION = 1;
const MAGIC_HEADER = Buffer.from("NADIJRNL", "latin1");
const MAGIC_FOOTER = Buffer.from("NADISEAL", "latin1");
const HEADER_COPY_BYTES = 64;
/** The header stands twice, so that one flipped bit there costs nothing. */
export const SEGMENT_HEADER_BYTES = 2 * HEADER_COPY_BYTES;
export const SEGMENT_FOOTER_BYTES = 64;
const CRC_AT = HEADER_COPY_BYTES - 4;
const UINT32 = 0x1_0000_0000;
const FLAG_PREVIOUS_FENCED = 1;

/** What a segment says of itself and of the one before it. */
export interface SegmentHeader {
  firstOffset: number;
  seeds: RecordSeeds;
  /** The last synced offset before this segment: what lies beyond it in the one before is void. */
  previousSyncedOffset: number;
  /** The newest received time before this segment, or -Infinity. */
  previousTimeMs: number;
  /** The one before it failed to write or sync, and therefore has no footer. */
  isPreviousFenced: boolean;
}

/** What a finished segment says at its end; keeps the seeds a third time. */
export interface SegmentFooter {
  firstOffset: number;
  lastOffset: number;
  /** Where the records end and this footer begins. */
  recordsEnd: number;
  lastTimeMs: number;
  seeds: RecordSeeds;
}

const SEGMENT_NAME = /^(\d{16})\.seg$/;

/** 16 digits hold every offset up to 2^53, and names sort as offsets do. */
export function segmentName(firstOffset: number): string {
  return `${String(firstOffset).padStart(16, "0")}.seg`;
}

/** The offset in a segment's name, or null for any other file. */
export function segmentNameOffset(name: string): number | null {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  const offset = Number(digits ?? Number.NaN);
  return Number.isSafeInteger(offset) && offset > 0 ? offset : null;
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const window = byteWindow(Buffer.alloc(SEGMENT_HEADER_BYTES));
  const { bytes, view } = window;
  MAGIC_HEADER.copy(bytes, 0);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, header.isPreviousFenced ? FLAG_PREVIOUS_FENCED : 0, true);
  view.setUint32(16, header.seeds.header, true);
  view.setUint32(20, header.seeds.body, true);
  setOffset(view, 24, header.firstOffset);
  setOffset(view, 32, header.previousSyncedOffset);
  view.setFloat64(40, header.previousTimeMs, true);
  view.setUint32(CRC_AT, crc32(window, { start: 0, end: CRC_AT }, 0), true);
  bytes.copyWithin(HEADER_COPY_BYTES, 0, HEADER_COPY_BYTES);
  return bytes;
}

export interface HeaderReading {
  header: SegmentHeader | null;
  /** Copies that don't check; both only if the header is null. */
  damagedCopies: number;
  /** A later version wrote it: it must be left alone, not taken for damage. */
  isNewer: boolean;
}

/** Reads whichever copy is whole. */
export function decodeHeader(bytes: Buffer): HeaderReading {
  const window = byteWindow(bytes);
  const first = decodeHeaderCopy(window, 0);
  const second = decodeHeaderCopy(window, HEADER_COPY_BYTES);
  const damagedCopies = Number(first === null) + Number(second === null);
  const header = first ?? second;
  const isNewer = header !== null && header.version > FORMAT_VERSION;
  return { header: header?.version === FORMAT_VERSION ? header : null, damagedCopies, isNewer };
}

interface VersionedHeader extends SegmentHeader {
  version: number;
}

function decodeHeaderCopy(window: ByteWindow, at: number): VersionedHeader | null {
  const { bytes, view } = window;
  if (bytes.byteLength < at + HEADER_COPY_BYTES) return null;
  if (!MAGIC_HEADER.equals(bytes.subarray(at, at + 8))) return null;
  const crc = crc32(window, { start: at, end: at + CRC_AT }, 0);
  if (crc !== view.getUint32(at + CRC_AT, true)) return null;
  return {
    version: view.getUint32(at + 8, true),
    firstOffset: getOffset(view, at + 24),
    seeds: { header: view.getUint32(at + 16, true), body: view.getUint32(at + 20, true) },
    previousSyncedOffset: getOffset(view, at + 32),
    previousTimeMs: view.getFloat64(at + 40, true),
    isPreviousFenced: (view.getUint32(at + 12, true) & FLAG_PREVIOUS_FENCED) !== 0,
  };
}

export function encodeFooter(footer: SegmentFooter): Buffer {
  const window = byteWindow(Buffer.alloc(SEGMENT_FOOTER_BYTES));
  const { bytes, view } = window;
  MAGIC_FOOTER.copy(bytes, 0);
  setOffset(view, 8, footer.firstOffset);
  setOffset(view, 16, footer.lastOffset);
  setOffset(view, 24, footer.recordsEnd);
  view.setFloat64(32, footer.lastTimeMs, true);
  view.setUint32(40, footer.seeds.header, true);
  view.setUint32(44, footer.seeds.body, true);
  const crc = crc32(window, { start: 0, end: CRC_AT }, footer.seeds.header);
  view.setUint32(CRC_AT, crc, true);
  return bytes;
}

/** The footer at the end of a file of this size, or null when there is none that checks. */
export function decodeFooter(bytes: Buffer, fileBytes: number): SegmentFooter | null {
  const window = byteWindow(bytes);
  const view = window.view;
  if (bytes.byteLength !== SEGMENT_FOOTER_BYTES) return null;
  if (!MAGIC_FOOTER.equals(bytes.subarray(0, 8))) return null;
  const seeds = { header: view.getUint32(40, true), body: view.getUint32(44, true) };
  const crc = crc32(window, { start: 0, end: CRC_AT }, seeds.header);
  if (crc !== view.getUint32(CRC_AT, true)) return null;
  const recordsEnd = getOffset(view, 24);
  if (recordsEnd + SEGMENT_FOOTER_BYTES !== fileBytes) return null;
  return {
    firstOffset: getOffset(view, 8),
    lastOffset: getOffset(view, 16),
    recordsEnd,
    lastTimeMs: view.getFloat64(32, true),
    seeds,
  };
}

function setOffset(view: DataView, at: number, offset: number): void {
  view.setUint32(at, offset % UINT32, true);
  view.setUint32(at + 4, Math.floor(offset / UINT32), true);
}

function getOffset(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * UINT32;
}
