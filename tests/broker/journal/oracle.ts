import { JournalError, systemCode } from "../../../broker/journal/errors.ts";
import { type FileJournal, openFileJournal } from "../../../broker/journal/file-journal.ts";
import { inspectJournal, readJournal } from "../../../broker/journal/inspect.ts";
import { createManualTime, everything, reading, settled, smallJournal, textOf } from "./harness.ts";
import { ModelDisk, type Random } from "./model-disk.ts";

const CURSOR = "recorder";
const directory = "/data/journal";

/**
 * Drives a journal on a model disk and knows what must hold: what was acknowledged or shown stays
 * readable under the same offset, unless every cursor has passed it; an offset never means two
 * entries, nor an entry two offsets; a committed cursor never goes back; no damage is told of where
 * there is none; and who looks on from outside sees the same.
 */
export class JournalOracle {
  readonly disk = new ModelDisk();
  readonly time = createManualTime();
  journal: FileJournal | null = null;
  /** Broken promises, in words; a test expects none. */
  readonly violations: string[] = [];
  outstanding = 0;
  /** Which entry an offset means, from an acknowledgement or a read. */
  readonly #known = new Map<number, string>();
  readonly #offsets = new Map<string, number>();
  readonly #appended = new Set<string>();
  #cursor = 1;
  #count = 0;
  readonly #settings: Record<string, number>;

  constructor(settings: Record<string, number> = {}) {
    this.#settings = { segmentBytesMax: 700, groupBytesMax: 400, tailBytesMax: 300, ...settings };
  }

