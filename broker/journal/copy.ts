import { cursorNameOf, encodeCursorFile, readSlots } from "./cursors.ts";
import { JournalError, systemCode } from "./errors.ts";
import {
  closeQuietly,
  createDurably,
  nodeFileSystem,
  type OpenFile,
  readFully,
  writeFully,
} from "./file-system.ts";
import { decodeRecord } from "./record.ts";
import { lastOffsetBefore, readSegmentFacts, type SegmentFacts } from "./segment-facts.ts";
import { SEGMENT_HEADER_BYTES, segmentNameOffset } from "./segment-format.ts";
import { createStats } from "./stats.ts";
import { walkRecords, WINDOW_BYTES } from "./walk.ts";

const disk = nodeFileSystem;
const CURSOR_FILE_BYTES_MAX = 64 * 1024;

export interface CopiedJournal {
  /** The copy's first offset; everything before it had been trimmed. 0: there is no journal. */
  firstOffset: number;
  /** The copy holds every entry up to it and none behind it. */
  lastOffset: number;
}

/**
 * The copy of a journal that another process goes on writing and trimming. What was there when it
 * was opened is held by open descriptors: the running journal may remove such a file, its content
 * stays readable until it is copied, and a copier that is killed leaves nothing behind that would
 * hold the journal, or its quota.
 */
export interface JournalCopy {
  /** Where the consumers stood at some time after the copy had got hold of the journal. */
  readonly cursors: ReadonlyMap<string, number>;
  /**
   * Gets hold of files that are new and copies those that are finished. Call it often: it rejects
   * with `JOURNAL_COPY_OVERTAKEN` when a file may have come and gone since the last call.
   */
  follow(): Promise<void>;
  /** From here on nothing is copied before `finish`, which may have to leave something out. */
  mark(): Promise<void>;
  /**
   * Copies the rest, up to what is there now and before the first change behind the mark whose seq
   * is above `changeSeqMax`; then the cursors. All of it is durable when it resolves.
   */
  finish(changeSeqMax: number): Promise<CopiedJournal>;
  /** Lets the files go. Idempotent. */
  close(): Promise<void>;
}

/**
 * Gets hold of a journal's files.
 * @param paths.from the journal's own folder; one that is missing is an empty journal
 * @param paths.to a folder that exists and is empty
 */
export async function openJournalCopy(paths: { from: string; to: string }): Promise<JournalCopy> {
  const copy = new SegmentsCopy(paths.from, paths.to);
  try {
    await copy.start();
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

interface HeldSegment {
  name: string;
  file: OpenFile;
  facts: SegmentFacts;
  /** Until it is copied: closing a descriptor twice could close another's. */
  isOpen: boolean;
}

/** The valid part of a segment. */
interface Walked {
  /** Where the copy of the file ends. */
  bytes: number;
  lastOffset: number;
  /** A change stands behind it that the copy must not hold. */
  isCut: boolean;
}

class SegmentsCopy implements JournalCopy {
  readonly cursors = new Map<string, number>();
  readonly #from: string;
  readonly #to: string;
  /** In offset order, without a gap. */
  readonly #held: HeldSegment[] = [];
  /** There was no file at all: the first one that comes has none before it. */
  #hasSeenNone = false;
  /** Index of the segment in which the mark lies. */
  #markedAt: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
  }

  /** The cursors last: nothing that they still need has been removed before. */
  async start(): Promise<void> {
    await this.#holdNew();
    for (const name of await listFolder(this.#from)) {
      const cursor = cursorNameOf(name);
      if (cursor === null) continue;
      const nextOffset = await readCursor(`${this.#from}/${name}`);
      if (nextOffset !== null) this.cursors.set(cursor, nextOffset);
    }
  }

  follow(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#holdNew();
      const finished = this.#held.slice(0, this.#markedAt ?? -1);
      for (const segment of finished) await this.#copyWhole(segment);
    });
  }

  mark(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#holdNew();
      this.#markedAt = Math.max(0, this.#held.length - 1);
    });
  }

  async finish(changeSeqMax: number): Promise<CopiedJournal> {
    if (this.#markedAt === null) await this.mark();
    await this.follow();
    const rest = this.#held.slice(this.#markedAt ?? 0);
    for (const segment of rest) {
      segment.facts = await readSegmentFacts(segment.file, segment.name, createStats());
    }
    let lastOffset = 0;
    for (const [index, segment] of rest.entries()) {
      const walked = await walk(segment, { next: rest[index + 1], changeSeqMax });
      await this.#copyBytes(segment, walked.bytes);
      ({ lastOffset } = walked);
      if (walked.isCut) break;
    }
    for (const [name, nextOffset] of this.cursors) {
      const place = { directory: this.#to, name: `${name}.cursor` };
      await closeQuietly(await createDurably(disk, place, encodeCursorFile(nextOffset)));
    }
    await disk.syncDirectory(this.#to);
    const first = this.#held[0];
    const firstOffset = first?.facts.firstOffset ?? segmentNameOffset(first?.name ?? "");
    return { firstOffset: firstOffset ?? 0, lastOffset };
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const segment of this.#held) await letGo(segment);
    });
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(task);
    // Its caller hears of a failure; the next task waits for its end alone.
    this.#turn = result.catch(() => null);
    return result;
  }

  /**
   * Files are removed from the front, one by one: while the last known one is there, none behind it
   * can have gone. Newest first, so that what is opened has no gap.
   */
  async #holdNew(): Promise<void> {
    const last = this.#held.at(-1);
    const names = (await listFolder(this.#from))
      .filter((name) => segmentNameOffset(name) !== null)
      .toSorted();
    if (last !== undefined && !names.includes(last.name)) throw overtaken();
    const opened: HeldSegment[] = [];
    try {
      for (const name of names.toReversed()) {
        if (last !== undefined && name <= last.name) break;
        const file = await openForReading(`${this.#from}/${name}`);
        // With it went all before it, or it was empty.
        if (file === null && last === undefined) continue;
        if (file === null) throw overtaken();
        const segment = { name, file, facts: unknownFacts, isOpen: true };
        opened.unshift(segment);
        segment.facts = await readSegmentFacts(file, name, createStats());
        // Being created: it holds nothing yet, and is looked at again.
        if (isUnborn(segment.facts)) await closeQuietly(opened.shift()?.file ?? file);
      }
    } catch (error) {
      for (const segment of opened) await closeQuietly(segment.file);
      throw error;
    }
    const before = opened[0]?.facts.header?.previousSyncedOffset ?? 0;
    if (this.#hasSeenNone && before > 0) {
      for (const segment of opened) await closeQuietly(segment.file);
      throw overtaken();
    }
    this.#hasSeenNone = this.#held.length + opened.length === 0;
    this.#held.push(...opened);
  }

  /** One that has a successor is not written any more. */
  async #copyWhole(segment: HeldSegment): Promise<void> {
    if (segment.isOpen) await this.#copyBytes(segment, await segment.file.sizeBytes());
  }

  async #copyBytes(segment: HeldSegment, bytes: number): Promise<void> {
    const target = await disk.open(`${this.#to}/${segment.name}`, "create");
    try {
      const window = Buffer.allocUnsafe(Math.min(bytes, WINDOW_BYTES));
      for (let position = 0; position < bytes; position += window.byteLength) {
        const part = window.subarray(0, Math.min(window.byteLength, bytes - position));
        const read = await readFully(segment.file, part, position);
        await writeFully(target, part.subarray(0, read), position);
      }
      await target.dataSync();
    } finally {
      await closeQuietly(target);
    }
    await letGo(segment);
  }
}

