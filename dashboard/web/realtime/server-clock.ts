/** HTTP dates have whole seconds, and a request takes its time: less than this is no difference. */
const toleranceMs = 3_000;

/**
 * The server's time, as far as the page can know it. The clock of a television box may be hours
 * off, and every age counted with it would lie: what the server says of the past is put into the
 * page's own time first.
 */
export class ServerClock {
  readonly #nowMs: () => number;
  #offsetMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs() + this.#offsetMs;
  }

  /** The page's time of a moment that the server has told. */
  toPageMs(serverMs: number): number {
    return serverMs - this.#offsetMs;
  }

  /** The server's time of a moment of the page, to be said as a time of day. */
  toServerMs(pageMs: number): number {
    return pageMs + this.#offsetMs;
  }

  /** From the `Date` of an answer that has just come; what is none says nothing. */
  observe(httpDate: string | null): void {
    const serverMs = httpDate === null ? Number.NaN : Date.parse(httpDate);
    if (Number.isNaN(serverMs)) return;
    const offsetMs = serverMs + 500 - this.#nowMs();
    this.#offsetMs = Math.abs(offsetMs) < toleranceMs ? 0 : offsetMs;
  }
}
