import type { JournalBatch, JournalEntry } from "../../../../../broker/journal/journal.ts";
import { textOf } from "../../harness.ts";
import { type ConsumerName, consumers, partitions } from "./plan.ts";

/** Of a text in a message. */
const shownMax = 40;

export interface Sent {
  text: string;
  partition: number;
  /** Who sent it, and as its how manieth. */
  producer: string;
  number: number;
  /** The newest change of the registry that it knew of. */
  changeSeq: number;
}

/** Where a consumer's cursor can stand: a commit without an answer was stored or not. */
interface CursorRange {
  low: number;
  high: number;
}

/** What one consumer has made of one partition; it survives each life, as its records would. */
class Fold {
  /** Where it goes on; 0: it has not begun. */
  place = 0;
  readonly offsets = new Map<string, number>();
  readonly lastOf = new Map<string, number>();
  changeSeq = 0;
  receivedTimeMs = 0;
  cursor: CursorRange = { low: 0, high: 0 };
}

class Partition {
  /** An offset means one entry for ever: as acknowledged, or as read by anybody. */
  readonly entries = new Map<number, string>();
  readonly acknowledged = new Map<string, number>();
  lastAcknowledged = 0;
  readonly folds = new Map<ConsumerName, Fold>(consumers.map((name) => [name, new Fold()]));

  fold(name: ConsumerName): Fold {
    const fold = this.folds.get(name);
    if (fold === undefined) throw new Error(`no consumer ${name}`);
    return fold;
  }

  between(from: number, end: number): [number, string][] {
    return [...this.entries].filter(([offset]) => offset >= from && offset < end);
  }
}

/** Knows what was promised, and finds what was not kept. */
export class Oracle {
  readonly violations: string[] = [];
  readonly #sent = new Map<string, Sent>();
  readonly #givenUp = new Set<string>();
  readonly #partitions = Array.from({ length: partitions }, () => new Partition());
  acknowledged = 0;
  entriesRead = 0;

  broken(promise: string, what: string): void {
    this.violations.push(`${promise}: ${what}`);
  }

  sent(sent: Sent): void {
    this.#sent.set(sent.text, sent);
  }

  /** Its sender has ended without an answer: it may stand there, once. */
  givenUp(text: string): void {
    this.#givenUp.add(text);
  }

