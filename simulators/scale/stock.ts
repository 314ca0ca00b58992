import { hourMs, minuteMs, type Span } from "../world/kitchen-clock.ts";
import { drawsOf, seedOf, unitAt } from "../world/seeded.ts";

/** What a scale carries, and how a kitchen uses it. Amounts in kg. */
export interface StockHabits {
  /** What is left at midnight: between these two. */
  midnightKg: readonly [low: number, high: number];
  /** Taken in a day. */
  useKg: readonly [low: number, high: number];
  /** Of the day's use, what goes at night for cooking; the rest goes to the evening's work. */
  nightShare: number;
  withdrawals: readonly [low: number, high: number];
  /** A small container is lifted off to pour from it; a pallet never is. */
  containerKg: number | null;
}

export type StockEvent = Span &
  (
    | { kind: "withdrawal" | "receipt"; kg: number }
    /** Off the pan from `fromMs` to `toMs`; then it is back, `kg` lighter. */
    | { kind: "liftOff"; kg: number }
    /** Somebody leans on it: `kg` more, or less, and nothing has changed afterwards. */
    | { kind: "hand"; kg: number }
  );

/** What a scenario does to a scale's day. */
export interface StockTrouble {
  useFactor: number;
  receiptMinutes: number;
}

export interface StockDayInput {
  seed: number;
  habits: StockHabits;
  day: number;
  startMs: number;
  trouble: StockTrouble | undefined;
}

export interface StockDay {
  midnightKg: number;
  /** In order of their begin, none beginning before the one before has ended. */
  events: readonly StockEvent[];
}

/**
 * A day of stock. What lies there at midnight is drawn for each day alone, and the receipt is what
 * makes one midnight lead to the next: so any day can be computed without those before it.
 */
export function stockDay({ seed, habits, day, startMs, trouble }: StockDayInput): StockDay {
  const draws = drawsOf(seedOf(seed, "stock", day));
  const level = (of: number): number => {
    const [low, high] = habits.midnightKg;
    return low + (high - low) * unitAt(seed, of);
  };
  const midnightKg = level(day);
  const useKg = draws.between(...habits.useKg) * (trouble?.useFactor ?? 1);
  const count = draws.integer(...habits.withdrawals);
  const nights = Math.max(1, Math.round(count * habits.nightShare));
  const momentOf = (index: number): number => {
    const [from, hours, place, places] =
      index < nights ? [0.6, 5, index, nights] : [16.2, 6, index - nights, count - nights];
    return startMs + (from + (hours * (place + draws.between(0.1, 0.7))) / places) * hourMs;
  };
  const weights = Array.from({ length: count }, () => draws.between(0.6, 1.4));
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  const isLifted = habits.containerKg !== null;

  const takings = weights.map((weight, index) => {
    const fromMs = Math.round(momentOf(index));
    const seconds = isLifted ? draws.between(35, 110) : draws.between(1, 4);
    const toMs = fromMs + Math.round(seconds * 1000);
    const kind = isLifted ? ("liftOff" as const) : ("withdrawal" as const);
    return { kind, fromMs, toMs, kg: (useKg * weight) / weightSum };
  });
  const receiptMinutes = trouble?.receiptMinutes ?? draws.between(8.5 * 60, 11.5 * 60);
  const receiptMs = Math.round(startMs + receiptMinutes * minuteMs);
  const bounded = boundTakings(takings, midnightKg, receiptMs);
  const taken = bounded.reduce((sum, { kg }) => sum + kg, 0);
  const receipt = {
    kind: "receipt" as const,
    fromMs: receiptMs,
    toMs: receiptMs + 3000,
    kg: level(day + 1) - midnightKg + taken,
  };
  const hands = Array.from({ length: draws.integer(2, 5) }, () => {
    const fromMs = Math.round(startMs + draws.between(0.5, 23) * hourMs);
    const toMs = fromMs + Math.round(draws.between(8, 40) * 1000);
    return { kind: "hand" as const, fromMs, toMs, kg: draws.between(-1, 12) };
  });
  const all = [...bounded, receipt, ...hands].toSorted((a, b) => a.fromMs - b.fromMs);
  return {
    midnightKg,
    events: all.filter((event, at) => event.kind !== "hand" || isFree(all, at)),
  };
}

/** Nobody takes more than is there: until the receipt that is what lay there at midnight. */
function boundTakings<Taking extends Span & { kg: number }>(
  takings: readonly Taking[],
  midnightKg: number,
  receiptMs: number,
): Taking[] {
  let leftKg = midnightKg;
  return takings.map((taking) => {
    if (taking.fromMs >= receiptMs) return taking;
    const kg = Math.min(taking.kg, leftKg);
    leftKg -= kg;
    return { ...taking, kg };
  });
}

/** Hands stay away from what happens by itself: two people at one scale are another story. */
function isFree(events: readonly StockEvent[], at: number): boolean {
  const event = events[at];
  const before = events[at - 1];
  const after = events[at + 1];
  const apartMs = minuteMs;
  if (event === undefined) return false;
  if (before !== undefined && before.toMs + apartMs > event.fromMs) return false;
  return after === undefined || event.toMs + apartMs < after.fromMs;
}
