import type { DecodeFailure } from "../decode/decoded.ts";
import type { Device, Fold } from "./state.ts";

export const deadLetterLimits = {
  /** Kept of one device: the newest take the places of the oldest. */
  slots: 200,
  /** Of one device within a second of monotonic time; more is a flood. */
  perSecond: 20,
  /** In a flood every so many-th is kept, by its number within the second. */
  floodStep: 100,
} as const;

/** Counts every failure; in a flood only some become dead letters. */
export function takeFailure(fold: Fold, device: Device, letter: DecodeFailure): void {
  const second = Math.floor(fold.monotonicMs / 1000);
  const letters = (device.letters ??= { total: 0, second, inSecond: 0 });
  if (letters.second !== second) {
    letters.second = second;
    letters.inSecond = 0;
  }
  letters.total += 1;
  letters.inSecond += 1;
  const { perSecond, floodStep, slots } = deadLetterLimits;
  const isKept = letters.inSecond <= perSecond || letters.inSecond % floodStep === 0;
  if (!isKept) return;
  const { total } = letters;
  const slot = (total - 1) % slots;
  fold.effects.push({ kind: "deadLetter", offset: fold.offset, letter, slot, total });
}
