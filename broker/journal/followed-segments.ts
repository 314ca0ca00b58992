import type { JournalAnnouncement } from "./announcement.ts";
import { systemCode } from "./errors.ts";
import { closeQuietly, type FileSystem, type OpenFile } from "./file-system.ts";
import { lastOffsetBefore, readSegmentFacts, type SegmentFacts } from "./segment-facts.ts";
import { segmentNameOffset } from "./segment-format.ts";
import { createSegment, isEmptySegment, type Segment } from "./segments.ts";
import { createStats } from "./stats.ts";

/** Two consumers, each at the end of one file and the start of the next. */
const OPEN_FILES_MAX = 4;

/** A segment file as the follower knows it, bounded by what was announced. */
export interface FollowedSegment {
  segment: Segment;
  file: OpenFile;
  /** `false`: neither header nor footer can be read, so that all of its records are lost. */
  isReadable: boolean;
}

interface Listed {
  segment: Segment;
  file: OpenFile | null;
  isReadable: boolean;
  hasSeeds: boolean;
  /** Its end is final: it is not the active one any more. */
  isBounded: boolean;
}

/** The journal's folder as another thread sees it: what is announced, and nothing beyond. */
export class FollowedSegments {
  readonly #disk: FileSystem;
  readonly #directory: string;
  #listed: Listed[] = [];
  /** Least recently used first. */
  readonly #open = new Set<Listed>();

  constructor(disk: FileSystem, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** The first segment with an entry at or behind this offset, or null. */
  async find(offset: number, announced: JournalAnnouncement): Promise<FollowedSegment | null> {
    const { activeFirstOffset } = announced;
    if (activeFirstOffset === 0) return null;
    if (!this.#listed.some((it) => it.segment.firstOffset === activeFirstOffset)) {
      await this.#list(activeFirstOffset);
    }
    const next = this.#listed.findIndex((it) => it.segment.firstOffset > offset);
    let index = Math.max(0, (next === -1 ? this.#listed.length : next) - 1);
    for (;;) {
      const listed = this.#listed[index];
      if (listed === undefined || listed.segment.firstOffset > activeFirstOffset) return null;
      // A file that is gone has left the list: the next one is in its place now.
      if (!(await this.#bound(listed, announced))) continue;
      const { segment, isReadable } = listed;
      if (!isEmptySegment(segment) && segment.lastOffset >= offset) {
        const file = await this.#fileOf(listed);
        if (file === null) continue;
        return { segment, file, isReadable };
      }
      index++;
    }
  }

  /** Closes the files; they are opened again when they are needed. */
  async closeFiles(): Promise<void> {
    for (const listed of this.#open) await this.#close(listed);
  }

  async #list(activeFirstOffset: number): Promise<void> {
    const known = new Map(this.#listed.map((it) => [it.segment.firstOffset, it]));
    const offsets = (await this.#disk.list(this.#directory))
      .map((name) => segmentNameOffset(name) ?? Infinity)
      // What is being created has no header yet; nothing behind the active one is announced.
      .filter((offset) => offset <= activeFirstOffset || known.has(offset))
      .toSorted((a, b) => a - b);
    this.#listed = offsets.map((offset) => known.get(offset) ?? createListed(offset));
    const kept = new Set(this.#listed);
    // A file that was trimmed gives its space back only when nobody holds it open.
    for (const listed of this.#open) if (!kept.has(listed)) await this.#close(listed);
  }

  /** Finds out where the segment's records end; `false` when its file is gone. */
  async #bound(listed: Listed, announced: JournalAnnouncement): Promise<boolean> {
    const { segment } = listed;
    if (segment.firstOffset === announced.activeFirstOffset) {
      if (!listed.hasSeeds && (await this.#readFacts(listed)) === null) return false;
      if (listed.isBounded) return true;
      segment.lastOffset = announced.activeLastOffset;
      segment.recordsEnd = announced.activeEndBytes;
      return true;
    }
    if (listed.isBounded) return true;
    const facts = await this.#readFacts(listed);
    if (facts === null) return false;
    const next = await this.#nextReadable(listed);
    // Files are trimmed in order: where a later one is gone, this one is too.
    if (next === "gone") {
      await this.#drop(listed);
      return false;
    }
    const limit = lastOffsetBefore(facts, next.facts ?? undefined);
    segment.lastOffset = Math.min(limit, next.firstOffset - 1);
    segment.recordsEnd = facts.footer?.recordsEnd ?? facts.bytes;
    listed.isBounded = true;
    return true;
  }

  /**
   * What says where this one ends. A file that nothing can be read of doesn't: its making may have
   * failed behind a fence, where the offsets before it are void. Its name bounds it all the same.
   */
  async #nextReadable(
    listed: Listed,
  ): Promise<{ firstOffset: number; facts: SegmentFacts | null } | "gone"> {
    const later = this.#listed.slice(this.#listed.indexOf(listed) + 1);
    const firstOffset = later[0]?.segment.firstOffset ?? Infinity;
    for (const next of later) {
      const facts = await this.#readFacts(next);
      if (facts === null) return "gone";
      if (facts.firstOffset !== null) return { firstOffset, facts };
    }
    return { firstOffset, facts: null };
  }

  /** Header and footer as they are now, or null when the file is gone. */
  async #readFacts(listed: Listed): Promise<SegmentFacts | null> {
    const file = await this.#fileOf(listed);
    if (file === null) return null;
    const facts = await readSegmentFacts(file, listed.segment.name, createStats());
    listed.isReadable = facts.firstOffset !== null;
    listed.hasSeeds = true;
    listed.segment.seeds = facts.seeds;
    return facts;
  }

  async #fileOf(listed: Listed): Promise<OpenFile | null> {
    this.#open.delete(listed);
    this.#open.add(listed);
    if (listed.file !== null) return listed.file;
    try {
      listed.file = await this.#disk.open(`${this.#directory}/${listed.segment.name}`, "read");
    } catch (error) {
      this.#open.delete(listed);
      if (systemCode(error) !== "ENOENT") throw error;
      await this.#drop(listed);
      return null;
    }
    const [oldest] = this.#open;
    if (this.#open.size > OPEN_FILES_MAX && oldest !== undefined) await this.#close(oldest);
    return listed.file;
  }

  async #drop(listed: Listed): Promise<void> {
    const index = this.#listed.indexOf(listed);
    if (index >= 0) this.#listed.splice(index, 1);
    await this.#close(listed);
  }

  async #close(listed: Listed): Promise<void> {
    this.#open.delete(listed);
    const { file } = listed;
    listed.file = null;
    if (file !== null) await closeQuietly(file);
  }
}

function createListed(firstOffset: number): Listed {
  return {
    segment: createSegment(firstOffset, { header: 0, body: 0 }),
    file: null,
    isReadable: true,
    hasSeeds: false,
    isBounded: false,
  };
}
