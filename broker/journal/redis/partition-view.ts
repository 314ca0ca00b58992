import { JournalError } from "../errors.ts";
import type { AppendDone, JournalBatch, JournalCondition, NewEntry } from "../journal.ts";
import type { ReadLimits } from "../reader.ts";
import { isEncodable } from "../record.ts";
import type { Announcements } from "./announcements.ts";
import { journalKey, partitionKeys } from "./keys.ts";
import type { JournalLink } from "./link.ts";
import type { PartitionReader } from "./partition-reader.ts";
import type { PartitionJournal } from "./partitioned-journal.ts";
import type { Rounds } from "./rounds.ts";
import { runScript, scripts } from "./scripts.ts";

const cursorName = /^[a-z][a-z0-9-]{0,62}$/;

export interface PartitionViewParts {
  partition: number;
  link: JournalLink;
  rounds: Rounds;
  reader: PartitionReader;
  announcements: Announcements;
  onCondition: (listener: (condition: JournalCondition) => void) => () => void;
  changeSeq: () => number;
  onClosed: (view: PartitionView) => void;
}

/** A partition for its owner. */
export class PartitionView implements PartitionJournal {
  readonly partition: number;
  readonly #parts: PartitionViewParts;
  readonly #cursors = new Map<string, number>();
  readonly #syncedListeners = new Set<(syncedOffset: number) => void>();
  readonly #removals = new Set<() => void>();
  #syncedOffset = 0;
  #firstOffset = 0;
  #isToTrim = false;
  #closing: Promise<void> | null = null;

  constructor(parts: PartitionViewParts) {
    this.#parts = parts;
    this.partition = parts.partition;
  }

