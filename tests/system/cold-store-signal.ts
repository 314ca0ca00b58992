// What a cold store of the kill test measures: a function of its sequence number alone, so that
// what was acknowledged says which readings and which alerts there must be.

/** Of event time between two readings. */
const stepMs = 20_000;
const readingsPerMinute = 60_000 / stepMs;
const cycleMinutes = 90;
const cycleReadings = cycleMinutes * readingsPerMinute;
/** Too short for any alert, long enough for the limit's, long enough for the warning's too. */
const warmMinutes = [5, 20, 40] as const;
const coldCelsius = 3;
/** Every so many-th message is no reading. */
const badEvery = 23;

/** The two default rules that this signal breaks; what they say is written here a second time. */
const rules = [
  { key: "cold-store-limit", severity: "critical", warmMinutesMin: 15 },
  { key: "cold-store-warning", severity: "warning", warmMinutesMin: 30 },
] as const;
const coldMinutesToClear = 2;

/** Readings that fit between the start and now; the rest of the believed week is room to spare. */
export const signalDays = 6;
export const readingsMax = Math.floor((signalDays * 86_400_000) / stepMs);

export interface Signal {
  /** Its place among the stores: each is warm at another time. */
  index: number;
  /** The time of the first reading. */
  startMs: number;
}

interface Cycle {
  warmFrom: number;
  /** The first one that is cold again. */
  coldFrom: number;
  celsius: number;
}

function cycleAt({ index }: Signal, cycle: number): Cycle {
  const warmFrom = cycle * cycleReadings + (10 + 7 * index) * readingsPerMinute;
  const minutes = warmMinutes[(cycle + index) % warmMinutes.length] ?? 0;
  // Slow enough for the rule about rising temperatures.
  const celsius = 7 + 0.5 * (cycle % 4);
  return { warmFrom, coldFrom: warmFrom + minutes * readingsPerMinute, celsius };
}

export function isBad(seq: number): boolean {
  return seq % badEvery === badEvery - 1;
}

export function timeAt({ startMs }: Signal, seq: number): number {
  return startMs + seq * stepMs;
}

export function celsiusAt(signal: Signal, seq: number): number {
  const { warmFrom, coldFrom, celsius } = cycleAt(signal, Math.floor(seq / cycleReadings));
  return seq >= warmFrom && seq < coldFrom ? celsius : coldCelsius;
}

export function payloadAt(signal: Signal, seq: number): string {
  const celsius = isBad(seq) ? "warm" : celsiusAt(signal, seq);
  return JSON.stringify({ ts: timeAt(signal, seq), celsius, seq });
}

export interface ExpectedAlert {
  key: string;
  severity: string;
  openedAtMs: number;
  clearedAtMs: number | null;
  worstValue: number;
}

/** The alerts that the first `count` readings of a store make, by going through its cycles. */
export function expectedAlerts(signal: Signal, count: number): ExpectedAlert[] {
  const found: ExpectedAlert[] = [];
  /** The first reading from there on that is one, and that lies so many minutes behind another. */
  const firstFrom = (from: number, minutes = 0): number => {
    let seq = from + minutes * readingsPerMinute;
    while (isBad(seq)) seq += 1;
    return seq;
  };
  for (let cycle = 0; cycle * cycleReadings < count; cycle += 1) {
    const { warmFrom, coldFrom, celsius } = cycleAt(signal, cycle);
    for (const { key, severity, warmMinutesMin } of rules) {
      const opened = firstFrom(firstFrom(warmFrom), warmMinutesMin);
      if (opened >= coldFrom || opened >= count) continue;
      const cleared = firstFrom(firstFrom(coldFrom), coldMinutesToClear);
      found.push({
        key,
        severity,
        openedAtMs: timeAt(signal, opened),
        clearedAtMs: cleared < count ? timeAt(signal, cleared) : null,
        worstValue: celsius,
      });
    }
  }
  return found.toSorted((a, b) => a.openedAtMs - b.openedAtMs || (a.key < b.key ? -1 : 1));
}
