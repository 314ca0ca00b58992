import type { ByteWindow } from "./crc.ts";
import { JournalError, systemCode } from "./errors.ts";
import { closeQuietly } from "./file-system.ts";
import type { JournalBatch, JournalEntry } from "./journal.ts";
import type { Quarantine } from "./quarantine.ts";
import type { NameCache } from "./names.ts";
import { decodeRecord, namesAhead, recordBytesAt } from "./record.ts";
import { findSegment, markPosition, nearestMark, type Segment } from "./segments.ts";
import type { JournalState } from "./state.ts";
import type { Tail } from "./tail.ts";
import { type DamagedRange, type RecordPosition, walkRecords, WINDOW_BYTES } from "./walk.ts";

/** Records whose names are looked for together: see `NameCache.fetch`. */
const RECORDS_AHEAD = 64;
const WINDOW_BYTES_MIN = 16 * 1024;
/** Where the latest reads ended, one for each consumer that there may be. */
const RESUME_PLACES_MAX = 16;

export interface ReadLimits {
  entriesMax: number;
  bytesMax: number;
}

/** Collects entries until a limit is met; the first one is taken whatever its size. */
export class Collector {
  readonly entries: JournalEntry[] = [];
  readonly fromOffset: number;
  readonly #limits: ReadLimits;
  readonly #names: NameCache | null;
  #bytes = 0;
  isFull = false;
  /** Names up to there have been asked for. */
  #fetched: { window: ByteWindow; end: number } | null = null;

  constructor(fromOffset: number, limits: ReadLimits, names: NameCache | null = null) {
    this.fromOffset = fromOffset;
    this.#limits = limits;
    this.#names = names;
  }

  /** What may still come; at least one record, so that reading ends by `isFull`. */
  get left(): ReadLimits {
    return {
      entriesMax: Math.max(1, this.#limits.entriesMax - this.entries.length),
      bytesMax: Math.max(1, this.#limits.bytesMax - this.#bytes),
    };
  }

  /** `false` when the record has to wait for the next batch. */
  take(window: ByteWindow, at: number, recordBytes: number): boolean {
    const { entriesMax, bytesMax } = this.#limits;
    this.isFull = this.entries.length >= entriesMax || this.#bytes + recordBytes > bytesMax;
    if (this.isFull && this.entries.length > 0) return false;
    if (this.#names !== null) this.#fetchNames(this.#names, window, at);
    const entry = decodeRecord(window, at, this.#names);
    if (entry === null || entry.offset < this.fromOffset) return true;
    this.entries.push(entry);
    this.#bytes += recordBytes;
    return true;
  }

  #fetchNames(names: NameCache, window: ByteWindow, at: number): void {
    const fetched = this.#fetched;
    if (fetched !== null && fetched.window === window && at < fetched.end) return;
    const { places, end } = namesAhead(window, at, RECORDS_AHEAD);
    names.fetch(window, places);
    this.#fetched = { window, end: Math.max(end, at + 1) };
  }
}

/** Serves consumers: from memory what is new, from the files what is not. */
export class Reader {
  readonly #state: JournalState;
  readonly #tail: Tail;
  readonly #quarantine: Quarantine;
  readonly #resumePlaces = new Map<number, RecordPosition & { segment: Segment }>();

  constructor(parts: { state: JournalState; tail: Tail; quarantine: Quarantine }) {
    this.#state = parts.state;
    this.#tail = parts.tail;
    this.#quarantine = parts.quarantine;
  }

  async read(fromOffset: number, limits: ReadLimits): Promise<JournalBatch> {
    // What is synced now: more may come while the disk is read, and must be announced first.
    const syncedOffset = this.#state.syncedOffset;
    const collector = new Collector(fromOffset, limits);
    let offset: number | null = fromOffset;
    while (offset !== null && offset <= syncedOffset) {
      offset =
        this.#readTail(offset, collector) ??
        (await this.#readSegment(offset, { collector, syncedOffset }));
      if (collector.isFull && offset !== null)
        return { entries: collector.entries, nextOffset: offset };
    }
    const nextOffset = Math.max(offset ?? 0, fromOffset, syncedOffset + 1);
    return { entries: collector.entries, nextOffset };
  }

  /** Where to go on, or null when the offset is not in memory. */
  #readTail(fromOffset: number, collector: Collector): number | null {
    const part = this.#tail.copy(fromOffset, collector.left);
    if (part === null) return null;
    let offset = part.firstOffset;
    for (let at = 0; at < part.window.bytes.byteLength; offset++) {
      const recordBytes = recordBytesAt(part.window.view, at);
      if (!collector.take(part.window, at, recordBytes)) break;
      at += recordBytes;
    }
    return offset;
  }

  /** Where to go on, or null when no segment holds the offset or one behind it. */
  async #readSegment(
    fromOffset: number,
    read: { collector: Collector; syncedOffset: number },
  ): Promise<number | null> {
    const segment = findSegment(this.#state.segments, fromOffset);
    if (segment === null) return null;
    const lastOffset = Math.min(segment.lastOffset, read.syncedOffset);
    try {
      return await this.#readFile(segment, { fromOffset, lastOffset }, read.collector);
    } catch (cause) {
      // Trimmed in the meantime: what follows is still there.
      if (systemCode(cause) === "ENOENT" && segment.isLeaving) {
        return segment.lastOffset + 1;
      }
      throw new JournalError("JOURNAL_READ_FAILED", `${segment.name} can't be read`, { cause });
    }
  }

  async #readFile(
    segment: Segment,
    range: { fromOffset: number; lastOffset: number },
    collector: Collector,
  ): Promise<number> {
    const fromOffset = Math.max(range.fromOffset, segment.firstOffset);
    const known = this.#resumePlaces.get(fromOffset);
    const start = known?.segment === segment ? known : nearestMark(segment, fromOffset);
    const damage: DamagedRange[] = [];
    const file = await this.#state.disk.open(`${this.#state.directory}/${segment.name}`, "read");
    try {
      const source = {
        file,
        end: segment.recordsEnd,
        seeds: segment.seeds,
        lastOffset: range.lastOffset,
        windowBytes: Math.min(Math.max(collector.left.bytesMax, WINDOW_BYTES_MIN), WINDOW_BYTES),
      };
      const end = await walkRecords(source, start, {
        checkedFrom: fromOffset,
        onRecord: (scan, at) =>
          scan.head.offset < fromOffset || collector.take(scan.window, at, scan.head.recordBytes),
        onDamage: (found) => damage.push(found),
      });
      for (const found of damage) await this.#noteDamage(segment, file, found);
      this.#remember(segment, end);
      return Math.max(end.offset, fromOffset);
    } finally {
      await closeQuietly(file);
    }
  }

  async #noteDamage(
    segment: Segment,
    file: Parameters<Quarantine["copyRange"]>[0]["file"],
    range: DamagedRange,
  ): Promise<void> {
    if (segment.damagedAt.has(range.position)) return;
    segment.damagedAt.add(range.position);
    this.#state.stats.damagedRecords += range.records;
    const source = { name: segment.name, file };
    await this.#quarantine.copyRange(source, { start: range.position, end: range.end });
  }

  #remember(segment: Segment, place: RecordPosition): void {
    markPosition(segment, place);
    this.#resumePlaces.set(place.offset, { ...place, segment });
    const oldest = this.#resumePlaces.keys().next();
    if (this.#resumePlaces.size > RESUME_PLACES_MAX && !oldest.done)
      this.#resumePlaces.delete(oldest.value);
  }
}
