import { dashboardError } from "./errors.ts";

/** Whose acts are counted together, and how fast they may come. */
export interface ActionRate {
  /** At once, after a pause. */
  burst: number;
  perMinute: number;
}

/** 10,000 keys are about 1 MB; beyond it the oldest is forgotten. */
const keysMax = 10_000;

interface Balance {
  left: number;
  refilledMs: number;
}

/** Token buckets for what people do: no patience stops a script that has a person's session. */
export class ActionLimits {
  readonly #monotonicMs: () => number;
  readonly #balances = new Map<string, Balance>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Counts one act; throws 429 with when to come back. `key` names whose, and of which rate. */
  spend(key: string, rate: ActionRate): void {
    const nowMs = this.#monotonicMs();
    const { left, refilledMs } = this.#balances.get(key) ?? { left: rate.burst, refilledMs: nowMs };
    const refill = ((nowMs - refilledMs) / 60_000) * rate.perMinute;
    const present = Math.min(rate.burst, left + refill);
    const isAllowed = present >= 1;
    this.#keep(key, { left: isAllowed ? present - 1 : present, refilledMs: nowMs });
    if (isAllowed) return;
    const retryAfterSeconds = Math.ceil(((1 - present) / rate.perMinute) * 60);
    throw dashboardError("DASHBOARD_ACTIONS_LIMITED", {
      message: "Too many acts at once.",
      facts: { retryAfterSeconds },
    });
  }

  #keep(key: string, balance: Balance): void {
    this.#balances.delete(key);
    this.#balances.set(key, balance);
    if (this.#balances.size <= keysMax) return;
    const [oldest] = this.#balances.keys();
    if (oldest !== undefined) this.#balances.delete(oldest);
  }
}