  acknowledge(partition: number, { text, offset }: { text: string; offset: number }): void {
    const known = this.#at(partition);
    const at = `${shown(text)} in ${partition} at ${offset}`;
    this.acknowledged += 1;
    known.lastAcknowledged = Math.max(known.lastAcknowledged, offset);
    const isNew = !known.entries.has(offset);
    this.#same(partition, { offset, text });
    for (const [name, { place, offsets }] of known.folds) {
      if (isNew && offset < place) {
        this.broken("acknowledged is read", `${at}: ${name} has passed it at ${place}`);
      }
      const readAt = offsets.get(text) ?? offset;
      if (readAt !== offset) this.broken("no entry twice", `${at} and at ${readAt}`);
    }
    // Ticks are all alike.
    if (this.#sent.has(text)) known.acknowledged.set(text, offset);
  }

  placeOf(name: ConsumerName, partition: number): number {
    return this.#at(partition).fold(name).place;
  }

  /** Where a consumer may commit: behind each entry that it has read, from its cursor on. */
  commitPlaces(name: ConsumerName, partition: number): number[] {
    const { offsets, cursor, place } = this.#at(partition).fold(name);
    const behind = [...offsets.values()].map((offset) => offset + 1);
    return [...behind, place].filter((at) => at >= cursor.low && at > 0).toSorted((a, b) => a - b);
  }

  read(name: ConsumerName, partition: number, batch: JournalBatch): void {
    const known = this.#at(partition);
    const fold = known.fold(name);
    const from = fold.place;
    let next = from;
    for (const entry of batch.entries) {
      if (entry.offset < next || entry.offset >= batch.nextOffset) {
        this.broken("offsets grow", `${entry.offset} behind ${next} in ${partition}`);
      }
      next = entry.offset + 1;
      this.entriesRead += 1;
      this.#same(partition, { offset: entry.offset, text: keyOf(entry) });
      this.#fold(fold, entry, partition);
    }
    this.#complete(partition, { from, batch });
    fold.place = Math.max(from, batch.nextOffset);
  }

  /** By a new owner: what has been read or acknowledged is there still. */
  readAgain(partition: number, from: number, batch: JournalBatch): void {
    for (const entry of batch.entries) {
      this.#same(partition, { offset: entry.offset, text: keyOf(entry) });
    }
    this.#complete(partition, { from, batch });
  }

  /** As a new owner finds them. */
  found(
    partition: number,
    at: {
      /** When it was asked. */
      acknowledged: number;
      firstOffset: number;
      syncedOffset: number;
      cursor: (name: string) => number | null;
    },
  ): void {
    const known = this.#at(partition);
    if (at.syncedOffset < at.acknowledged) {
      const end = `${partition} ends at ${at.syncedOffset}, not ${at.acknowledged}`;
      this.broken("acknowledged is read", end);
    }
    for (const [name, fold] of known.folds) {
      const offset = at.cursor(name) ?? 0;
      const { low, high } = fold.cursor;
      if (offset < low) this.broken("cursors never go back", `${name} from ${low} to ${offset}`);
      if (offset > high) this.broken("cursors are as committed", `${name} at ${offset}, ${high}`);
      if (offset > at.syncedOffset + 1) {
        this.broken("cursors end before the end", `${name} at ${offset} of ${at.syncedOffset}`);
      }
      if (at.firstOffset > offset && offset > 0) {
        this.broken("kept until passed", `${name} at ${offset}, first is ${at.firstOffset}`);
      }
      fold.cursor = { low: offset, high: offset };
    }
  }

  /** `end`: what it came to. */
  commit(
    at: { name: ConsumerName; partition: number; offset: number },
    end: "begins" | "done" | "refused",
  ): void {
    const { cursor } = this.#at(at.partition).fold(at.name);
    const said = `${at.name} in ${at.partition} to ${at.offset}, ${cursor.low} to ${cursor.high}`;
    if (end === "refused") {
      // Only where it stands further can it be.
      if (at.offset >= cursor.high) this.broken("cursors move on", said);
      return;
    }
    cursor.high = Math.max(cursor.high, at.offset);
    if (end === "begins") return;
    if (at.offset < cursor.low) this.broken("cursors never go back", said);
    cursor.low = Math.max(cursor.low, at.offset);
  }

  /** From where on everything has to be there: below it each cursor may have been. */
  keptFrom(partition: number): number {
    return Math.min(...[...this.#at(partition).folds.values()].map(({ cursor }) => cursor.high));
  }

  lastAcknowledged(partition: number): number {
    return this.#at(partition).lastAcknowledged;
  }

  /** How far a consumer has to come. */
  endOf(partition: number): number {
    return Math.max(0, ...this.#at(partition).entries.keys());
  }

  knownFrom(partition: number, from: number): readonly [number, string][] {
    return this.#at(partition).between(from, Number.POSITIVE_INFINITY);
  }

  /** When all has come to rest: each consumer has each entry. */
  checkEnd(): void {
    for (const { text, partition } of this.#sent.values()) {
      const known = this.#at(partition);
      if (!known.acknowledged.has(text)) {
        if (!this.#givenUp.has(text)) this.broken("all is acknowledged", shown(text));
        continue;
      }
      for (const [name, { offsets }] of known.folds) {
        if (!offsets.has(text)) this.broken("acknowledged is read", `${shown(text)} by ${name}`);
      }
    }
  }

  #at(partition: number): Partition {
    const found = this.#partitions[partition];
    if (found === undefined) throw new Error(`no partition ${partition}`);
    return found;
  }

  #same(partition: number, { offset, text }: { offset: number; text: string }): void {
    const { entries } = this.#at(partition);
    const before = entries.get(offset);
    if (before === undefined) entries.set(offset, text);
    else if (before !== text) {
      const both = `${shown(before)} and ${shown(text)}`;
      this.broken("one offset, one entry", `${both} in ${partition} at ${offset}`);
    }
  }

  #complete(partition: number, { from, batch }: { from: number; batch: JournalBatch }): void {
    const found = new Set(batch.entries.map(({ offset }) => offset));
    for (const [offset, text] of this.#at(partition).between(from, batch.nextOffset)) {
      if (!found.has(offset)) {
        this.broken("acknowledged is read", `${shown(text)} is not in ${partition} at ${offset}`);
      }
    }
  }

  #fold(fold: Fold, entry: JournalEntry, partition: number): void {
    const at = `${shown(keyOf(entry))} in ${partition} at ${entry.offset}`;
    if (entry.receivedTimeMs < fold.receivedTimeMs || entry.kind === "clock") {
      this.broken("time goes on", `${at}: ${entry.receivedTimeMs} of ${fold.receivedTimeMs}`);
    }
    fold.receivedTimeMs = entry.receivedTimeMs;
    if (entry.kind === "change") fold.changeSeq = Math.max(fold.changeSeq, entry.changeSeq);
    if (entry.kind !== "publish") return;
    const sent = this.#sent.get(textOf(entry));
    if (sent?.partition !== partition) {
      this.broken("nothing is made up", at);
      return;
    }
    const { text, producer, number, changeSeq } = sent;
    const other = fold.offsets.get(text) ?? this.#at(partition).acknowledged.get(text);
    if (other !== undefined && other !== entry.offset) {
      this.broken("no entry twice", `${at} and at ${other}`);
    }
    fold.offsets.set(text, entry.offset);
    const last = fold.lastOf.get(producer) ?? 0;
    if (number < last) this.broken("in the order of sending", `${at} behind number ${last}`);
    fold.lastOf.set(producer, number);
    if (changeSeq > fold.changeSeq) {
      this.broken("changes come first", `${at} knew ${changeSeq}, told was ${fold.changeSeq}`);
    }
  }
}

export function keyOf(entry: JournalEntry): string {
  if (entry.kind === "change") return `change ${entry.changeSeq}`;
  return entry.kind === "publish" ? textOf(entry) : entry.kind;
}

function shown(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`;
}
