/** How fast somebody may send; 0 means no limit. */
export interface Rate {
  messagesPerSecond: number;
  bytesPerSecond: number;
}

/** How much may come at once after a silence: a backlog is normal after an outage. */
const burstSeconds = 2;

/**
 * A token bucket that is paid afterwards: a packet is always taken, and while the balance is
 * negative the socket is not read. So nothing is dropped and nobody is closed.
 */
export class Throttle {
  readonly #rate: Rate;
  #messages: number;
  #bytes: number;
  #refilledMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#messages = rate.messagesPerSecond * burstSeconds;
    this.#bytes = rate.bytesPerSecond * burstSeconds;
    this.#refilledMs = nowMs;
  }

  spend(messages: number, bytes: number): void {
    this.#messages -= messages;
    this.#bytes -= bytes;
  }

  /** More was taken than the balance held: ask `waitMs`. */
  get isSpent(): boolean {
    return (
      (this.#messages < 0 && this.#rate.messagesPerSecond > 0) ||
      (this.#bytes < 0 && this.#rate.bytesPerSecond > 0)
    );
  }

  /** The balance is as good as a new one's, so that nothing is lost by forgetting it. */
  isFull(nowMs: number): boolean {
    this.waitMs(nowMs);
    const { messagesPerSecond, bytesPerSecond } = this.#rate;
    const isFull = (balance: number, perSecond: number): boolean =>
      perSecond === 0 || balance >= perSecond * burstSeconds;
    return isFull(this.#messages, messagesPerSecond) && isFull(this.#bytes, bytesPerSecond);
  }

  /** Milliseconds until the socket may be read again; 0: now. Refills the balance. */
  waitMs(nowMs: number): number {
    const { messagesPerSecond, bytesPerSecond } = this.#rate;
    const elapsedSeconds = Math.max(0, nowMs - this.#refilledMs) / 1000;
    this.#refilledMs = nowMs;
    const refill = (balance: number, perSecond: number): number =>
      Math.min(perSecond * burstSeconds, balance + perSecond * elapsedSeconds);
    this.#messages = refill(this.#messages, messagesPerSecond);
    this.#bytes = refill(this.#bytes, bytesPerSecond);
    const wait = (balance: number, perSecond: number): number =>
      perSecond > 0 && balance < 0 ? Math.ceil((-balance / perSecond) * 1000) : 0;
    return Math.max(wait(this.#messages, messagesPerSecond), wait(this.#bytes, bytesPerSecond));
  }
}
