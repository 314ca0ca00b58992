import type { SignInRates } from "./sign-in-rates.ts";

/** How often it is looked whose turn has come: one of each name at a time. */
const turnMs = 20;

interface Waiting {
  name: string;
  onTurn: () => void;
}

/**
 * Sign-ins that wait until their device may sign in again, the first of a name first. Who comes
 * when a turn is free does not stand behind them: else a crowd that waits in a device's name, and
 * has no secret, would keep the device itself out.
 */
export class SignInQueue<C> {
  readonly #rates: SignInRates;
  readonly #monotonicMs: () => number;
  readonly #waiting = new Map<C, Waiting>();
  /** In the order in which they came. */
  readonly #byName = new Map<string, Set<C>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(rates: SignInRates, monotonicMs: () => number) {
    this.#rates = rates;
    this.#monotonicMs = monotonicMs;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** `onTurn` is called once, unless `leave` comes before. */
  wait(connection: C, name: string, onTurn: () => void): void {
    const others = this.#byName.get(name) ?? new Set();
    others.add(connection);
    this.#byName.set(name, others);
    this.#waiting.set(connection, { name, onTurn });
    this.#timer ??= setInterval(() => this.#turn(), turnMs);
  }

  /** It is gone, or its turn has come. Idempotent. */
  leave(connection: C): void {
    const waiting = this.#waiting.get(connection);
    if (waiting === undefined) return;
    this.#waiting.delete(connection);
    const others = this.#byName.get(waiting.name);
    others?.delete(connection);
    if (others?.size === 0) this.#byName.delete(waiting.name);
    if (this.#waiting.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #turn(): void {
    const nowMs = this.#monotonicMs();
    // Whose turn has come leaves at once; a Map bears that while it is walked.
    for (const [name, connections] of this.#byName) {
      if (!this.#rates.mayJudge(name, nowMs)) continue;
      const [first] = connections;
      if (first === undefined) continue;
      const onTurn = this.#waiting.get(first)?.onTurn;
      this.leave(first);
      onTurn?.();
    }
  }
}
