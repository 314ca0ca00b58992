import { addressGroup } from "../address-group.ts";

/**
 * Guesses are counted for an account from one address, and for an address. Never for an account
 * alone: else whoever knows an e-mail address could lock its person out [ASVS 6.1.1].
 */
export const signInLimits = {
  /** Misspelling a password of 20 characters a few times is normal. */
  failuresPerAccount: 5,
  /** A whole kitchen shares one address. */
  failuresPerAddress: 30,
  /** The first wait; each further failure doubles it. */
  waitMsMin: 2_000,
  waitMsMax: 15 * 60_000,
  /** Without a failure for this long all is forgotten. */
  forgetMs: 60 * 60_000,
  /** At once from one address: the others' sign-ins must find a free thread. */
  runningPerAddress: 4,
  /** 20,000 keys are about 4 MB; the least recently used go first. */
  keysMax: 20_000,
} as const;

/** A password takes 40 ms to judge. */
const crowdedWaitMs = 1_000;

interface Count {
  failures: number;
  running: number;
  failedAtMs: number;
  /** Somebody was told to wait since the last failure. */
  isTold: boolean;
}

export type SignInBegin =
  | { attempt: SignInTry; limited: null }
  /** `isFirst`: nobody was told so since the last failure; for one line of the audit log. */
  | { attempt: null; limited: { waitMs: number; isFirst: boolean } };

export interface SignInTry {
  /** Somebody has failed from this address. */
  readonly isDoubted: boolean;
  succeed(): void;
  fail(): void;
  /** Neither: the attempt was never judged. */
  cancel(): void;
}

/** In memory, of one process: what it forgets with a restart costs a guesser more than it gives. */
export class SignInLimits {
  readonly #monotonicMs: () => number;
  // Maps, because e-mail addresses come from strangers; insertion order is order of last use.
  readonly #accounts = new Map<string, Count>();
  readonly #addresses = new Map<string, Count>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** How many counts are held in memory. */
  get size(): number {
    return this.#accounts.size + this.#addresses.size;
  }

  /**
   * A try counts as failed from its begin on, so that a hundred at once are no hundred free
   * guesses.
   */
  begin(email: string, address: string): SignInBegin {
    const place = addressGroup(address);
    const accountKey = JSON.stringify([email, place]);
    const addressCount = this.#count(this.#addresses, place);
    const accountCount = this.#count(this.#accounts, accountKey);
    const isCrowded = addressCount.running >= signInLimits.runningPerAddress;
    const waitMs = Math.max(
      isCrowded ? crowdedWaitMs : 0,
      this.#waitMs(accountCount, signInLimits.failuresPerAccount),
      this.#waitMs(addressCount, signInLimits.failuresPerAddress),
    );
    if (waitMs === 0) return { attempt: this.#open(addressCount, accountCount), limited: null };
    const isFirst = !addressCount.isTold;
    addressCount.isTold = true;
    return { attempt: null, limited: { waitMs, isFirst } };
  }

  #open(addressCount: Count, accountCount: Count): SignInTry {
    const counts = [addressCount, accountCount];
    for (const count of counts) count.running++;
    let isOpen = true;
    const close = (then: (count: Count) => void) => (): void => {
      if (!isOpen) return;
      isOpen = false;
      for (const count of counts) {
        count.running--;
        then(count);
      }
    };
    const nowMs = this.#monotonicMs;
    return {
      isDoubted: addressCount.failures > 0,
      cancel: close(() => undefined),
      fail: close((count) => {
        count.failures++;
        count.failedAtMs = nowMs();
        count.isTold = false;
      }),
      succeed: close((count) => {
        // The address keeps its failures: a guesser may have an account of their own.
        if (count === accountCount) count.failures = 0;
      }),
    };
  }

  #count(counts: Map<string, Count>, key: string): Count {
    const known = counts.get(key);
    counts.delete(key);
    const nowMs = this.#monotonicMs();
    const isForgotten =
      known === undefined ||
      (known.running === 0 && nowMs - known.failedAtMs > signInLimits.forgetMs);
    const count = isForgotten
      ? { failures: 0, running: 0, failedAtMs: nowMs, isTold: false }
      : known;
    counts.set(key, count);
    if (counts.size > signInLimits.keysMax) {
      const [oldest] = counts.keys();
      if (oldest !== undefined) counts.delete(oldest);
    }
    return count;
  }

  #waitMs(count: Count, freeFailures: number): number {
    // What is still being judged counts as if it had failed.
    const over = count.failures + count.running - freeFailures;
    if (over < 0) return 0;
    const { waitMsMin, waitMsMax } = signInLimits;
    // A shift past 2^20 would only meet the maximum again.
    const waitMs = Math.min(waitMsMin * 2 ** Math.min(over, 20), waitMsMax);
    if (count.failures < freeFailures) return waitMsMin;
    return Math.max(0, count.failedAtMs + waitMs - this.#monotonicMs());
  }
}
