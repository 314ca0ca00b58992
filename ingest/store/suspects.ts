import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { JournaledReading } from "../decode/decoded.ts";
import { inTransaction, openDatabase, suspectsSchema } from "./database.ts";
import type { PlacedReading } from "./day-writer.ts";

/** Rows deleted in one go, so that the thread is free again soon. */
const deletedMax = 1_000;

/**
 * Where readings stand whose clock nobody believes: they are stored under the time of their first
 * arrival, but their identity is the time that the device said. Committed before the day is, so
 * that a crash between the two finds the same place again.
 */
export class Suspects {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #delete: StatementSync;

  constructor(path: string) {
    this.path = path;
    this.#database = openDatabase(path, suspectsSchema);
    this.#insert = this.#database.prepare(
      "INSERT OR IGNORE INTO suspects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#find = this.#database.prepare(`
      SELECT timeMs, seq, idx FROM suspects WHERE sppgId = ? AND deviceId = ? AND channel = ?
      AND reading = ? AND originalMs = ? AND originalSeq = ?`);
    this.#delete = this.#database.prepare(`
      DELETE FROM suspects
      WHERE (sppgId, deviceId, channel, reading, originalMs, originalSeq) IN (
        SELECT sppgId, deviceId, channel, reading, originalMs, originalSeq FROM suspects
        WHERE timeMs < ? LIMIT ${deletedMax})`);
  }

  /** The place of each: of its first arrival. */
  place(readings: readonly JournaledReading[]): PlacedReading[] {
    return inTransaction(this.#database, () => readings.map((reading) => this.#placeOne(reading)));
  }

  #placeOne(reading: JournaledReading): PlacedReading {
    const { sppgId, deviceId, channel, reading: name, originalTimeMs, eventTimeMs } = reading;
    const key = [sppgId, deviceId, channel, name, originalTimeMs, reading.seq ?? 0] as const;
    // Several of one payload share the received time: the journal's place tells them apart.
    const own = { timeMs: eventTimeMs, seq: reading.offset, index: reading.index + 1 };
    const isNew = this.#insert.run(...key, own.timeMs, own.seq, own.index).changes === 1;
    if (isNew) return { reading, ...own };
    const { timeMs, seq, idx } = this.#find.get(...key) ?? {};
    return { reading, timeMs: Number(timeMs), seq: Number(seq), index: Number(idx) };
  }

  /** Forgets some of those that stand before a time; `false`: none is left. */
  deleteBefore(timeMs: number): boolean {
    return Number(this.#delete.run(timeMs).changes) === deletedMax;
  }

  close(): void {
    this.#database.close();
  }
}
