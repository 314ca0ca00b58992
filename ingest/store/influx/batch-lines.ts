import type { JournaledReading } from "../../decode/decoded.ts";
import type { WriteOutcome } from "../store.ts";
import { integerField, numberField, slotsOfMs, toNanoseconds } from "./lines.ts";
import { encodeName } from "./names.ts";
import type { KnownPoints, Placed } from "./placing.ts";
import type { StoredPoint } from "./points.ts";

/** What becomes of a batch: lines to write, each with the reading that it belongs to. */
export interface BatchLines {
  lines: string[];
  /** By line. */
  readings: JournaledReading[];
  /** Readings, by line, that are new; the others add a field to a point that is there. */
  isNew: boolean[];
  /** New readings without any field: there is nothing to write of them. */
  empty: number;
  duplicates: number;
  collisions: number;
  /** Of a ms that is full. */
  rejected: WriteOutcome["rejected"][number][];
}

/**
 * Of one series. Only a clock that stands still comes here: all of a ms are read and compared with
 * each that comes for it, which must not hold up the others' readings.
 */
export const readingsOfMsMax = 10_000;

/** Compares each reading with what is stored at its moment, and with those before it. */
export function toBatchLines(placed: readonly Placed[], known: KnownPoints): BatchLines {
  const batch: BatchLines = {
    lines: [],
    readings: [],
    isNew: [],
    empty: 0,
    duplicates: 0,
    collisions: 0,
    rejected: [],
  };
  for (const one of placed) {
    const points = known.at(one.prefix, one.ms);
    const same = points.find(({ seq, index, originalMs }) =>
      isSame(one, { seq, index, originalMs }),
    );
    if (same !== undefined) addRepeat(batch, one, same);
    else if (points.length < readingsOfMsMax) addNew(batch, one, points);
    else batch.rejected.push({ reading: one.reading, detail: fullDetail });
  }
  return batch;
}

const fullDetail = `Its sensor has ${readingsOfMsMax} readings of that ms: its clock stands still.`;

function isSame(
  { seq, index, original }: Placed,
  point: Pick<StoredPoint, "seq" | "index" | "originalMs">,
): boolean {
  const isSuspect = point.originalMs !== null;
  return point.seq === seq && point.index === index && isSuspect === (original !== null);
}

function addNew(batch: BatchLines, placed: Placed, points: StoredPoint[]): void {
  const { reading, ms, seq, index, original } = placed;
  const point: StoredPoint = {
    ms,
    slot: freeSlot(points, seq % slotsOfMs),
    seq,
    index,
    flags: reading.flags,
    originalMs: original?.ms ?? null,
    originalSeq: original?.seq ?? null,
    fields: new Map(),
  };
  points.push(point);
  const fields: string[] = [];
  for (const name in reading.fields) {
    const value = reading.fields[name] ?? 0;
    point.fields.set(encodeName(name), value);
    fields.push(numberField(name, value, reading.flags !== 0));
  }
  if (fields.length === 0) {
    batch.empty += 1;
    return;
  }
  add(batch, { placed, point, fields, isNew: true });
}

/** The value that came first stays; a field that is new is kept. */
function addRepeat(batch: BatchLines, placed: Placed, point: StoredPoint): void {
  const { reading } = placed;
  const fields: string[] = [];
  let differs = false;
  for (const name in reading.fields) {
    const value = reading.fields[name] ?? 0;
    const stored = point.fields.get(encodeName(name));
    if (stored === undefined) {
      point.fields.set(encodeName(name), value);
      fields.push(numberField(name, value, reading.flags !== 0));
    } else if (stored !== value) differs = true;
  }
  batch.duplicates += 1;
  if (differs || fields.length > 0) batch.collisions += 1;
  if (fields.length > 0) add(batch, { placed, point, fields, isNew: false });
}

function add(
  batch: BatchLines,
  line: { placed: Placed; point: StoredPoint; fields: string[]; isNew: boolean },
): void {
  const { placed, point, fields, isNew } = line;
  const { slot, seq, index, flags, originalMs, originalSeq } = point;
  if (flags !== 0) fields.push(integerField("flags", flags));
  if (seq !== slot) fields.push(integerField("seq", seq));
  if (index !== 0) fields.push(integerField("index", index));
  if (originalMs !== null) fields.push(integerField("originalMs", originalMs));
  if (originalSeq !== null) fields.push(integerField("originalSeq", originalSeq));
  batch.lines.push(`${placed.prefix} ${fields.join(",")} ${toNanoseconds(placed.ms, slot)}`);
  batch.readings.push(placed.reading);
  batch.isNew.push(isNew);
}

/** The wished one, or the next that no other reading of the ms has: none overwrites another. */
function freeSlot(points: readonly StoredPoint[], wished: number): number {
  let slot = wished;
  while (points.some((point) => point.slot === slot)) slot = (slot + 1) % slotsOfMs;
  return slot;
}
