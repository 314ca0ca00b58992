import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RawPlace, SeriesQuery } from "./store.ts";

/** What a device said, by the place where its reading is stored. */
export class SuspectTimes {
  readonly #find: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(`
      SELECT originalMs FROM suspects WHERE timeMs = ? AND sppgId = ? AND deviceId = ?
      AND channel = ? AND reading = ? AND seq = ? AND idx = ?`);
  }

  originalTimeMs(series: SeriesQuery, { t, seq, index }: RawPlace): number | null {
    const { sppgId, deviceId, channel, reading } = series;
    const row = this.#find.get(t, sppgId, deviceId, channel, reading, seq, index);
    const originalMs = row?.["originalMs"];
    return typeof originalMs === "number" ? originalMs : null;
  }
}
