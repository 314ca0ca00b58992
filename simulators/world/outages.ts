import { hourMs, minuteMs, type Span } from "./kitchen-clock.ts";
import { type KitchenIdentity, spansOf } from "./kitchen-day.ts";
import type { SimulatedDevice } from "./model.ts";
import { type Draws, drawsOf, seedOf } from "./seeded.ts";

/** A device without its network: it goes on measuring, unless its power is gone too. */
export interface Outage extends Span {
  isPowerCut: boolean;
}

interface Habit {
  /** How many a day. */
  counts: readonly [low: number, high: number];
  seconds: readonly [low: number, high: number];
  /** Hours of the day. */
  hours: readonly [from: number, to: number];
  powerCutChance: number;
}

/**
 * Normal days stay within what a rule about silence forgives: 15 min for trackers, 3 min for
 * others. Longer ones belong to scenarios.
 */
const habits = {
  tracker: { counts: [1, 3], seconds: [120, 480], hours: [6, 16], powerCutChance: 0 },
  box: { counts: [0, 2], seconds: [30, 110], hours: [6, 13], powerCutChance: 0 },
  gateway: { counts: [0, 1], seconds: [20, 70], hours: [1, 23], powerCutChance: 0 },
  kitchen: { counts: [0, 2], seconds: [15, 80], hours: [1, 23], powerCutChance: 0.25 },
} as const satisfies Record<string, Habit>;

/** Of one connection on one day, in order, none touching another, none crossing midnight. */
export function outagesOf(
  { seed, sppgId, scenario }: KitchenIdentity,
  device: SimulatedDevice,
  { day, startMs }: { day: number; startMs: number },
): Outage[] {
  const { deviceId } = device;
  const draws = drawsOf(seedOf(seed, sppgId, "outages", deviceId, day));
  const forced = spansOf(scenario?.changes ?? [], "linkDown", { deviceId, startMs }).map(
    (span) => ({ ...span, isPowerCut: false }),
  );
  const usual = drawOutages(habitOf(device), draws, startMs);
  return [...forced, ...usual]
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .filter((outage, at, all) => {
      if (forced.includes(outage)) return true;
      const isFree = (other: Outage): boolean =>
        other === outage ||
        outage.toMs + minuteMs < other.fromMs ||
        other.toMs + minuteMs < outage.fromMs;
      return all.every((other, place) => place > at || isFree(other)) && forced.every(isFree);
    });
}

function drawOutages(habit: Habit, draws: Draws, startMs: number): Outage[] {
  return Array.from({ length: draws.integer(...habit.counts) }, () => {
    const fromMs = Math.round(startMs + draws.between(...habit.hours) * hourMs);
    const toMs = Math.round(fromMs + draws.between(...habit.seconds) * 1000);
    return { fromMs, toMs, isPowerCut: draws.chance(habit.powerCutChance) };
  });
}

function habitOf({ kind, place }: SimulatedDevice): Habit {
  if (kind === "gps-tracker") return habits.tracker;
  if (kind === "gateway") return habits.gateway;
  return place === "deliveryBox" ? habits.box : habits.kitchen;
}
