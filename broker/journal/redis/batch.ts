import { byteWindow, type ByteWindow, crc32 } from "../crc.ts";
import type { JournalEntry, NewEntry } from "../journal.ts";
import type { NameCache } from "../names.ts";
import { type EncodableEntry, growWindow } from "../record.ts";

// A batch is a header and its entries; every number is little-endian. README.md draws it.
const HEADER_BYTES = 10;
const CRC_AT = 0;
const COUNT_AT = 4;
const VERSION_AT = 8;
const RESERVED_AT = 9;
const VERSION = 1;

const ENTRY_BYTES = 9;
const PRINCIPAL_BYTES_AT = 1;
const TOPIC_BYTES_AT = 3;
const PAYLOAD_BYTES_AT = 5;
const KIND_MASK = 0x0f;
const QOS_SHIFT = 4;
const KIND_PUBLISH = 1;
const KIND_CHANGE = 2;
const KIND_TICK = 3;

/** Never less than the entry takes: a character is at most three bytes of UTF-8. */
export function entryBytesMax(entry: EncodableEntry): number {
  if (entry.kind !== "publish") return ENTRY_BYTES + 8;
  const nameCharacters = entry.principal.length + entry.topicName.length;
  return ENTRY_BYTES + nameCharacters * 3 + entry.payload.byteLength;
}

/** Collects entries of one partition; `end` makes it ready to be sent. */
export class BatchWriter {
  #window: ByteWindow = byteWindow(Buffer.alloc(0));
  #bytes = HEADER_BYTES;
  count = 0;

