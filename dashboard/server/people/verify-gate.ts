import type { CodedError } from "../../../devices/index.ts";
import { dashboardError } from "../errors.ts";

/**
 * One password costs 19 MiB and 40 ms of a thread. The threads of the pool are four and also sync
 * the journal: half of them are enough for people. The line stands here and not in the records
 * worker, where it would hold up the devices' logins.
 */
export const verifiesMax = 2;
/** About a second of waiting; whoever comes later is told to try again. */
export const verifiesWaitingMax = 50;

interface Waiter {
  start(): void;
  refuse(): void;
}

/**
 * Runs at most `verifiesMax` works at once and lets `verifiesWaitingMax` wait. Where guesses come
 * from many addresses, people must still get in: those from addresses without a failure go first,
 * and find a place in a full line.
 */
export class VerifyGate {
  #running = 0;
  /** Each in order. */
  readonly #waiting: Waiter[] = [];
  readonly #waitingDoubted: Waiter[] = [];

  /** `isDoubted`: from an address that has failed. */
  async run<Result>(isDoubted: boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < verifiesMax) this.#running++;
    else await this.#wait(isDoubted);
    try {
      return await work();
    } finally {
      // The place goes to the next in line, or is free.
      const next = this.#waiting.shift() ?? this.#waitingDoubted.shift();
      if (next === undefined) this.#running--;
      else next.start();
    }
  }

  async #wait(isDoubted: boolean): Promise<void> {
    if (this.#waiting.length + this.#waitingDoubted.length >= verifiesWaitingMax) {
      const displaced = isDoubted ? undefined : this.#waitingDoubted.pop();
      if (displaced === undefined) throw busy();
      displaced.refuse();
    }
    const place = Promise.withResolvers<void>();
    const waiter = { start: place.resolve, refuse: () => place.reject(busy()) };
    (isDoubted ? this.#waitingDoubted : this.#waiting).push(waiter);
    await place.promise;
  }
}

function busy(): CodedError {
  return dashboardError("DASHBOARD_SIGN_IN_BUSY", {
    message: "Too many people sign in at this moment: try again in a few seconds.",
  });
}
