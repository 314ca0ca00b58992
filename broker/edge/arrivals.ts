import type { AddressGuard } from "./address-limits.ts";
import type { Connection } from "./connection.ts";
import type { EdgeLimits } from "./limits.ts";
import type { Refusal } from "./refusals.ts";

export interface ArrivalsOptions {
  guard: AddressGuard<Connection>;
  limits: Pick<EdgeLimits, "connectDeadlineMs">;
  monotonicMs: () => number;
  drop: (connection: Connection, refusal: Refusal) => void;
}

/** Connections that have not signed in: how long each may take, and who yields to whom. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** Oldest first. */
  readonly #pending = new Set<Connection>();
  /** Those that have been refused and wait for their answer, oldest first. */
  readonly #lingering = new Set<Connection>();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  get lingeringCount(): number {
    return this.#lingering.size;
  }

  /** Takes in a new one; another of the same address may have to yield. */
  admit(connection: Connection): void {
    const { guard, limits, monotonicMs, drop } = this.#options;
    this.#pending.add(connection);
    connection.deadline = setTimeout(
      () => drop(connection, "connect-deadline"),
      limits.connectDeadlineMs,
    );
    const yielding = guard.admit(connection.origin.address, connection, monotonicMs());
    if (yielding !== null) this.#yield(yielding);
  }

  /**
   * Answers a refusal: at once while its address has answers left, else later, so that a flood of
   * rubbish from one address waits for itself. Those who sign in never come here.
   */
  refuse(connection: Connection, answer: () => void): void {
    const { guard, monotonicMs } = this.#options;
    if (!this.#pending.delete(connection)) {
      answer();
      return;
    }
    const { address } = connection.origin;
    const delayMs = guard.refusalDelayMs(address, connection, monotonicMs());
    if (delayMs === 0) {
      this.#pending.add(connection);
      answer();
      return;
    }
    this.#lingering.add(connection);
    if (connection.deadline !== null) clearTimeout(connection.deadline);
    connection.deadline = setTimeout(answer, delayMs);
  }

  /** Of all addresses the longest waiting one yields; `null`: nobody waits. */
  yieldOldest(): Connection | null {
    const [oldest] = this.#lingering.size > 0 ? this.#lingering : this.#pending;
    if (oldest === undefined) return null;
    this.#yield(oldest);
    return oldest;
  }

  /** It has signed in or is gone. Idempotent. */
  leave(connection: Connection): void {
    this.#pending.delete(connection);
    this.#lingering.delete(connection);
    if (connection.deadline === null) return;
    clearTimeout(connection.deadline);
    connection.deadline = null;
    const { guard, monotonicMs } = this.#options;
    guard.release(connection.origin.address, connection, monotonicMs());
  }

  #yield(connection: Connection): void {
    // What has been refused is counted already.
    if (this.#lingering.has(connection)) connection.destroy();
    else this.#options.drop(connection, "too-many-pending");
  }
}
