import { byteWindow, type ByteWindow, crc32Between } from "./crc.ts";
import { assertInvariant } from "./errors.ts";
import type { JournalEntry } from "./journal.ts";
import { decodeNames, type NameCache, type NamesPlace } from "./names.ts";

// A record is a header of fixed size and a body; every number is little-endian. README.md draws it.
export const RECORD_HEADER_BYTES = 40;
const HEADER_CRC_AT = 0;
const BODY_CRC_AT = 4;
const BODY_BYTES_AT = 8;
const KIND_AT = 12;
const QOS_AT = 13;
const PRINCIPAL_BYTES_AT = 14;
const TOPIC_BYTES_AT = 16;
const RESERVED_AT = 18;
const GROUP_INDEX_AT = 20;
const OFFSET_AT = 24;
const TIME_AT = 32;

const KIND_PUBLISH = 1;
const KIND_CHANGE = 2;
const KIND_TICK = 3;
const KIND_CLOCK = 4;

/** A body beyond this is damage, not an entry: far above any packet that the gate lets through. */
export const RECORD_BODY_BYTES_MAX = 16 * 1024 * 1024;
const NAME_BYTES_MAX = 0xffff;
const UINT32 = 0x1_0000_0000;

/** Two secrets of a segment: who doesn't know them can't write a record that passes. */
export interface RecordSeeds {
  header: number;
  body: number;
}

export type EncodableEntry =
  | { kind: "publish"; principal: string; topicName: string; payload: Uint8Array; qos: 0 | 1 | 2 }
  | { kind: "change"; changeSeq: number }
  | { kind: "tick" }
  | { kind: "clock"; stepMs: number };

/** Never less than the entry's record takes: a character is at most three bytes of UTF-8. */
export function recordBytesMax(entry: EncodableEntry): number {
  if (entry.kind !== "publish") return RECORD_HEADER_BYTES + 8;
  const nameCharacters = entry.principal.length + entry.topicName.length;
  return RECORD_HEADER_BYTES + nameCharacters * 3 + entry.payload.byteLength;
}

export function isEncodable(entry: EncodableEntry): boolean {
  if (entry.kind !== "publish") return true;
  return (
    entry.principal.length * 3 <= NAME_BYTES_MAX &&
    entry.topicName.length * 3 <= NAME_BYTES_MAX &&
    recordBytesMax(entry) - RECORD_HEADER_BYTES <= RECORD_BODY_BYTES_MAX
  );
}

export interface RecordPlace {
  at: number;
  receivedTimeMs: number;
}

/** Writes all but offset and checksums, which depend on the segment; returns the bytes taken. */
export function encodeRecord(
  window: ByteWindow,
  place: RecordPlace,
  entry: EncodableEntry,
): number {
  const { bytes, view } = window;
  const start = place.at;
  let end = start + RECORD_HEADER_BYTES;
  let kind = KIND_TICK;
  let qos = 0;
  let principalBytes = 0;
  let topicBytes = 0;
  if (entry.kind === "publish") {
    kind = KIND_PUBLISH;
    qos = entry.qos;
    principalBytes = bytes.write(entry.principal, end, "utf8");
    end += principalBytes;
    topicBytes = bytes.write(entry.topicName, end, "utf8");
    end += topicBytes;
    bytes.set(entry.payload, end);
    end += entry.payload.byteLength;
  } else if (entry.kind === "change") {
    kind = KIND_CHANGE;
    view.setFloat64(end, entry.changeSeq, true);
    end += 8;
  } else if (entry.kind === "clock") {
    kind = KIND_CLOCK;
    view.setFloat64(end, entry.stepMs, true);
    end += 8;
  }
  view.setUint32(start + BODY_BYTES_AT, end - start - RECORD_HEADER_BYTES, true);
  view.setUint8(start + KIND_AT, kind);
  view.setUint8(start + QOS_AT, qos);
  view.setUint16(start + PRINCIPAL_BYTES_AT, principalBytes, true);
  view.setUint16(start + TOPIC_BYTES_AT, topicBytes, true);
  view.setUint16(start + RESERVED_AT, 0, true);
  view.setFloat64(start + TIME_AT, place.receivedTimeMs, true);
  return end - start;
}

