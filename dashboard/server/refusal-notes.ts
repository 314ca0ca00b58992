/** A page that asks again and again is one line a minute of the audit log. */
const quietMs = 60_000;
/** 10,000 keys are about 1 MB; beyond it the oldest is forgotten. */
const keysMax = 10_000;

/** Whether a refusal is worth a line: the first of its source and kind in a minute. */
export class RefusalNotes {
  readonly #monotonicMs: () => number;
  readonly #notedAtMs = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  isWorth(source: string, kind: string): boolean {
    const key = JSON.stringify([source, kind]);
    const nowMs = this.#monotonicMs();
    const notedAtMs = this.#notedAtMs.get(key);
    if (notedAtMs !== undefined && nowMs - notedAtMs < quietMs) return false;
    this.#notedAtMs.delete(key);
    this.#notedAtMs.set(key, nowMs);
    if (this.#notedAtMs.size > keysMax) {
      const [oldest] = this.#notedAtMs.keys();
      if (oldest !== undefined) this.#notedAtMs.delete(oldest);
    }
    return true;
  }
}
