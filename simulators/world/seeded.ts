import { createRandom } from "../load/random.ts";

/** A 32-bit seed of its own for each list of labels (FNV-1a, then mixed). */
export function seedOf(...labels: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  const text = labels.join("\u0000");
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/**
 * Number `index` of a seed's sequence, 0 to 1. Any number can be asked for without those before it:
 * what a sensor says at a moment must not depend on where a run began.
 */
export function unitAt(seed: number, index: number): number {
  return mix(seed ^ mix(index)) / 2 ** 32;
}

/** As `unitAt`, about normal with mean 0 and deviation 1, and never beyond 3.5 (Irwin–Hall). */
export function gaussianAt(seed: number, index: number): number {
  let sum = 0;
  for (let part = 0; part < 4; part += 1) sum += unitAt(seed + part, index);
  return (sum - 2) * Math.sqrt(3);
}

/** Noise that wanders: between -1 and 1, a new direction each `stepMs`. */
export function wanderAt(seed: number, timeMs: number, stepMs: number): number {
  const step = Math.floor(timeMs / stepMs);
  const share = timeMs / stepMs - step;
  const from = unitAt(seed, step);
  return (from + (unitAt(seed, step + 1) - from) * share) * 2 - 1;
}

/** Draws in order, for plans that are made as a whole. */
export interface Draws {
  between(low: number, high: number): number;
  /** Whole, both ends included. */
  integer(low: number, high: number): number;
  chance(probability: number): boolean;
}

export function drawsOf(seed: number): Draws {
  const random = createRandom(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  return {
    between,
    integer: (low, high) => Math.floor(between(low, high + 1)),
    chance: (probability) => random() < probability,
  };
}

/** The finaliser of MurmurHash3: each bit in changes half of the bits out. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
