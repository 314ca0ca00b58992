import { dayMs, hourMs, minuteMs, type Span } from "../world/kitchen-clock.ts";
import type { Draws } from "../world/seeded.ts";
import type { Curve } from "./curve.ts";
import { type Thermostat, thermostatDay } from "./thermostat.ts";

/** What a kitchen without air conditioning has in Jakarta, day and night. */
export const kitchenCelsius = 29;

const air = (perMinute: number) => ({ celsius: kitchenCelsius, perMinute });

/**
 * Choices of this project: rates that give cycles of 20 to 30 minutes, as such machines have, and
 * levels on the good side of every limit. 40 s of an open door cost a store less than 1 °C.
 */
export const thermostats = {
  coldStore: {
    rest: 2.2,
    start: 3.5,
    wall: air(0.004),
    machine: { celsius: -8, perMinute: 0.03 },
    door: air(0.02),
  },
  freezer: {
    rest: -22,
    start: -19.5,
    wall: air(0.003),
    machine: { celsius: -34, perMinute: 0.03 },
    door: air(0.01),
    defrost: { celsius: 5, perMinute: 0.004 },
  },
  dryStore: {
    rest: 19.8,
    start: 21,
    wall: air(0.01),
    machine: { celsius: 14, perMinute: 0.03 },
    door: air(0.02),
  },
  hotHolding: {
    rest: 71,
    start: 67,
    wall: air(0.02),
    machine: { celsius: 100, perMinute: 0.12 },
    door: air(0.06),
  },
} as const satisfies Record<string, Thermostat>;

const defrostMinutes = 20;
/** The longest pull-down from the upper level takes 15 minutes. */
const settleMinutes = 45;

export interface StorePlan {
  startMs: number;
  doors: readonly Span[];
  failures: readonly Span[];
}

/** A cold store, freezer or dry store from midnight to midnight. */
export function storeDay(place: "coldStore" | "freezer" | "dryStore", plan: StorePlan): Curve {
  const endMs = plan.startMs + dayMs;
  return thermostatDay(
    thermostats[place],
    {
      ...plan,
      endMs,
      settleFromMs: endMs - settleMinutes * minuteMs,
      defrostMs: place === "freezer" ? defrostMinutes * minuteMs : 0,
    },
    thermostats[place].rest,
  );
}

/** Between these hours the cabinet holds food: from the first batch to the last departure. */
const hotHours = { from: 2, to: 11 } as const;
/** Emptied and left open, so that it is cold within minutes. */
const airOut: number = 3 * hourMs;

export function hotHoldingDay(startMs: number, draws: Draws): Curve {
  const use = { fromMs: startMs + hotHours.from * hourMs, toMs: startMs + hotHours.to * hourMs };
  const doors = doorOpenings(startMs, draws, {
    hours: [[hotHours.from + 1, hotHours.to - 0.5]],
    everyMinutes: 14,
    secondsMax: 50,
  });
  const plan = {
    startMs,
    endMs: startMs + dayMs,
    doors: [...doors, { fromMs: use.toMs, toMs: use.toMs + airOut }],
    failures: [],
    uses: [use],
  };
  // An empty cabinet has only its own steel to cool.
  const thermostat = { ...thermostats.hotHolding, door: air(0.2) };
  return thermostatDay(thermostat, plan, kitchenCelsius);
}

export interface DoorHabits {
  /** Hours of the day in which people come, each `[from, to]`. */
  hours: readonly (readonly [number, number])[];
  everyMinutes: number;
  secondsMax: number;
}

/** When people open a door; no opening begins before the one before has ended. */
export function doorOpenings(startMs: number, draws: Draws, habits: DoorHabits): Span[] {
  return habits.hours.flatMap(([from, to]) => {
    const spans: Span[] = [];
    const endMs = startMs + to * hourMs;
    let fromMs = startMs + from * hourMs;
    while (fromMs < endMs) {
      fromMs += Math.round(draws.between(0.5, 1.5) * habits.everyMinutes * minuteMs);
      const toMs = fromMs + Math.round(draws.between(15, habits.secondsMax) * 1000);
      if (toMs < endMs) spans.push({ fromMs, toMs });
    }
    return spans;
  });
}

/** People fetch for cooking at night, store what arrives in the morning, prepare in the evening. */
export const doorHabits: Readonly<Record<"coldStore" | "freezer" | "dryStore", DoorHabits>> = {
  coldStore: {
    hours: [
      [0.5, 6],
      [8, 12],
      [16, 22.5],
    ],
    everyMinutes: 17,
    secondsMax: 90,
  },
  freezer: {
    hours: [
      [8, 11],
      [16, 20],
    ],
    everyMinutes: 50,
    secondsMax: 60,
  },
  dryStore: {
    hours: [
      [0.5, 5],
      [8, 12],
      [16, 21],
    ],
    everyMinutes: 25,
    secondsMax: 120,
  },
};