  /** Listens before it looks, so that nothing comes between. */
  async open(): Promise<void> {
    const stop = await this.#parts.announcements.watch(this.partition, {
      onGrown: (lastOffset) => this.grow(lastOffset),
      onGap: () => this.lookAgain(),
    });
    this.#removals.add(stop);
    try {
      await this.#look();
    } catch (cause) {
      stop();
      const message = `partition ${this.partition} can't be opened`;
      throw new JournalError("JOURNAL_OPEN_FAILED", message, { cause });
    }
  }

  get condition(): JournalCondition {
    return this.#closing === null ? this.#parts.link.condition : { kind: "closed" };
  }

  get syncedOffset(): number {
    return this.#syncedOffset;
  }

  get firstOffset(): number {
    return this.#firstOffset;
  }

  append(entry: NewEntry, done: AppendDone): void {
    const refusal = this.#whyRefused(entry);
    if (refusal !== null) {
      queueMicrotask(() => done(refusal, 0));
      return;
    }
    const changeSeq = changeSeqOf(entry, this.#parts.changeSeq);
    this.#parts.rounds.add(this.partition, { entry, changeSeq }, done);
  }

  read(fromOffset: number, limits: ReadLimits): Promise<JournalBatch> {
    return this.#parts.reader.read(fromOffset, { ...limits, syncedOffset: this.#syncedOffset });
  }

  onSynced(listener: (syncedOffset: number) => void): () => void {
    this.#syncedListeners.add(listener);
    return () => {
      this.#syncedListeners.delete(listener);
    };
  }

  onCondition(listener: (condition: JournalCondition) => void): () => void {
    const remove = this.#parts.onCondition(listener);
    this.#removals.add(remove);
    return () => {
      remove();
      this.#removals.delete(remove);
    };
  }

  cursor(name: string): number | null {
    return this.#cursors.get(name) ?? null;
  }

  async commitCursor(name: string, nextOffset: number): Promise<void> {
    if (this.#closing !== null) throw closedError();
    if (!cursorName.test(name) || !Number.isSafeInteger(nextOffset) || nextOffset < 1) {
      const message = `a cursor can't be named "${name}" and stand at ${nextOffset}`;
      throw new JournalError("JOURNAL_CURSOR_REFUSED", message);
    }
    const { state, cursors } = partitionKeys(this.partition);
    const { link } = this.#parts;
    const { id, runId } = link.identity;
    const call = { keys: [journalKey, state, cursors], args: [id, runId, name, nextOffset] };
    const [word, value, more] = await link.run(scripts.commit, call).catch((cause: unknown) => {
      const message = `cursor "${name}" was not written`;
      throw new JournalError("JOURNAL_CURSOR_FAILED", message, { cause });
    });
    if (word === "back" || word === "beyond") {
      const place = word === "back" ? "it stands at" : "the next entry is";
      const message = `cursor "${name}" can't stand at ${nextOffset}: ${place} ${String(value)}`;
      throw new JournalError("JOURNAL_CURSOR_REFUSED", message);
    }
    if (word !== "ok") {
      const isJoined = word !== "restarted";
      const why = isJoined ? "the journal is another one" : "Redis has started again";
      const message = `cursor "${name}" was not written: ${why}`;
      throw new JournalError("JOURNAL_CURSOR_FAILED", message);
    }
    this.#cursors.set(name, Math.max(nextOffset, this.#cursors.get(name) ?? 0));
    this.#firstOffset = Math.max(this.#firstOffset, Number(value));
    if (more === "trim") this.#isToTrim = true;
    if (this.#isToTrim) await this.#trim();
    link.wake();
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  /** It is known to be durable up to there. */
  grow(lastOffset: number): void {
    if (lastOffset <= this.#syncedOffset) return;
    this.#syncedOffset = lastOffset;
    for (const listener of this.#syncedListeners) listener(lastOffset);
  }

  /** Announcements may have been missed. */
  lookAgain(): void {
    // While the link is away: it says so itself, and calls this when it is back.
    this.#look().catch(() => null);
  }

  /** The cursor stands; when this rejects, the next commit, or the same again, comes back to it. */
  async #trim(): Promise<void> {
    const { stream, state } = partitionKeys(this.partition);
    const { link } = this.#parts;
    const { id, runId } = link.identity;
    const call = { keys: [journalKey, state, stream], args: [id, runId] };
    const message = "what lies below every cursor was not taken away";
    const [word] = await runScript(link.client, scripts.trim, call).catch((cause: unknown) => {
      throw new JournalError("JOURNAL_CURSOR_FAILED", message, { cause });
    });
    if (word !== "ok") throw new JournalError("JOURNAL_CURSOR_FAILED", message);
    this.#isToTrim = false;
  }

  async #shutDown(): Promise<void> {
    // What was appended is answered; while acknowledgements are withheld, at the journal's close.
    await this.#parts.rounds.settled();
    for (const remove of this.#removals) remove();
    this.#removals.clear();
    this.#syncedListeners.clear();
    this.#parts.onClosed(this);
  }

  #whyRefused(entry: NewEntry): JournalError | null {
    if (this.#closing !== null) return closedError();
    if (entry.kind !== "clock" && isEncodable(entry)) return null;
    return new JournalError("JOURNAL_ENTRY_REFUSED", "the journal can't hold this entry");
  }

  async #look(): Promise<void> {
    const { link } = this.#parts;
    const { state, cursors } = partitionKeys(this.partition);
    const { id } = link.identity;
    const [word, next, first, ...found] = await link.run(scripts.look, {
      keys: [journalKey, state, cursors],
      args: [id, id],
    });
    if (word !== "ok") throw new Error("the journal in Redis is gone or another one");
    for (let at = 0; at + 1 < found.length; at += 2) {
      const name = String(found[at]);
      this.#cursors.set(name, Math.max(Number(found[at + 1]), this.#cursors.get(name) ?? 0));
    }
    this.#firstOffset = Math.max(this.#firstOffset, Number(first));
    this.grow(Number(next) - 1);
  }
}

/** The change that stands before a publish, or that the entry itself tells of. */
export function changeSeqOf(entry: NewEntry, known: () => number): number {
  if (entry.kind === "change") return entry.changeSeq;
  return entry.kind === "publish" ? known() : 0;
}

function closedError(): JournalError {
  return new JournalError("JOURNAL_CLOSED", "the journal is closed");
}
