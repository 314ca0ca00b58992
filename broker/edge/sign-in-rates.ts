export interface SignInRateLimits {
  /** Sign-ins that a device may make at once after a silence. */
  burst: number;
  perSecond: number;
  /** Devices that are remembered. */
  devicesMax: number;
}

interface Bucket {
  tokens: number;
  refilledMs: number;
}

/** Forgotten in one sweep: a storm of reconnects is not taken away in one long turn either. */
const sweptAtOnce = 10_000;

/**
 * How often each device has signed in lately. Only a sign-in that succeeded is counted, so that
 * nobody without the device's secret can use up what it may do.
 */
export class SignInRates {
  readonly #limits: SignInRateLimits;
  /** By principal, the one that signed in longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: SignInRateLimits) {
    this.#limits = limits;
  }

  /** Devices that are remembered. */
  get count(): number {
    return this.#buckets.size;
  }

  /** Whether a sign-in in this name may be judged now; takes nothing. Unknown names always may. */
  mayJudge(name: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(name);
    return bucket === undefined || this.#tokens(bucket, nowMs) >= 1;
  }

  /** The device has signed in. It never owes any, so that it is soon welcome again. */
  signedIn(name: string, nowMs: number): void {
    const bucket = this.#buckets.get(name);
    const tokens = bucket === undefined ? this.#limits.burst : this.#tokens(bucket, nowMs);
    if (bucket !== undefined) this.#buckets.delete(name);
    else if (this.#buckets.size >= this.#limits.devicesMax) this.#forgetOldest();
    this.#buckets.set(name, { tokens: Math.max(0, tokens - 1), refilledMs: nowMs });
  }

  /** Forgets devices whose balance is certainly full; call it now and then. */
  sweep(nowMs: number): void {
    const { burst, perSecond } = this.#limits;
    const fullAfterMs = (burst / perSecond) * 1000;
    let swept = 0;
    for (const [name, { refilledMs }] of this.#buckets) {
      if (nowMs - refilledMs < fullAfterMs || swept === sweptAtOnce) return;
      this.#buckets.delete(name);
      swept++;
    }
  }

  #tokens({ tokens, refilledMs }: Bucket, nowMs: number): number {
    const earned = (Math.max(0, nowMs - refilledMs) / 1000) * this.#limits.perSecond;
    return Math.min(this.#limits.burst, tokens + earned);
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next();
    if (oldest.done !== true) this.#buckets.delete(oldest.value);
  }
}
