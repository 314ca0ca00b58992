import { JournalError, systemCode } from "./errors.ts";
import { closeQuietly } from "./file-system.ts";
import type { JournalBatch, JournalEntry } from "./journal.ts";
import type { Quarantine } from "./quarantine.ts";
import { decodeRecord, recordBytesAt, type RecordScan } from "./record.ts";
import { findSegment, markPosition, nearestMark, type Segment } from "./segments.ts";
import type { JournalState } from "./state.ts";
import type { Tail } from "./tail.ts";
import { type DamagedRange, type RecordPosition, walkRecords, WINDOW_BYTES } from "./walk.ts";

const WINDOW_BYTES_MIN = 16 * 1024;
/** Where the latest reads ended, one for each consumer that there may be. */
const RESUME_PLACES_MAX = 16;

export interface ReadLimits {
  entriesMax: number;
  bytesMax: number;
}

/** Collects entries until a limit is met; the first one is taken whatever its size. */
function createCollector(fromOffset: number, limits: ReadLimits) {
  const entries: JournalEntry[] = [];
  let bytes = 0;
  return {
    entries,
    /** `false` when the record has to wait for the next batch. */
    take(scan: RecordScan, at: number, recordBytes: number): boolean {
      const isFull = entries.length >= limits.entriesMax || bytes + recordBytes > limits.bytesMax;
      if (isFull && entries.length > 0) return false;
      const entry = decodeRecord(scan.window, at);
      if (entry === null || entry.offset < fromOffset) return true;
      entries.push(entry);
      bytes += recordBytes;
      return true;
    },
  };
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
    let offset = fromOffset;
    while (offset <= syncedOffset) {
      const batch =
        this.#readTail(offset, limits) ?? (await this.#readSegment(offset, syncedOffset, limits));
      if (batch === null) break;
      if (batch.entries.length > 0) return batch;
      offset = batch.nextOffset;
    }
    return { entries: [], nextOffset: Math.max(offset, fromOffset, syncedOffset + 1) };
  }

  #readTail(fromOffset: number, limits: ReadLimits): JournalBatch | null {
    const chunk = this.#tail.find(fromOffset);
    if (chunk === null || chunk.lastOffset > this.#state.syncedOffset) return null;
    const collector = createCollector(fromOffset, limits);
    let offset = chunk.firstOffset;
    for (let at = 0; at < chunk.scan.end; offset++) {
      const recordBytes = recordBytesAt(chunk.scan.window.view, at);
      if (offset >= fromOffset && !collector.take(chunk.scan, at, recordBytes)) break;
      at += recordBytes;
    }
    return { entries: collector.entries, nextOffset: offset };
  }

  /** A batch from one segment, or null when no segment holds the offset or one behind it. */
  async #readSegment(
    fromOffset: number,
    syncedOffset: number,
    limits: ReadLimits,
  ): Promise<JournalBatch | null> {
    const segment = findSegment(this.#state.segments, fromOffset);
    if (segment === null) return null;
    const lastOffset = Math.min(segment.lastOffset, syncedOffset);
    try {
      return await this.#readFile(segment, { fromOffset, lastOffset }, limits);
    } catch (cause) {
      // Trimmed in the meantime: what follows is still there.
      if (systemCode(cause) === "ENOENT" && !this.#state.segments.includes(segment)) {
        return { entries: [], nextOffset: segment.lastOffset + 1 };
      }
      throw new JournalError("JOURNAL_READ_FAILED", `${segment.name} can't be read`, { cause });
    }
  }

  async #readFile(
    segment: Segment,
    range: { fromOffset: number; lastOffset: number },
    limits: ReadLimits,
  ): Promise<JournalBatch> {
    const fromOffset = Math.max(range.fromOffset, segment.firstOffset);
    const known = this.#resumePlaces.get(fromOffset);
    const start = known?.segment === segment ? known : nearestMark(segment, fromOffset);
    const collector = createCollector(fromOffset, limits);
    const damage: DamagedRange[] = [];
    const file = await this.#state.disk.open(`${this.#state.directory}/${segment.name}`, "read");
    try {
      const source = {
        file,
        end: segment.recordsEnd,
        seeds: segment.seeds,
        lastOffset: range.lastOffset,
        windowBytes: Math.min(Math.max(limits.bytesMax, WINDOW_BYTES_MIN), WINDOW_BYTES),
      };
      const end = await walkRecords(source, start, {
        checkedFrom: fromOffset,
        onRecord: (scan, at) =>
          scan.head.offset < fromOffset || collector.take(scan, at, scan.head.recordBytes),
        onDamage: (found) => damage.push(found),
      });
      for (const found of damage) await this.#noteDamage(segment, file, found);
      this.#remember(segment, end);
      return { entries: collector.entries, nextOffset: Math.max(end.offset, fromOffset) };
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