/**
 * Gives the records of a group their offsets and checksums for the segment that takes them.
 * A group whose segment has failed is stamped again for the next one.
 */
export function stampRecords(
  window: ByteWindow,
  range: { bytes: number; firstOffset: number },
  seeds: RecordSeeds,
): number {
  const view = window.view;
  let at = 0;
  let index = 0;
  while (at < range.bytes) {
    const bodyStart = at + RECORD_HEADER_BYTES;
    const bodyEnd = bodyStart + view.getUint32(at + BODY_BYTES_AT, true);
    const offset = range.firstOffset + index;
    view.setUint32(at + GROUP_INDEX_AT, index, true);
    view.setUint32(at + OFFSET_AT, offset % UINT32, true);
    view.setUint32(at + OFFSET_AT + 4, Math.floor(offset / UINT32), true);
    const bodyCrc = crc32Between(window, seeds.body, bodyStart, bodyEnd);
    view.setUint32(at + BODY_CRC_AT, bodyCrc, true);
    const headerCrc = crc32Between(window, seeds.header, at + BODY_CRC_AT, bodyStart);
    view.setUint32(at + HEADER_CRC_AT, headerCrc, true);
    at = bodyEnd;
    index++;
  }
  assertInvariant(at === range.bytes, "a group ends inside a record");
  return index;
}

/** What stands at a place of a segment. `short`: the window ends before the header or body does. */
export type RecordState = "valid" | "short" | "bad-header" | "bad-body";

/** One record's header; `parseRecord` fills the same one again, so that scanning allocates none. */
export interface RecordHead {
  offset: number;
  receivedTimeMs: number;
  bodyBytes: number;
  /** Header and body; right also where the body is damaged or not in the window yet. */
  recordBytes: number;
  /** Its place in the group that was synced as one; 0 is the group's first. */
  groupIndex: number;
}

export function createRecordHead(): RecordHead {
  return { offset: 0, receivedTimeMs: 0, bodyBytes: 0, recordBytes: 0, groupIndex: 0 };
}

export interface RecordScan {
  window: ByteWindow;
  /** The window's valid bytes end here. */
  end: number;
  seeds: RecordSeeds;
  head: RecordHead;
}

/** Checks the header at a place; the body's checksum only if asked. */
export function parseRecord(scan: RecordScan, at: number, withBody: boolean): RecordState {
  const { window, head } = scan;
  head.recordBytes = RECORD_HEADER_BYTES;
  if (at + RECORD_HEADER_BYTES > scan.end) return "short";
  if (!isHeaderValid(scan, at)) return "bad-header";
  readHead(window.view, at, head);
  const bodyStart = at + RECORD_HEADER_BYTES;
  const bodyEnd = bodyStart + head.bodyBytes;
  if (bodyEnd > scan.end) return "short";
  if (!withBody) return "valid";
  const crc = crc32Between(window, scan.seeds.body, bodyStart, bodyEnd);
  return crc === window.view.getUint32(at + BODY_CRC_AT, true) ? "valid" : "bad-body";
}

/**
 * A place that could be a header with an offset in this range, by its plain fields. Cheap: it
 * keeps the search after damage from computing a checksum at every byte.
 */
export function looksLikeHeader(view: DataView, at: number, offsets: OffsetRange): boolean {
  if (view.getUint32(at + OFFSET_AT + 4, true) > 0x1f_ffff) return false;
  const offset = readOffset(view, at);
  return (
    offset >= offsets.min &&
    offset <= offsets.max &&
    view.getUint32(at + BODY_BYTES_AT, true) <= RECORD_BODY_BYTES_MAX
  );
}

export interface OffsetRange {
  min: number;
  max: number;
}

function isHeaderValid(scan: RecordScan, at: number): boolean {
  const view = scan.window.view;
  const end = at + RECORD_HEADER_BYTES;
  const crc = crc32Between(scan.window, scan.seeds.header, at + BODY_CRC_AT, end);
  return (
    crc === view.getUint32(at + HEADER_CRC_AT, true) &&
    view.getUint32(at + BODY_BYTES_AT, true) <= RECORD_BODY_BYTES_MAX
  );
}

