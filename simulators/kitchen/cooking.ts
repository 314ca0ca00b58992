import { dayMs, minuteMs, type Span } from "../world/kitchen-clock.ts";
import type { Draws } from "../world/seeded.ts";
import { type Curve, CurveBuilder } from "./curve.ts";
import { combine, type Coupling, heatingPerMinute } from "./newton.ts";
import { kitchenCelsius } from "./stores.ts";

/** A pot on its flame, from the probe going in to the probe coming out. */
export interface Batch extends Span {
  massKg: number;
  /** When the core had its target; `null` if it never did. */
  targetMetMs: number | null;
  /** The highest that the core got. */
  peakCelsius: number;
}

/** Poultry; the highest of the core targets, so that it is right for every dish. */
export const coreTargetCelsius = 74;
const coreHoldMinutes = 12;

/** A simmering pot, with a lid; what is fried gets hotter and is measured elsewhere. */
const flame = { celsius: 104, wattsPerKelvin: 170 } as const;
const lidOpen: Coupling = { celsius: kitchenCelsius, perMinute: 0.01 };
/** A bare probe in the air. */
const outOfPot: Coupling = { celsius: kitchenCelsius, perMinute: 0.35 };
const intoFoodPerMinute = 1.2;
const cookMinutesMax = 110;

export interface CookingPlan {
  startMs: number;
  /** Minutes after midnight at which each batch begins. */
  begins: readonly number[];
  draws: Draws;
  /** By batch, from 1: a weak flame that brings the core no further than this. */
  peaks: ReadonlyMap<number, number>;
}

export interface CookingDay {
  curve: Curve;
  batches: readonly Batch[];
}

/** A cooking probe's day: it hangs in the air, and goes from pot to pot. */
export function cookingDay({ startMs, begins, draws, peaks }: CookingPlan): CookingDay {
  const curve = new CurveBuilder({ timeMs: startMs, celsius: kitchenCelsius });
  const batches = begins.map((minute, index) => {
    const beginMs = startMs + minute * minuteMs;
    curve.until(beginMs, outOfPot);
    return cook(curve, draws, peaks.get(index + 1));
  });
  curve.until(startMs + dayMs, outOfPot);
  return { curve: curve.build(), batches };
}

function cook(curve: CurveBuilder, draws: Draws, weakPeak: number | undefined): Batch {
  const fromMs = curve.timeMs;
  const massKg = Math.round(draws.between(45, 80));
  const rawCelsius = draws.between(9, 20);
  // The probe takes a minute or two to show what it was put into.
  curve.until(fromMs + 3 * minuteMs, { celsius: rawCelsius, perMinute: intoFoodPerMinute });
  const heat: Coupling = {
    celsius: weakPeak ?? flame.celsius,
    perMinute: heatingPerMinute(massKg, flame.wattsPerKelvin),
  };
  const stirredMs = curve.timeMs + draws.between(8, 16) * minuteMs;
  const steps = [
    { towards: heat, untilMs: stirredMs },
    { towards: combine([heat, lidOpen]), untilMs: stirredMs + 2 * minuteMs },
    { towards: heat, untilMs: fromMs + cookMinutesMax * minuteMs },
  ];
  for (const { towards, untilMs } of steps) {
    if (curve.celsius >= coreTargetCelsius) break;
    curve.untilLevel(coreTargetCelsius, towards, untilMs);
  }
  const isMet = curve.celsius >= coreTargetCelsius;
  const targetMetMs = isMet ? curve.timeMs : null;
  if (isMet) {
    const minutes = coreHoldMinutes + draws.between(0, 8);
    curve.until(curve.timeMs + minutes * minuteMs, heat);
  }
  return { fromMs, toMs: curve.timeMs, massKg, targetMetMs, peakCelsius: curve.celsius };
}
