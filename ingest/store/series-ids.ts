import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SeriesQuery } from "./store.ts";

/** The small integers that stand for the series of one file. */
export interface SeriesIds {
  /** Gives a new series the next number, within the caller's transaction. */
  idOf(reading: KeyedReading, field: string): number;
  /** After a rollback: what was given out in it was not. */
  forget(): void;
}

/** `seriesKey` names all but the field; `slot` as in `JournaledReading`. */
type KeyedReading = Omit<SeriesQuery, "field"> & { seriesKey: string; slot?: number };

/** Few a sensor: a list is quicker than a map, and lies in fewer places of memory. */
interface FieldId {
  field: string;
  id: number;
  next: FieldId | null;
}

export function createSeriesIds(database: DatabaseSync): SeriesIds {
  let bySlot = new SlotIds();
  /** Of readings without a slot. */
  const byKey = new Map<string, FieldId>();
  const find = prepareFind(database);
  const insert = database.prepare("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)");
  const lastId = database.prepare("SELECT coalesce(max(id), 0) AS id FROM series");
  let next: number | null = null;
  const load = ({ sppgId, deviceId, channel, reading }: KeyedReading, field: string): number => {
    const series = { sppgId, deviceId, channel, reading, field };
    const found = find(series);
    if (found !== null) return found;
    next ??= Number(lastId.get()?.["id"]) + 1;
    insert.run(...columns(series), next);
    next += 1;
    return next - 1;
  };
  return {
    idOf(reading, field) {
      const { seriesKey, slot } = reading;
      if (slot !== undefined) {
        const known = bySlot.find(slot, seriesKey, field);
        if (known !== null) return known;
        const id = load(reading, field);
        bySlot.keep({ slot, seriesKey, field, id });
        return id;
      }
      const first = byKey.get(seriesKey) ?? null;
      const known = findField(first, field);
      if (known !== null) return known;
      const id = load(reading, field);
      byKey.set(seriesKey, { field, id, next: first });
      return id;
    },
    forget() {
      byKey.clear();
      bySlot = new SlotIds();
      next = null;
    },
  };
}

function findField(first: FieldId | null, field: string): number | null {
  for (let one = first; one !== null; one = one.next) if (one.field === field) return one.id;
  return null;
}

/**
 * By `JournaledReading.slot`. The first field of each stands in lists of its own: most sensors have
 * no other, and no object is looked into for it.
 */
class SlotIds {
  readonly #keys: (string | null)[] = [];
  readonly #fields: (string | null)[] = [];
  readonly #ids: number[] = [];
  readonly #others: (FieldId | null)[] = [];

  find(slot: number, seriesKey: string, field: string): number | null {
    if (this.#keys[slot] !== seriesKey) return null;
    if (this.#fields[slot] === field) return this.#ids[slot] ?? null;
    return findField(this.#others[slot] ?? null, field);
  }

  keep({ slot, seriesKey, field, id }: KeptId): void {
    // One after the other: a list with gaps would become a map.
    while (this.#keys.length <= slot) {
      this.#keys.push(null);
      this.#fields.push(null);
      this.#ids.push(0);
      this.#others.push(null);
    }
    if (this.#keys[slot] === seriesKey) {
      this.#others[slot] = { field, id, next: this.#others[slot] ?? null };
      return;
    }
    this.#keys[slot] = seriesKey;
    this.#fields[slot] = field;
    this.#ids[slot] = id;
    this.#others[slot] = null;
  }
}

interface KeptId {
  slot: number;
  seriesKey: string;
  field: string;
  id: number;
}

export function prepareFind(database: DatabaseSync): (series: SeriesQuery) => number | null {
  const statement: StatementSync = database.prepare(`
    SELECT id FROM series
    WHERE sppgId = ? AND deviceId = ? AND channel = ? AND reading = ? AND field = ?`);
  return (series) => {
    const id = statement.get(...columns(series))?.["id"];
    return typeof id === "number" ? id : null;
  };
}

function columns(series: SeriesQuery): [string, string, string, string, string] {
  return [series.sppgId, series.deviceId, series.channel, series.reading, series.field];
}
