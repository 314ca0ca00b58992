import { isIPv6 } from "node:net";

export interface AddressLimits {
  /** Sockets of one address that have not signed in yet. */
  pendingPerAddress: number;
  /** Failed sign-ins of one address that are answered at once. */
  failuresBurst: number;
  /** How fast an address earns new tries. */
  failuresPerSecond: number;
}

/**
 * Who is counted as one: an IPv4 address, or the /64 that a network gives to one IPv6 host, which
 * has as many addresses in it as it likes.
 */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Addresses that are remembered: a host with IPv6 has as many of them as it likes. */
export const addressesMax = 100_000;

interface AddressState<C> {
  pending: Set<C>;
  /** Tries left. */
  tries: number;
  refilledMs: number;
}

/**
 * What an address may do before anyone behind it has signed in. Phones and whole kitchens share an
 * address, so nothing here counts those who have.
 */
export class AddressGuard<C> {
  readonly #limits: AddressLimits;
  readonly #addresses = new Map<string, AddressState<C>>();

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a new socket. Above the limit it answers the longest waiting one, which must yield: a
   * real device needs milliseconds to sign in, so a crowd of idle sockets can't keep it out.
   */
  admit(address: string, connection: C, nowMs: number): C | null {
    const state = this.#state(address, nowMs);
    state.pending.add(connection);
    if (state.pending.size <= this.#limits.pendingPerAddress) return null;
    const oldest = state.pending.values().next();
    return oldest.done === true ? null : oldest.value;
  }

  /** The socket has signed in or is gone. */
  release(address: string, connection: C, nowMs: number): void {
    const group = addressGroup(address);
    const state = this.#addresses.get(group);
    if (state === undefined) return;
    state.pending.delete(connection);
    this.#refill(state, nowMs);
    this.#forgetIfIdle(group, state);
  }

  /** Whether another look-up for a sign-in of unknown worth may be made for this address. */
  mayTry(address: string, nowMs: number): boolean {
    const state = this.#addresses.get(addressGroup(address));
    if (state === undefined) return true;
    this.#refill(state, nowMs);
    return state.tries >= 1;
  }

  /**
   * Costs the address a try. It never owes any: one that floods would else lock out the devices
   * behind the same address for long after it has ended.
   */
  countFailure(address: string, nowMs: number): void {
    const state = this.#state(address, nowMs);
    state.tries = Math.max(0, state.tries - 1);
  }

  /** Addresses that are remembered. */
  get count(): number {
    return this.#addresses.size;
  }

  /** Forgets addresses that are back to normal; call it now and then. */
  sweep(nowMs: number): void {
    for (const [address, state] of this.#addresses) {
      this.#refill(state, nowMs);
      this.#forgetIfIdle(address, state);
    }
  }

  #state(address: string, nowMs: number): AddressState<C> {
    const group = addressGroup(address);
    let state = this.#addresses.get(group);
    if (state === undefined) {
      if (this.#addresses.size >= addressesMax) this.#forgetOldest();
      state = { pending: new Set(), tries: this.#limits.failuresBurst, refilledMs: nowMs };
      this.#addresses.set(group, state);
    }
    this.#refill(state, nowMs);
    return state;
  }

  /** Those with sockets stay: the limit on connections bounds them. */
  #forgetOldest(): void {
    for (const [address, state] of this.#addresses) {
      if (state.pending.size > 0) continue;
      this.#addresses.delete(address);
      return;
    }
  }

  #refill(state: AddressState<C>, nowMs: number): void {
    const earned = ((nowMs - state.refilledMs) / 1000) * this.#limits.failuresPerSecond;
    state.tries = Math.min(this.#limits.failuresBurst, state.tries + Math.max(0, earned));
    state.refilledMs = nowMs;
  }

  #forgetIfIdle(address: string, state: AddressState<C>): void {
    if (state.pending.size === 0 && state.tries >= this.#limits.failuresBurst) {
      this.#addresses.delete(address);
    }
  }
}
