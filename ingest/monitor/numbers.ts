/** What nearly every message changes of devices and series, in flat tables: see `NumberTable`. */
import { type ReadingName, readingNames, readingTypes } from "../../devices/index.ts";
import { NumberTable } from "./number-table.ts";
import type { Cell, Device, HeldReading, Series, Traffic } from "./state.ts";
import { trafficLimits } from "./traffic.ts";

export interface Numbers {
  devices: NumberTable;
  series: NumberTable;
}

/** Stands for `null`, which no such number can be. */
const none = Number.NaN;

/** Places in a device's row; the counts of its traffic follow. */
const ofDevice = {
  heardAtMs: 0,
  trafficOffset: 1,
  receivedTimeMs: 2,
  sinceMs: 3,
  slot: 4,
  counts: 5,
} as const;
const newDevice = [none, none, 0, 0, 0, ...Array.from({ length: trafficLimits.slots }, () => 0)];

/** Places in a series' row; the values of its fields follow, in the order of their type. */
const ofSeries = {
  timeMs: 0,
  seq: 1,
  shiftMs: 2,
  eventTimeMs: 3,
  receivedTimeMs: 4,
  batteryPct: 5,
  faultRun: 6,
  faultTimeMs: 7,
  faultSeq: 8,
  fields: 9,
} as const;
const fieldNames = Object.fromEntries(
  readingNames.map((name) => [name, Object.keys(readingTypes[name].fields)]),
) as Record<ReadingName, string[]>;
const fieldsMax = Math.max(...Object.values(fieldNames).map((names) => names.length));
const never = Number.NEGATIVE_INFINITY;
const firstNumbers = [never, -1, 0, none, 0, none, 0, never, -1];
const newSeries = [...firstNumbers, ...Array.from({ length: fieldsMax }, () => none)];

export function createNumbers(): Numbers {
  return { devices: new NumberTable(newDevice), series: new NumberTable(newSeries) };
}

/** A class: accessors of its own would cost each of 300,000 devices more than its numbers. */
export class FlatDevice implements Device {
  cell: Cell;
  deviceId: string;
  facts: Device["facts"] = null;
  rules: Device["rules"] = [];
  episodes: Device["episodes"] = null;
  isOff = false;
  letters: Device["letters"] = null;
  overflow = 0;
  readonly series = new Map<string, Series>();
  readonly #table: NumberTable;
  readonly #at: number;

  constructor(cell: Cell, deviceId: string) {
    this.cell = cell;
    this.deviceId = deviceId;
    this.#table = cell.numbers.devices;
    this.#at = this.#table.add();
  }

  get heardAtMs(): number | null {
    const heardAtMs = this.#table.values[this.#at + ofDevice.heardAtMs] ?? none;
    return Number.isNaN(heardAtMs) ? null : heardAtMs;
  }

  set heardAtMs(heardAtMs) {
    this.#table.values[this.#at + ofDevice.heardAtMs] = heardAtMs ?? none;
  }

  get traffic(): Traffic | null {
    const { values } = this.#table;
    const number = (place: number): number => values[this.#at + place] ?? 0;
    const offset = number(ofDevice.trafficOffset);
    if (Number.isNaN(offset)) return null;
    return {
      offset,
      receivedTimeMs: number(ofDevice.receivedTimeMs),
      sinceMs: number(ofDevice.sinceMs),
      slot: number(ofDevice.slot),
      counts: Array.from({ length: trafficLimits.slots }, (_, at) => number(ofDevice.counts + at)),
    };
  }

  set traffic(traffic) {
    const { values } = this.#table;
    const at = this.#at;
    values[at + ofDevice.trafficOffset] = traffic?.offset ?? none;
    values[at + ofDevice.receivedTimeMs] = traffic?.receivedTimeMs ?? 0;
    values[at + ofDevice.sinceMs] = traffic?.sinceMs ?? 0;
    values[at + ofDevice.slot] = traffic?.slot ?? 0;
    for (let slot = 0; slot < trafficLimits.slots; slot += 1) {
      values[at + ofDevice.counts + slot] = traffic?.counts[slot] ?? 0;
    }
  }

  countMessage(offset: number, receivedTimeMs: number): boolean {
    const { values } = this.#table;
    const at = this.#at;
    const counted = values[at + ofDevice.trafficOffset] ?? none;
    if (counted === offset) return true;
    const slot = values[at + ofDevice.slot] ?? 0;
    if (Number.isNaN(counted) || receivedTimeMs >= (slot + 1) * trafficLimits.slotMs) return false;
    values[at + ofDevice.trafficOffset] = offset;
    values[at + ofDevice.receivedTimeMs] = receivedTimeMs;
    const place = at + ofDevice.counts + (slot % trafficLimits.slots);
    values[place] = (values[place] ?? 0) + 1;
    return true;
  }

  peek(): number {
    return this.#table.peek(this.#at);
  }

  release(): void {
    this.#table.remove(this.#at);
    for (const series of this.series.values()) series.release();
  }
}

const noHeld: readonly HeldReading[] = Object.freeze([]);

/** As `FlatDevice`. */
export class FlatSeries implements Series {
  device: Device;
  key: string;
  channel: string;
  reading: ReadingName;
  rules: Series["rules"] = [];
  episodes: Series["episodes"] = null;
  timed: Series["timed"] = null;
  held = noHeld;
  readonly #table: NumberTable;
  readonly #at: number;

