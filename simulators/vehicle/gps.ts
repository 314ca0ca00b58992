import { gaussianAt, seedOf, wanderAt } from "../world/seeded.ts";
import type { Measured, Sampling } from "../world/model.ts";
import { toCoordinates } from "./geo.ts";
import type { Motion } from "./motion.ts";
import type { RealPlace } from "./places.ts";

/** Multipath wanders over minutes by some metres; the receiver's own noise is smaller. */
const wanderMeters = 5;
const wanderStepMs = 45_000;
const noiseMeters = 0.7;
/** How far a fix may lie from the truth; tests hold the simulator to it. */
export const gpsErrorMetersMax = wanderMeters * Math.SQRT2 + noiseMeters * 3.5 * Math.SQRT2;

/** A fix as a cheap tracker sends it: a parked vehicle still creeps, and has a small speed. */
export function fixAt(options: {
  seed: number;
  site: RealPlace;
  motion: Motion;
  sampling: Sampling;
}): Measured {
  const { seed, site, motion, sampling } = options;
  const { timeMs, index } = sampling;
  const eastSeed = seedOf(seed, "east");
  const northSeed = seedOf(seed, "north");
  const offset = (axis: number): number =>
    wanderMeters * wanderAt(axis, timeMs, wanderStepMs) + noiseMeters * gaussianAt(axis, index);
  const { lat, lon } = toCoordinates(site, {
    east: motion.point.east + offset(eastSeed),
    north: motion.point.north + offset(northSeed),
  });
  const isParked = motion.speedKmh < 0.5;
  const speedNoise = gaussianAt(seed, index) * (isParked ? 0.2 : 0.6);
  return {
    reading: "position",
    fields: {
      lat: round(lat, 6),
      lon: round(lon, 6),
      speedKmh: round(Math.max(0, motion.speedKmh + speedNoise), 1),
      headingDeg: Math.round(motion.headingDeg) % 360,
      accuracyM: round(4 + 4 * (1 + wanderAt(seed, timeMs, wanderStepMs)), 1),
    },
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