function readHead(view: DataView, at: number, head: RecordHead): void {
  head.offset = readOffset(view, at);
  head.receivedTimeMs = view.getFloat64(at + TIME_AT, true);
  head.bodyBytes = view.getUint32(at + BODY_BYTES_AT, true);
  head.recordBytes = RECORD_HEADER_BYTES + head.bodyBytes;
  head.groupIndex = view.getUint32(at + GROUP_INDEX_AT, true);
}

function readOffset(view: DataView, at: number): number {
  return view.getUint32(at + OFFSET_AT, true) + view.getUint32(at + OFFSET_AT + 4, true) * UINT32;
}

/**
 * The entry of a valid record. Its payload is a view of the window, not a copy.
 * @param cache where names are looked up, for a reader of many entries
 * @returns null for a kind (or QoS) that a newer version wrote: an older one steps over it
 */
export function decodeRecord(
  window: ByteWindow,
  at: number,
  cache: NameCache | null = null,
): JournalEntry | null {
  const { bytes, view } = window;
  const offset = readOffset(view, at);
  const receivedTimeMs = view.getFloat64(at + TIME_AT, true);
  const body = at + RECORD_HEADER_BYTES;
  switch (view.getUint8(at + KIND_AT)) {
    case KIND_PUBLISH: {
      const topicAt = body + view.getUint16(at + PRINCIPAL_BYTES_AT, true);
      const payloadAt = topicAt + view.getUint16(at + TOPIC_BYTES_AT, true);
      const end = body + view.getUint32(at + BODY_BYTES_AT, true);
      const qos = view.getUint8(at + QOS_AT);
      if (qos !== 0 && qos !== 1 && qos !== 2) return null;
      const place = { start: body, topicAt, end: payloadAt };
      const { principal, topicName } =
        cache === null ? decodeNames(window, place) : cache.read(window, place);
      return {
        kind: "publish",
        offset,
        receivedTimeMs,
        principal,
        topicName,
        payload: bytes.subarray(payloadAt, end),
        qos,
      };
    }
    case KIND_CHANGE:
      return { kind: "change", offset, receivedTimeMs, changeSeq: view.getFloat64(body, true) };
    case KIND_TICK:
      return { kind: "tick", offset, receivedTimeMs };
    case KIND_CLOCK:
      return { kind: "clock", offset, receivedTimeMs, stepMs: view.getFloat64(body, true) };
    default:
      return null;
  }
}

/**
 * Where the names of the next records stand, unchecked: for whoever wants to have looked at them
 * before they are read. Of those that the window holds whole.
 * @returns the places, and where the record behind them begins
 */
export function namesAhead(
  { bytes, view }: ByteWindow,
  from: number,
  recordsMax: number,
): { places: NamesPlace[]; end: number } {
  const places: NamesPlace[] = [];
  let at = from;
  for (let record = 0; record < recordsMax; record += 1) {
    if (at + RECORD_HEADER_BYTES > bytes.length) break;
    const start = at + RECORD_HEADER_BYTES;
    const end = at + recordBytesAt(view, at);
    if (end > bytes.length) break;
    const topicAt = start + view.getUint16(at + PRINCIPAL_BYTES_AT, true);
    const payloadAt = topicAt + view.getUint16(at + TOPIC_BYTES_AT, true);
    if (payloadAt <= end && payloadAt > start) places.push({ start, topicAt, end: payloadAt });
    at = end;
  }
  return { places, end: at };
}

/** The groups' own buffer: grows by doubling, is used again for the next group. */
export function growWindow(window: ByteWindow, used: number, bytesMin: number): ByteWindow {
  let capacity = Math.max(window.bytes.byteLength, 4_096);
  while (capacity < bytesMin) capacity *= 2;
  const grown = Buffer.allocUnsafeSlow(capacity);
  window.bytes.copy(grown, 0, 0, used);
  return byteWindow(grown);
}

/** Bytes of the record at a place that is known to hold a whole one. */
export function recordBytesAt(view: DataView, at: number): number {
  return RECORD_HEADER_BYTES + view.getUint32(at + BODY_BYTES_AT, true);
}
