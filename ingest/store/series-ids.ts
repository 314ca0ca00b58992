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
  seriesKey: string;
  field: string;
  id: number;
  next: FieldId | null;
}

export function createSeriesIds(database: DatabaseSync): SeriesIds {
  /** Of readings without a slot. */
  const known = new Map<string, FieldId>();
  let bySlot: FieldId[] = [];
  const find = prepareFind(database);
  const insert = database.prepare("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)");
  const lastId = database.prepare("SELECT coalesce(max(id), 0) AS id FROM series");
  let next: number | null = null;
  const load = (series: SeriesQuery): number => {
    const found = find(series);
    if (found !== null) return found;
    next ??= Number(lastId.get()?.["id"]) + 1;
    insert.run(...columns(series), next);
    next += 1;
    return next - 1;
  };
  const atSlot = (slot: number, seriesKey: string): FieldId | undefined => {
    const first = bySlot[slot];
    return first?.seriesKey === seriesKey ? first : undefined;
  };
  return {
    idOf(reading, field) {
      const { seriesKey, slot } = reading;
      const first = (slot === undefined ? known.get(seriesKey) : atSlot(slot, seriesKey)) ?? null;
      for (let one = first; one !== null; one = one.next) if (one.field === field) return one.id;
      const { sppgId, deviceId, channel, reading: name } = reading;
      const id = load({ sppgId, deviceId, channel, reading: name, field });
      const made = { seriesKey, field, id, next: first };
      if (slot === undefined) known.set(seriesKey, made);
      else bySlot[slot] = made;
      return id;
    },
    forget() {
      known.clear();
      bySlot = [];
      next = null;
    },
  };
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