const unknownFacts: SegmentFacts = {
  name: "",
  bytes: 0,
  firstOffset: null,
  seeds: { header: 0, body: 0 },
  header: null,
  footer: null,
};

/**
 * Finds where a segment's records end. Bytes below the size that was read are whole: an append
 * moves the end of the file behind its data.
 */
async function walk(
  { file, facts, name }: HeldSegment,
  options: { next: HeldSegment | undefined; changeSeqMax: number },
): Promise<Walked> {
  const { firstOffset, footer, bytes, seeds } = facts;
  const lastOffset = lastOffsetBefore(facts, options.next?.facts);
  // Nothing in it can be read: the next start puts it into quarantine, as it does here.
  if (firstOffset === null) {
    return { bytes, lastOffset: segmentNameOffset(name) ?? 0, isCut: false };
  }
  const end = footer?.recordsEnd ?? bytes;
  let isCut = false;
  const found = await walkRecords(
    { file, end, seeds, lastOffset, windowBytes: WINDOW_BYTES },
    { position: SEGMENT_HEADER_BYTES, offset: firstOffset },
    {
      checkedFrom: 0,
      onRecord(scan, at) {
        const entry = decodeRecord(scan.window, at);
        isCut = entry?.kind === "change" && entry.changeSeq > options.changeSeqMax;
        return !isCut;
      },
      // It is copied as it is: the next start counts it.
      onDamage: () => {},
    },
  );
  const isActive = options.next === undefined && footer === null;
  return {
    bytes: isCut || isActive ? found.position : bytes,
    lastOffset: found.offset - 1,
    isCut,
  };
}

function isUnborn(facts: SegmentFacts): boolean {
  return facts.firstOffset === null && facts.bytes <= SEGMENT_HEADER_BYTES;
}

async function letGo(segment: HeldSegment): Promise<void> {
  if (!segment.isOpen) return;
  segment.isOpen = false;
  await closeQuietly(segment.file);
}

async function readCursor(path: string): Promise<number | null> {
  const file = await openForReading(path);
  if (file === null) return null;
  try {
    const bytes = Buffer.alloc(Math.min(await file.sizeBytes(), CURSOR_FILE_BYTES_MAX));
    await readFully(file, bytes, 0);
    return readSlots(bytes).newest?.nextOffset ?? null;
  } finally {
    await closeQuietly(file);
  }
}

async function openForReading(path: string): Promise<OpenFile | null> {
  try {
    return await disk.open(path, "read");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await disk.list(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function overtaken(): JournalError {
  return new JournalError(
    "JOURNAL_COPY_OVERTAKEN",
    "the journal was written and trimmed faster than it was followed: copy it again",
  );
}
