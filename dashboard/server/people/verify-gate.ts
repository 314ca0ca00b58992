import { dashboardError } from "../errors.ts";

/**
 * One password costs 19 MiB and 40 ms of a thread. The threads of the pool are four and also sync
 * the journal: half of them are enough for people. The line stands here and not in the records
 * worker, where it would hold up the devices' logins.
 */
export const verifiesMax = 2;
/** About a second of waiting; whoever comes later is told to try again. */
export const verifiesWaitingMax = 50;

/** Runs at most `verifiesMax` works at once, in order; refuses beyond `verifiesWaitingMax`. */
export class VerifyGate {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < verifiesMax) this.#running++;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // The place goes to the next in line, or is free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #wait(): Promise<void> {
    if (this.#waiting.length >= verifiesWaitingMax) {
      throw dashboardError("DASHBOARD_SIGN_IN_BUSY", {
        message: "Too many people sign in at this moment: try again in a few seconds.",
      });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