  constructor(device: Device, names: Pick<Series, "key" | "channel" | "reading">) {
    this.device = device;
    this.key = names.key;
    this.channel = names.channel;
    this.reading = names.reading;
    this.#table = device.cell.numbers.series;
    this.#at = this.#table.add();
  }

  get timeMs(): number {
    return this.#get(ofSeries.timeMs);
  }

  set timeMs(timeMs) {
    this.#set(ofSeries.timeMs, timeMs);
  }

  get seq(): number {
    return this.#get(ofSeries.seq);
  }

  set seq(seq) {
    this.#set(ofSeries.seq, seq);
  }

  get shiftMs(): number {
    return this.#get(ofSeries.shiftMs);
  }

  set shiftMs(shiftMs) {
    this.#set(ofSeries.shiftMs, shiftMs);
  }

  get faultRun(): number {
    return this.#get(ofSeries.faultRun);
  }

  set faultRun(faultRun) {
    this.#set(ofSeries.faultRun, faultRun);
  }

  get faultTimeMs(): number {
    return this.#get(ofSeries.faultTimeMs);
  }

  set faultTimeMs(faultTimeMs) {
    this.#set(ofSeries.faultTimeMs, faultTimeMs);
  }

  get faultSeq(): number {
    return this.#get(ofSeries.faultSeq);
  }

  set faultSeq(faultSeq) {
    this.#set(ofSeries.faultSeq, faultSeq);
  }

  get newest(): Series["newest"] {
    const eventTimeMs = this.#get(ofSeries.eventTimeMs);
    if (Number.isNaN(eventTimeMs)) return null;
    const fields: Record<string, number> = {};
    for (const [place, name] of fieldNames[this.reading].entries()) {
      const value = this.#get(ofSeries.fields + place);
      if (!Number.isNaN(value)) fields[name] = value;
    }
    const receivedTimeMs = this.#get(ofSeries.receivedTimeMs);
    const batteryPct = this.#get(ofSeries.batteryPct);
    return {
      fields,
      eventTimeMs,
      receivedTimeMs,
      batteryPct: Number.isNaN(batteryPct) ? null : batteryPct,
    };
  }

  keepNewest(newest: NonNullable<Series["newest"]>): void {
    this.#set(ofSeries.eventTimeMs, newest.eventTimeMs);
    this.#set(ofSeries.receivedTimeMs, newest.receivedTimeMs);
    this.#set(ofSeries.batteryPct, newest.batteryPct ?? none);
    const names = fieldNames[this.reading];
    for (let place = 0; place < names.length; place += 1) {
      this.#set(ofSeries.fields + place, newest.fields[names[place] ?? ""] ?? none);
    }
  }

  peek(): number {
    return this.#table.peek(this.#at);
  }

  release(): void {
    this.#table.remove(this.#at);
  }

  #get(place: number): number {
    return this.#table.values[this.#at + place] ?? 0;
  }

  #set(place: number, value: number): void {
    this.#table.values[this.#at + place] = value;
  }
}
