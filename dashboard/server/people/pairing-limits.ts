import { addressGroup } from "../address-group.ts";

export const pairingLimits = {
  /** A screen asks once in 10 minutes; a kitchen has a handful, and some reload. */
  opensPerPlace: 20,
  windowMs: 10 * 60_000,
  /** 10,000 keys are about 1 MB; the oldest is forgotten first. */
  keysMax: 10_000,
} as const;

/** How often an address (a /64) may ask for a code: each costs a write. In memory. */
export class PairingLimits {
  readonly #monotonicMs: () => number;
  readonly #windows = new Map<string, { count: number; sinceMs: number }>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Counts one; answers how long to wait in ms, 0: it may go on. */
  take(address: string): number {
    const place = addressGroup(address);
    const nowMs = this.#monotonicMs();
    const known = this.#windows.get(place);
    const { opensPerPlace, windowMs, keysMax } = pairingLimits;
    if (known === undefined || nowMs - known.sinceMs >= windowMs) {
      this.#windows.delete(place);
      this.#windows.set(place, { count: 1, sinceMs: nowMs });
      const [oldest] = this.#windows.keys();
      if (this.#windows.size > keysMax && oldest !== undefined) this.#windows.delete(oldest);
      return 0;
    }
    if (known.count >= opensPerPlace) return known.sinceMs + windowMs - nowMs;
    known.count += 1;
    return 0;
  }
}
