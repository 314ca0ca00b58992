import { dayMs } from "../world/kitchen-clock.ts";
import { gaussianAt, seedOf, unitAt } from "../world/seeded.ts";
import type { Sampling } from "../world/model.ts";

/** DS18B20 at 12 bits. */
export const probeStepCelsius = 0.0625;
/** What it says before its first conversion, and when a wire is off. */
export const powerOnCelsius = 85;
export const disconnectedCelsius = -127;

const noiseCelsius = 0.05;
/** The maker promises ±0.5 °C; a checked probe is better. */
const offsetCelsiusMax = 0.2;
/** One reading in twelve thousand is a loose plug's, about one a day at 10 s. */
const loosePlugShare = 1 / 12_000;

/** How one probe errs: noise, a calibration offset, steps, and now and then a fault code. */
export interface ProbeErrors {
  read(celsius: number, sampling: Sampling): number;
}

export function createProbeErrors(seed: number): ProbeErrors {
  const offset = (unitAt(seedOf(seed, "offset"), 0) * 2 - 1) * offsetCelsiusMax;
  const plugSeed = seedOf(seed, "plug");
  return {
    read(celsius, { index }) {
      if (unitAt(plugSeed, index) < loosePlugShare) return disconnectedCelsius;
      const noisy = celsius + offset + noiseCelsius * gaussianAt(seed, index);
      return Math.round(noisy / probeStepCelsius) * probeStepCelsius;
    },
  };
}

/** A cell lasts about three months and is replaced at 12 %. */
const cell = { days: 90, fullPct: 100, emptyPct: 12 } as const;

/** Falls slowly at first and faster at the end, as lithium cells do; then somebody replaces it. */
export function batteryPctAt(seed: number, timeMs: number): number {
  const age = (timeMs / dayMs / cell.days + unitAt(seed, 0)) % 1;
  return Math.round(cell.fullPct - (cell.fullPct - cell.emptyPct) * age ** 1.5);
}
