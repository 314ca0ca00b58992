import { isIPv6 } from "node:net";

export interface AddressLimits {
  /** Sockets of one address that have not signed in yet. */
  pendingPerAddress: number;
  /** Failed sign-ins of one address that are answered at once. */
  failuresBurst: number;
  /** How fast an address earns new tries. */
  failuresPerSecond: number;
  /** How long a refusal is put off once an address has used up its answers. */
  lingerMs: number;
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
  /** Those that are put off. */
  lingering: Set<C>;
  /** Tries left. */
  tries: number;
  /**
   * Refusals that are given at once. Not the same as tries: rubbish must not cost the devices
   * behind the same address their sign-ins.
   */
  answers: number;
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
    const { pending, lingering } = state;
    if (pending.size + lingering.size <= this.#limits.pendingPerAddress) return null;
    for (const oldest of lingering) return oldest;
    for (const oldest of pending) return oldest;
    return null;
  }

  /**
   * How long the refusal of this socket is put off: 0 while the address has answers left, so that
   * a mistake is told at once and a flood waits. The socket counts as waiting until its release,
   * and yields before those that may still sign in.
   */
  refusalDelayMs(address: string, connection: C, nowMs: number): number {
    const state = this.#state(address, nowMs);
    if (state.answers >= 1) {
      state.answers -= 1;
      return 0;
    }
    this.putOff(address, connection);
    return this.#limits.lingerMs;
  }

  /** The socket must wait: it counts as before, and yields before those that need not. */
  putOff(address: string, connection: C): void {
    const state = this.#addresses.get(addressGroup(address));
    if (state?.pending.delete(connection) === true) state.lingering.add(connection);
  }

  /** What was put off need not wait any more. */
  takeBack(address: string, connection: C): void {
    const state = this.#addresses.get(addressGroup(address));
    if (state?.lingering.delete(connection) === true) state.pending.add(connection);
  }

  /** The socket has signed in or is gone. */
  release(address: string, connection: C, nowMs: number): void {
    const group = addressGroup(address);
    const state = this.#addresses.get(group);
    if (state === undefined) return;
    state.pending.delete(connection);
    state.lingering.delete(connection);
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
      const { failuresBurst } = this.#limits;
      state = {
        pending: new Set(),
        lingering: new Set(),
        tries: failuresBurst,
        answers: failuresBurst,
        refilledMs: nowMs,
      };
      this.#addresses.set(group, state);
    }
    this.#refill(state, nowMs);
    return state;
  }

  /** Those with sockets stay: the limit on connections bounds them. */
  #forgetOldest(): void {
    for (const [address, state] of this.#addresses) {
      if (state.pending.size + state.lingering.size > 0) continue;
      this.#addresses.delete(address);
      return;
    }
  }

  #refill(state: AddressState<C>, nowMs: number): void {
    const { failuresBurst, failuresPerSecond } = this.#limits;
    const earned = Math.max(0, ((nowMs - state.refilledMs) / 1000) * failuresPerSecond);
    state.tries = Math.min(failuresBurst, state.tries + earned);
    state.answers = Math.min(failuresBurst, state.answers + earned);
    state.refilledMs = nowMs;
  }

  #forgetIfIdle(address: string, state: AddressState<C>): void {
    const { failuresBurst } = this.#limits;
    const isUsed = state.pending.size + state.lingering.size > 0;
    if (isUsed || state.tries < failuresBurst || state.answers < failuresBurst) return;
    this.#addresses.delete(address);
  }
}
