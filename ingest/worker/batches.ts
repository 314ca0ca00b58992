import type { JournalBatch, JournalEntry } from "../../broker/index.ts";
import type { DecodedEntry } from "../decode/decoded.ts";
import type { Decoder } from "../decode/decoder.ts";

/** What a consumer takes at a time: some 3 ms of work, so that neither holds up the other. */
export const batchLimits = { entriesMax: 1_000, bytesMax: 1024 * 1024 } as const;

/**
 * Decoded batches that the other consumer may still want. Live batches are small, so that their
 * number counts; in a catch-up what is in them does: an entry, and each reading of an array.
 */
const keptMax = { batches: 256, items: 65_536 } as const;
/** Raw rests of reads that were cut: one for each consumer, and one to spare. */
const restsMax = 3;

export interface DecodedBatch {
  fromOffset: number;
  nextOffset: number;
  /** Changes stand at the end only: what follows is decoded as they left the directory. */
  entries: readonly DecodedEntry[];
}

export interface BatchesOptions {
  /** Reads up to what has been announced. */
  readJournal(fromOffset: number, limits: typeof batchLimits): Promise<JournalBatch>;
  /** The last offset that may be read. */
  syncedOffset(): number;
  decoder: Decoder;
  /** Resolves when the directory is at least as new as this change. */
  followChange(changeSeq: number): Promise<void>;
}

interface Kept {
  batch: Promise<DecodedBatch>;
  /** Entries and readings; 0 until it is decoded. */
  items: number;
}

/** The journal in decoded batches, each decoded once for all who come by. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #kept = new Map<number, Kept>();
  readonly #rests = new Map<number, JournalBatch>();
  /** Where those who read stand. */
  readonly #passed = { monitor: 0, recorder: 0 };
  #keptItems = 0;
  decoded = 0;

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  /** Whether reading from there costs nothing more. */
  has(fromOffset: number): boolean {
    return this.#kept.has(fromOffset);
  }

  /** `null`: nothing has been announced from there on. Rejects as the journal or the records do. */
  read(fromOffset: number): Promise<DecodedBatch> | null {
    const known = this.#kept.get(fromOffset);
    if (known !== undefined) return known.batch;
    if (fromOffset > this.#options.syncedOffset()) return null;
    const kept: Kept = { batch: this.#readNew(fromOffset), items: 0 };
    this.#kept.set(fromOffset, kept);
    void this.#settle(fromOffset, kept);
    return kept.batch;
  }

  /**
   * The consumer will not come back to what lies before: what both have passed is let go. Kept
   * until the bound was reached it would outlive the collector's young generation, all of it.
   */
  passed(consumer: "monitor" | "recorder", nextOffset: number): void {
    this.#passed[consumer] = nextOffset;
    const both = Math.min(this.#passed.monitor, this.#passed.recorder);
    for (const [offset, kept] of this.#kept) {
      if (offset >= both) return;
      this.#drop(offset, kept);
    }
  }

  async #readNew(fromOffset: number): Promise<DecodedBatch> {
    const rest = this.#rests.get(fromOffset);
    const raw = rest ?? (await this.#options.readJournal(fromOffset, batchLimits));
    const end = endOfBatch(raw.entries);
    const entries = end === raw.entries.length ? raw.entries : raw.entries.slice(0, end);
    const last = entries.at(-1);
    const decoded = this.#options.decoder.decode(entries);
    const changeSeq = lastChangeSeq(entries);
    if (changeSeq !== null) await this.#options.followChange(changeSeq);
    this.#rests.delete(fromOffset);
    this.decoded += 1;
    if (last === undefined || end === raw.entries.length) {
      return { fromOffset, nextOffset: raw.nextOffset, entries: decoded };
    }
    const nextOffset = last.offset + 1;
    this.#keepRest(nextOffset, { entries: raw.entries.slice(end), nextOffset: raw.nextOffset });
    return { fromOffset, nextOffset, entries: decoded };
  }

  async #settle(fromOffset: number, kept: Kept): Promise<void> {
    try {
      const { entries } = await kept.batch;
      if (this.#kept.get(fromOffset) === kept) this.#keep(kept, countItems(entries));
    } catch {
      // Whoever reads it hears why; the next one reads anew.
      if (this.#kept.get(fromOffset) === kept) this.#drop(fromOffset, kept);
    }
  }

  #keep(kept: Kept, items: number): void {
    kept.items = items;
    this.#keptItems += items;
    for (const [offset, oldest] of this.#kept) {
      const isFull = this.#kept.size > keptMax.batches || this.#keptItems > keptMax.items;
      if (!isFull || oldest === kept) return;
      this.#drop(offset, oldest);
    }
  }

  #drop(fromOffset: number, kept: Kept): void {
    this.#kept.delete(fromOffset);
    this.#keptItems -= kept.items;
    // It may be settled later, and must not be taken off twice.
    kept.items = 0;
  }

  #keepRest(fromOffset: number, rest: JournalBatch): void {
    this.#rests.set(fromOffset, rest);
    const oldest = this.#rests.keys().next();
    if (this.#rests.size > restsMax && !oldest.done) this.#rests.delete(oldest.value);
  }
}

function countItems(entries: readonly DecodedEntry[]): number {
  let items = entries.length;
  for (const entry of entries) if (entry.kind === "publish") items += entry.readings.length;
  return items;
}

/** Behind the first change, and behind what follows it without needing the directory. */
function endOfBatch(entries: readonly JournalEntry[]): number {
  const change = entries.findIndex(({ kind }) => kind === "change");
  if (change === -1) return entries.length;
  const next = entries.findIndex(({ kind }, index) => index > change && kind === "publish");
  return next === -1 ? entries.length : next;
}

function lastChangeSeq(entries: readonly JournalEntry[]): number | null {
  const change = entries.findLast((entry) => entry.kind === "change");
  return change?.kind === "change" ? change.changeSeq : null;
}
