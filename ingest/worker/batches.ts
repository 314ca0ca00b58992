import type { JournalBatch, JournalEntry } from "../../broker/index.ts";
import type { DecodedEntry } from "../decode/decoded.ts";
import type { Decoder } from "../decode/decoder.ts";

/** What a consumer takes at a time: some 3 ms of work, so that neither holds up the other. */
export const batchLimits = { entriesMax: 1_000, bytesMax: 1024 * 1024 } as const;

/**
 * Decoded batches that the other consumer may still want. Live batches are small, so that their
 * number counts; in a catch-up their entries do (about 500 bytes each).
 */
const keptMax = { batches: 256, entries: 65_536 } as const;
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

/** The journal in decoded batches, each decoded once for all who come by. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #kept = new Map<number, { batch: Promise<DecodedBatch>; entries: number }>();
  readonly #rests = new Map<number, JournalBatch>();
  #keptEntries = 0;
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
    const kept = { batch: this.#readNew(fromOffset), entries: 0 };
    this.#kept.set(fromOffset, kept);
    void this.#settle(fromOffset, kept);
    return kept.batch;
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

  async #settle(
    fromOffset: number,
    kept: { batch: Promise<DecodedBatch>; entries: number },
  ): Promise<void> {
    try {
      const { entries } = await kept.batch;
      if (this.#kept.get(fromOffset) === kept) this.#keep(kept, entries.length);
    } catch {
      // Whoever reads it hears why; the next one reads anew.
      this.#kept.delete(fromOffset);
    }
  }

  #keep(kept: { entries: number }, entries: number): void {
    kept.entries = entries;
    this.#keptEntries += entries;
    for (const [offset, oldest] of this.#kept) {
      const isFull = this.#kept.size > keptMax.batches || this.#keptEntries > keptMax.entries;
      if (!isFull || oldest === kept) return;
      this.#kept.delete(offset);
      this.#keptEntries -= oldest.entries;
    }
  }

  #keepRest(fromOffset: number, rest: JournalBatch): void {
    this.#rests.set(fromOffset, rest);
    const oldest = this.#rests.keys().next();
    if (this.#rests.size > restsMax && !oldest.done) this.#rests.delete(oldest.value);
  }
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
