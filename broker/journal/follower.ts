import type { JournalAnnouncement } from "./announcement.ts";
import { JournalError } from "./errors.ts";
import { blockingReads, type FileSystem } from "./file-system.ts";
import { type FollowedSegment, FollowedSegments } from "./followed-segments.ts";
import type { JournalBatch } from "./journal.ts";
import { NameCache } from "./names.ts";
import { Collector, type ReadLimits } from "./reader.ts";
import { markPosition, nearestMark, type Segment } from "./segments.ts";
import { type RecordPosition, walkRecords, WINDOW_BYTES } from "./walk.ts";

const WINDOW_BYTES_MIN = 16 * 1024;
/** Where the latest reads ended: some for each of the few consumers, who may read again. */
const PLACES_MAX = 16;
/** A first guess at the size of a record. */
const RECORD_BYTES_GUESS = 256;

/** Offsets that can't be read, for the journal's own thread to read, keep as evidence and count. */
export interface JournalDamage {
  firstOffset: number;
  records: number;
}

export interface JournalFollowerOptions {
  /** The journal's own folder. */
  directory: string;
  disk?: FileSystem;
  /** May come more than once for the same offsets: each consumer meets them. */
  onDamage?: (damage: JournalDamage) => void;
}

/** Reads the files of a journal that another thread of this process writes. */
export interface JournalFollower {
  /**
   * As `Journal.read`, over what was announced: no entry beyond it is given. Damage is stepped
   * over. Rejects with `JOURNAL_READ_FAILED` (retryable) or `JOURNAL_CLOSED`.
   */
  read(
    fromOffset: number,
    announced: JournalAnnouncement,
    limits: ReadLimits,
  ): Promise<JournalBatch>;
  close(): Promise<void>;
}

/** Opens nothing yet: the first read does. */
export function openJournalFollower(options: JournalFollowerOptions): JournalFollower {
  return new FileFollower(options);
}

class FileFollower implements JournalFollower {
  readonly #directory: string;
  readonly #onDamage: (damage: JournalDamage) => void;
  readonly #segments: FollowedSegments;
  readonly #places = new Map<number, RecordPosition & { segment: Segment }>();
  readonly #names = new NameCache();
  #recordBytesMean = RECORD_BYTES_GUESS;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: JournalFollowerOptions) {
    this.#directory = options.directory;
    this.#onDamage = options.onDamage ?? (() => undefined);
    this.#segments = new FollowedSegments(options.disk ?? blockingReads, options.directory);
  }

  /** One after another: they share the open files, and the disk gains nothing from two at once. */
  read(
    fromOffset: number,
    announced: JournalAnnouncement,
    limits: ReadLimits,
  ): Promise<JournalBatch> {
    if (this.#isClosed) {
      const message = "the journal's follower is closed";
      return Promise.reject(new JournalError("JOURNAL_CLOSED", message));
    }
    const collector = new Collector(Math.max(1, fromOffset), limits, this.#names);
    const batch = this.#last.then(() => this.#read(collector, announced));
    this.#last = Promise.allSettled([batch]);
    return batch;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#segments.closeFiles();
  }

  async #read(collector: Collector, announced: JournalAnnouncement): Promise<JournalBatch> {
    const { syncedOffset } = announced;
    let offset = collector.fromOffset;
    try {
      while (offset <= syncedOffset) {
        const followed = await this.#segments.find(offset, announced);
        if (followed === null) break;
        // An older announcement bounds also what is known to be longer by now.
        const lastOffset = Math.min(followed.segment.lastOffset, syncedOffset);
        const range = { fromOffset: offset, lastOffset };
        offset = await this.#readSegment(followed, range, collector);
        if (collector.isFull) return { entries: collector.entries, nextOffset: offset };
      }
    } catch (cause) {
      // With files that are opened anew the next attempt may succeed.
      await this.#segments.closeFiles();
      if (cause instanceof JournalError) throw cause;
      const message = `the journal in ${this.#directory} can't be read`;
      throw new JournalError("JOURNAL_READ_FAILED", message, { cause });
    }
    return { entries: collector.entries, nextOffset: Math.max(offset, syncedOffset + 1) };
  }

  async #readSegment(
    followed: FollowedSegment,
    range: { fromOffset: number; lastOffset: number },
    collector: Collector,
  ): Promise<number> {
    const { segment, file, isReadable } = followed;
    const { seeds, recordsEnd: end } = segment;
    const { lastOffset } = range;
    const fromOffset = Math.max(range.fromOffset, segment.firstOffset);
    if (!isReadable) {
      this.#onDamage({ firstOffset: fromOffset, records: lastOffset + 1 - fromOffset });
      return lastOffset + 1;
    }
    const known = this.#places.get(fromOffset);
    const start = known?.segment === segment ? known : nearestMark(segment, fromOffset);
    const isThere = start.offset === fromOffset;
    const windowBytes = isThere ? this.#windowBytes(collector.left) : WINDOW_BYTES;
    const source = { file, end, seeds, lastOffset, windowBytes };
    const place = await walkRecords(source, start, {
      checkedFrom: fromOffset,
      onRecord: (scan, at) =>
        scan.head.offset < fromOffset || collector.take(scan.window, at, scan.head.recordBytes),
      onDamage: ({ firstOffset, records }) => this.#onDamage({ firstOffset, records }),
    });
    this.#remember(segment, start, place);
    return Math.max(place.offset, fromOffset);
  }

  /** About what the limits let through: a window that is read to its end is fetched once. */
  #windowBytes({ entriesMax, bytesMax }: ReadLimits): number {
    const bytes = Math.min(bytesMax, Math.ceil(entriesMax * this.#recordBytesMean * 1.05));
    return Math.min(Math.max(bytes, WINDOW_BYTES_MIN), WINDOW_BYTES);
  }

  #remember(segment: Segment, start: RecordPosition, place: RecordPosition): void {
    const records = place.offset - start.offset;
    if (records > 0) this.#recordBytesMean = (place.position - start.position) / records;
    markPosition(segment, place);
    // Entered anew, so that the oldest is the one not used for longest.
    this.#places.delete(place.offset);
    this.#places.set(place.offset, { ...place, segment });
    const oldest = this.#places.keys().next();
    if (this.#places.size > PLACES_MAX && !oldest.done) this.#places.delete(oldest.value);
  }
}