  /** Opens, trying again while the disk fails; `false` when it never succeeds. */
  async open(attemptsMax = 1): Promise<boolean> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const { clock, timers } = this.time;
      try {
        this.journal = await openFileJournal({
          ...smallJournal,
          ...this.#settings,
          directory,
          disk: this.disk.attach(),
          clock,
          timers,
          onFatal: (error) => this.violations.push(`fatal: ${String(error)}`),
        });
        this.#checkCursor();
        return true;
      } catch (error) {
        if (!(error instanceof Error && error.name === "JournalError")) throw error;
      }
    }
    return false;
  }

  append(count: number): void {
    const journal = this.journal;
    for (let index = 0; index < count; index++) {
      const text = `entry-${++this.#count}`;
      this.#appended.add(text);
      this.outstanding++;
      journal?.append(reading(text), (error, offset) => {
        // A process that is gone acknowledges nothing.
        if (this.journal !== journal) return;
        this.outstanding--;
        if (error === null) this.#learn(offset, text, "acknowledged");
      });
    }
  }

  /** Lets the journal work, with or without its timers. */
  async settle(rounds = 1): Promise<void> {
    await settled();
    for (let round = 0; round < rounds && this.outstanding > 0; round++) {
      this.time.fire();
      await settled();
    }
  }

  async commitCursor(fraction: number): Promise<void> {
    const journal = this.journal;
    if (journal === null) return;
    const span = journal.syncedOffset + 1 - this.#cursor;
    const next = this.#cursor + Math.floor(Math.max(0, span) * fraction);
    const before = this.#cursor;
    try {
      await journal.commitCursor(CURSOR, next);
      this.#cursor = Math.max(before, next);
    } catch (error) {
      // The disk may fail: then the old position stands.
      if (!(error instanceof Error && error.name === "JournalError")) throw error;
    }
    await settled();
  }

  /** Begins a commit and does not wait for it. */
  startCursor(): void {
    const journal = this.journal;
    if (journal === null) return;
    const next = Math.max(1, journal.syncedOffset + 1);
    journal.commitCursor(CURSOR, next).then(
      () => {
        if (this.journal === journal) this.#cursor = Math.max(this.#cursor, next);
        return null;
      },
      // Refused or failed: then the old position stands.
      () => null,
    );
  }

  /** Reads everything from the cursor on, and compares it with what was promised. */
  async check(): Promise<void> {
    const journal = this.journal;
    if (journal === null) return;
    const from = Math.max(1, journal.cursor(CURSOR) ?? 1);
    const found = new Map<number, string>();
    // What is acknowledged while this reads may come too late for it.
    const known = [...this.#known];
    for (let next = from; ; ) {
      const batch = await journal.read(next, everything);
      for (const entry of batch.entries) {
        if (entry.kind === "publish") found.set(entry.offset, textOf(entry));
        if (entry.offset < next) this.violations.push(`offset ${entry.offset} came out of order`);
      }
      if (batch.entries.length === 0) break;
      next = batch.nextOffset;
    }
    // A commit that ended in between has let the journal trim.
    const kept = Math.max(from, journal.cursor(CURSOR) ?? 1);
    for (const [offset, text] of known) {
      if (offset >= kept && found.get(offset) !== text) {
        this.violations.push(`lost: ${text} at ${offset}, found ${found.get(offset) ?? "nothing"}`);
      }
    }
    for (const [offset, text] of found) this.#learn(offset, text, "shown");
    await this.#checkFromOutside(journal, found);
  }

  async #checkFromOutside(journal: FileJournal, found: Map<number, string>): Promise<void> {
    const { stats, disk } = { stats: journal.stats(), disk: this.disk.look() };
    const { damagedRecords } = await inspectJournal({ disk, directory });
    const counted = [
      damagedRecords,
      stats.damagedRecords,
      stats.damagedHeaders,
      stats.damagedFooters,
      stats.segmentsQuarantined,
    ];
    if (counted.some((count) => count > 0)) this.violations.push(`no damage: ${counted.join()}`);
    const range = { fromOffset: 1, entriesMax: Number.POSITIVE_INFINITY };
    const seen = new Map<number, string>();
    for await (const entry of readJournal({ disk, directory }, range)) {
      seen.set(entry.offset, textOf(entry));
    }
    const kept = Math.max(journal.firstOffset, journal.cursor(CURSOR) ?? 1);
    for (const [offset, text] of found) {
      if (offset >= kept && seen.get(offset) !== text) {
        this.violations.push(`from outside: ${seen.get(offset) ?? "nothing"} at ${offset}`);
      }
    }
  }

  /** Starts of which none comes to its end, at times on a disk that fails, too. */
  async startInVain(times: number, random: Random): Promise<void> {
    for (let time = 0; time < times; time++) {
      if (random() < 0.5) this.disk.failSome(20, random);
      const options = { directory, disk: this.disk.attach(), ...this.time };
      const opening = openFileJournal({ ...smallJournal, ...this.#settings, ...options });
      // What does come to its end is as good as dead a moment later; only the disk may refuse.
      opening.catch((error: unknown) => {
        if (!isOfDisk(error)) this.violations.push(`a start failed: ${String(error)}`);
      });
      for (let turn = Math.floor(random() * 120); turn > 0; turn--) await Promise.resolve();
      this.disk.fault = () => null;
      if (random() < 0.5) this.kill();
      else this.cutPower(random);
    }
  }

  kill(): void {
    this.disk.kill();
    this.#forget();
  }

  cutPower(random: Random): void {
    this.disk.cutPower(random);
    this.#forget();
  }

  #forget(): void {
    this.journal = null;
    this.outstanding = 0;
  }

  #learn(offset: number, text: string, how: string): void {
    const known = this.#known.get(offset);
    if (known !== undefined && known !== text) {
      this.violations.push(`offset ${offset} given twice: ${known} and ${text}`);
    }
    const elsewhere = this.#offsets.get(text) ?? offset;
    if (elsewhere !== offset) this.violations.push(`${text} at ${elsewhere} and at ${offset}`);
    this.#offsets.set(text, offset);
    if (!this.#appended.has(text)) this.violations.push(`${how}, but never appended: ${text}`);
    if (how === "acknowledged" && offset > (this.journal?.syncedOffset ?? Infinity)) {
      this.violations.push(`acknowledged ${offset} before it was synced`);
    }
    this.#known.set(offset, text);
  }

  #checkCursor(): void {
    const cursor = this.journal?.cursor(CURSOR) ?? 1;
    if (cursor < this.#cursor) {
      this.violations.push(`cursor went back from ${this.#cursor} to ${cursor}`);
    }
    // A commit that was cut off may have reached the disk.
    this.#cursor = Math.max(this.#cursor, cursor);
  }
}

function isOfDisk(error: unknown): boolean {
  return error instanceof JournalError && systemCode(error.cause) !== "";
}
