/** What the share remembers of one client. */
export interface Share {
  /** The window in which it last published, and in which it last had all it may under way. */
  activeIn: number;
  fullIn: number;
}

export interface FairShareLimits {
  /** K: packets of one client that are under way at once. */
  inFlightMax: number;
  /** K of a client that takes all it can get beside others who don't. */
  inFlightMaxCrowded: number;
}

/** Before the first window, and not the one before it. */
const never = -1;

/**
 * How much one client may have under way. Alone it gets all; beside neighbours who are content with
 * less a client that is never content gets little: each packet of it takes processor time from
 * theirs, here and in every consumer downstream. Where most ask for all, all get the same.
 */
export class FairShare {
  readonly #limits: FairShareLimits;
  #window = 1;
  #active = { before: 0, now: 0 };
  #full = { before: 0, now: 0 };

  constructor(limits: FairShareLimits) {
    this.#limits = limits;
  }

  /** For a client that has just come. */
  static newcomer(): Share {
    return { activeIn: never, fullIn: never };
  }

  /** A new window begins; who took what two windows ago is forgotten. Twice a second. */
  turn(): void {
    this.#window += 1;
    this.#active = { before: this.#active.now, now: 0 };
    this.#full = { before: this.#full.now, now: 0 };
  }

  noteActive(share: Share): void {
    if (share.activeIn === this.#window) return;
    share.activeIn = this.#window;
    this.#active.now += 1;
  }

  /** Packets that this client may have under way now. */
  inFlightMaxOf(share: Share): number {
    const { inFlightMax, inFlightMaxCrowded } = this.#limits;
    return this.#isCrowding(share) ? inFlightMaxCrowded : inFlightMax;
  }

  /** It had as much under way as it may, and more to send. */
  noteFull(share: Share): void {
    if (share.fullIn === this.#window) return;
    share.fullIn = this.#window;
    this.#full.now += 1;
  }

  #isCrowding(share: Share): boolean {
    if (share.fullIn < this.#window - 1) return false;
    const full = Math.max(this.#full.before, this.#full.now);
    const active = Math.max(this.#active.before, this.#active.now);
    return full * 2 <= active;
  }
}
