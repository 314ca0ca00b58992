import type { AcceptBrake } from "./accept-brake.ts";
import type { AddressGuard } from "./address-limits.ts";
import type { Connection } from "./connection.ts";
import type { EdgeLimits } from "./limits.ts";
import type { Refusal, Refusals } from "./refusals.ts";
import { SignInQueue } from "./sign-in-queue.ts";
import { SignInRates } from "./sign-in-rates.ts";

export interface ArrivalsOptions {
  /** Slows down who comes next while refusals are put off. */
  brake: Pick<AcceptBrake, "press">;
  guard: AddressGuard<Connection>;
  limits: Pick<EdgeLimits, "connectDeadlineMs" | "signIns">;
  monotonicMs: () => number;
  refusals: Refusals;
  drop: (connection: Connection, refusal: Refusal) => void;
}

/** A CONNECT that is well formed and not judged yet. */
export interface Attempt {
  /** Whom it names; a person has been judged before, and `null` names nobody. */
  name: string | null;
  /** It must wait: its end has to be heard, and its bytes kept. */
  hold: () => void;
  /** Its turn has come, or it need not wait. */
  pass: () => void;
}

/** Connections that have not signed in: how long each may take, and who yields to whom. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** Oldest first. */
  readonly #pending = new Set<Connection>();
  /** Those that are put off, for a refusal or until their device's turn, oldest first. */
  readonly #lingering = new Set<Connection>();

  readonly #signInRates: SignInRates;
  readonly #signInQueue: SignInQueue<Connection>;

  constructor(options: ArrivalsOptions) {
    const { limits, monotonicMs } = options;
    this.#options = options;
    this.#signInRates = new SignInRates(limits.signIns);
    this.#signInQueue = new SignInQueue(this.#signInRates, monotonicMs);
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
   * Lets a CONNECT pass, at once unless its device has signed in very often lately: a client that
   * comes again and again leaves more garbage than its neighbours can bear. It yields first, and
   * its deadline holds on.
   */
  attempt(connection: Connection, { name, hold, pass }: Attempt): void {
    const { guard, monotonicMs, refusals } = this.#options;
    if (name === null || this.#signInRates.mayJudge(name, monotonicMs())) {
      pass();
      return;
    }
    refusals.record("sign-in-rate", connection, name);
    const { address } = connection.origin;
    this.#pending.delete(connection);
    this.#lingering.add(connection);
    guard.putOff(address, connection);
    this.#signInQueue.wait(connection, name, () => {
      this.#lingering.delete(connection);
      this.#pending.add(connection);
      guard.takeBack(address, connection);
      pass();
    });
    hold();
  }

  /** Counts a sign-in of this device. */
  signedIn(name: string): void {
    this.#signInRates.signedIn(name, this.#options.monotonicMs());
  }

  /** Forgets addresses and devices that are back to normal; call it now and then. */
  sweep(nowMs: number): void {
    this.#options.guard.sweep(nowMs);
    this.#signInRates.sweep(nowMs);
  }

  /**
   * Answers a refusal: at once while its address has answers left, else later, so that a flood of
   * rubbish from one address waits for itself. Those who sign in never come here.
   */
  refuse(connection: Connection, answer: () => void): void {
    const { brake, guard, monotonicMs } = this.#options;
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
    brake.press();
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
    this.#signInQueue.leave(connection);
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