  /** Copies the entry; returns the bytes taken. */
  add(entry: NewEntry): number {
    const needed = this.#bytes + entryBytesMax(entry);
    if (needed > this.#window.bytes.byteLength) {
      this.#window = growWindow(this.#window, this.#bytes, needed);
    }
    const taken = encodeEntry(this.#window, this.#bytes, entry);
    this.#bytes += taken;
    this.count++;
    return taken;
  }

  /** The batch's bytes: a view of its buffer. */
  end(): Buffer {
    const { view, bytes } = this.#window;
    view.setUint32(COUNT_AT, this.count, true);
    view.setUint8(VERSION_AT, VERSION);
    view.setUint8(RESERVED_AT, 0);
    view.setUint32(CRC_AT, crc32(this.#window, { start: COUNT_AT, end: this.#bytes }, 0), true);
    return bytes.subarray(0, this.#bytes);
  }
}

function encodeEntry({ bytes, view }: ByteWindow, start: number, entry: NewEntry): number {
  let end = start + ENTRY_BYTES;
  let kind = KIND_TICK;
  let principalBytes = 0;
  let topicBytes = 0;
  let payloadBytes = 0;
  if (entry.kind === "publish") {
    kind = KIND_PUBLISH | (entry.qos << QOS_SHIFT);
    principalBytes = bytes.write(entry.principal, end, "utf8");
    end += principalBytes;
    topicBytes = bytes.write(entry.topicName, end, "utf8");
    end += topicBytes;
    payloadBytes = entry.payload.byteLength;
    bytes.set(entry.payload, end);
    end += payloadBytes;
  } else if (entry.kind === "change") {
    kind = KIND_CHANGE;
    payloadBytes = 8;
    view.setFloat64(end, entry.changeSeq, true);
    end += payloadBytes;
  }
  view.setUint8(start, kind);
  view.setUint16(start + PRINCIPAL_BYTES_AT, principalBytes, true);
  view.setUint16(start + TOPIC_BYTES_AT, topicBytes, true);
  view.setUint32(start + PAYLOAD_BYTES_AT, payloadBytes, true);
  return end - start;
}

/** A batch as Redis holds it: one entry of the partition's stream. */
export interface StoredBatch {
  /** The offset of its last entry. */
  lastOffset: number;
  receivedTimeMs: number;
  /** By how much the clock was stepped before it, or 0. */
  clockStepMs: number;
  /** The change of the registry that its entries are the first to know, or 0. */
  changeSeq: number;
  bytes: Buffer;
}

/** Who takes what a batch holds; `false` ends it before the entry. */
export type TakeEntry = (entry: JournalEntry, bytes: number) => boolean;

/**
 * Gives each entry of a batch, beginning with those that Redis put before it; of one that is
 * damaged only these, at its last offsets. A payload is a view of the batch, not a copy.
 * @returns the offset at which it was ended, `null` at its end, or `"damaged"`
 */
export function decodeBatch(
  batch: StoredBatch,
  options: { fromOffset: number; names: NameCache },
  take: TakeEntry,
): number | null | "damaged" {
  const window = byteWindow(batch.bytes);
  const { view } = window;
  const { receivedTimeMs, clockStepMs, changeSeq, lastOffset } = batch;
  const isDamaged = !isWhole(window);
  // What was appended behind a damaged batch relies on the change and the step that it brought.
  const entries = isDamaged ? 0 : view.getUint32(COUNT_AT, true);
  let offset = lastOffset - entries + 1;
  if (changeSeq !== 0) offset--;
  if (clockStepMs !== 0) offset--;
  const give = (entry: NewEntry | null, bytes: number): boolean => {
    const isWanted = entry !== null && offset >= options.fromOffset;
    if (isWanted && !take({ ...entry, offset, receivedTimeMs }, bytes)) return false;
    offset++;
    return true;
  };
  if (clockStepMs !== 0 && !give({ kind: "clock", stepMs: clockStepMs }, ENTRY_BYTES)) {
    return offset;
  }
  if (changeSeq !== 0 && !give({ kind: "change", changeSeq }, ENTRY_BYTES)) return offset;
  if (isDamaged) return "damaged";
  let at = HEADER_BYTES;
  for (let index = 0; index < entries; index++) {
    const bytes = entryBytesAt(view, at);
    // What is not wanted is not made an object of.
    const entry = offset < options.fromOffset ? null : decodeEntry(window, at, options.names);
    if (!give(entry, bytes)) return offset;
    at += bytes;
  }
  return null;
}

function isWhole(window: ByteWindow): boolean {
  const { bytes, view } = window;
  if (bytes.byteLength < HEADER_BYTES || view.getUint8(VERSION_AT) !== VERSION) return false;
  const range = { start: COUNT_AT, end: bytes.byteLength };
  return crc32(window, range, 0) === view.getUint32(CRC_AT, true);
}

function entryBytesAt(view: DataView, at: number): number {
  return (
    ENTRY_BYTES +
    view.getUint16(at + PRINCIPAL_BYTES_AT, true) +
    view.getUint16(at + TOPIC_BYTES_AT, true) +
    view.getUint32(at + PAYLOAD_BYTES_AT, true)
  );
}

/** `null` for a kind (or QoS) that a newer version wrote: an older one steps over it. */
function decodeEntry(window: ByteWindow, at: number, cache: NameCache): NewEntry | null {
  const { bytes, view } = window;
  const kind = view.getUint8(at);
  const start = at + ENTRY_BYTES;
  switch (kind & KIND_MASK) {
    case KIND_PUBLISH: {
      const qos = kind >> QOS_SHIFT;
      if (qos !== 0 && qos !== 1 && qos !== 2) return null;
      const topicAt = start + view.getUint16(at + PRINCIPAL_BYTES_AT, true);
      const end = topicAt + view.getUint16(at + TOPIC_BYTES_AT, true);
      const { principal, topicName } = cache.read(window, { start, topicAt, end });
      const payload = bytes.subarray(end, end + view.getUint32(at + PAYLOAD_BYTES_AT, true));
      return { kind: "publish", principal, topicName, payload, qos };
    }
    case KIND_CHANGE:
      return { kind: "change", changeSeq: view.getFloat64(start, true) };
    case KIND_TICK:
      return { kind: "tick" };
    default:
      return null;
  }
}
