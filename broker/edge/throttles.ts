import type { DevicePrincipal, PersonPrincipal } from "./principal.ts";
import { type Rate, Throttle } from "./throttle.ts";

export interface ThrottleRates {
  device: Rate;
  kitchen: Rate;
  /** All connections of a person: subscriptions and pings. */
  person: Rate;
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
  forPrincipal(principal: DevicePrincipal | PersonPrincipal, nowMs: number): Throttle[] {
    this.#forgetFull(nowMs);
    const throttles: Throttle[] = [];
    for (const [key, rate] of this.#scopesOf(principal)) {
      if (!isLimited(rate)) continue;
      const shared = this.#shared.get(key) ?? { throttle: new Throttle(rate, nowMs), users: 0 };
      shared.users++;
      this.#idle.delete(key);
      this.#shared.set(key, shared);
      throttles.push(shared.throttle);
    }
    return throttles;
  }

  release(principal: DevicePrincipal | PersonPrincipal): void {
    for (const [key] of this.#scopesOf(principal)) {
      const shared = this.#shared.get(key);
      if (shared === undefined) continue;
      shared.users--;
      if (shared.users === 0) this.#idle.add(key);
    }
  }

  /** A device's name has a dot, a kitchen's has none, only ours has a colon: no keys meet. */
  #scopesOf(principal: DevicePrincipal | PersonPrincipal): (readonly [string, Rate])[] {
    if (principal.kind === "person") return [[`user:${principal.userId}`, this.#rates.person]];
    return [
      [principal.name, this.#rates.device],
      [principal.sppgId, this.#rates.kitchen],
    ];
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
