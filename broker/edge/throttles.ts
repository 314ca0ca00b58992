import type { DevicePrincipal } from "./principal.ts";
import { type Rate, Throttle } from "./throttle.ts";

export interface ThrottleRates {
  device: Rate;
  kitchen: Rate;
}

interface Shared {
  throttle: Throttle;
  users: number;
}

function isLimited(rate: Rate): boolean {
  return rate.messagesPerSecond > 0 || rate.bytesPerSecond > 0;
}

/** Idle throttles that each sign-in looks at, so that forgetting keeps up with remembering. */
const forgottenAtOnce = 4;

/**
 * The throttles that connections of one device, and devices of one kitchen, share. They outlive
 * the connections until their balance is full: whoever reconnects gets no new burst.
 */
export class Throttles {
  readonly #rates: ThrottleRates;
  readonly #shared = new Map<string, Shared>();
  /** Keys of throttles that nobody uses, longest first. */
  readonly #idle = new Set<string>();

  constructor(rates: ThrottleRates) {
    this.#rates = rates;
  }

  /** Throttles that are remembered. */
  get count(): number {
    return this.#shared.size;
  }

  /** Pair each call with a `release`. */
  forDevice(principal: DevicePrincipal, nowMs: number): Throttle[] {
    this.#forgetFull(nowMs);
    const throttles: Throttle[] = [];
    // A device's name has a dot and a kitchen's has none, so the keys can't meet.
    const scopes = [
      [principal.name, this.#rates.device],
      [principal.sppgId, this.#rates.kitchen],
    ] as const;
    for (const [key, rate] of scopes) {
      if (!isLimited(rate)) continue;
      const shared = this.#shared.get(key) ?? { throttle: new Throttle(rate, nowMs), users: 0 };
      shared.users++;
      this.#idle.delete(key);
      this.#shared.set(key, shared);
      throttles.push(shared.throttle);
    }
    return throttles;
  }

  release(principal: DevicePrincipal): void {
    for (const key of [principal.name, principal.sppgId]) {
      const shared = this.#shared.get(key);
      if (shared === undefined) continue;
      shared.users--;
      if (shared.users === 0) this.#idle.add(key);
    }
  }

  #forgetFull(nowMs: number): void {
    const longest = [...this.#idle.keys().take(forgottenAtOnce)];
    for (const key of longest) {
      this.#idle.delete(key);
      if (this.#shared.get(key)?.throttle.isFull(nowMs) === true) this.#shared.delete(key);
      else this.#idle.add(key);
    }
  }
}
