import { ingestError } from "../errors.ts";
import type { Bell, Pace } from "./pace.ts";

/** A reader rather answers without the newest second than waits longer than this. */
export const flushDeadlineMs = 1_000;
/** What the recorder can't write within the deadline is not waited for. */
export const flushBacklogMax = 100_000;

interface FlushRequest {
  uptoOffset: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Readers who want what was acknowledged before they asked to be in the store. */
export class FlushRequests {
  readonly #waiting = new Set<FlushRequest>();
  readonly #pace: Pace;
  readonly #bell: Bell;
  #refusal: Error | null = null;

  constructor(options: { pace: Pace; bell: Bell }) {
    this.#pace = options.pace;
    this.#bell = options.bell;
  }

  /**
   * Resolves when everything up to an offset is written; rejects as retryable when the store is
   * away, or when the recorder is too far behind to be in time.
   */
  async ask(uptoOffset: number, writtenOffset: number): Promise<void> {
    if (uptoOffset < writtenOffset) return;
    if (this.#refusal !== null) throw this.#refusal;
    if (uptoOffset - writtenOffset > flushBacklogMax) throw tooLate();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request = { uptoOffset, resolve, reject };
    this.#waiting.add(request);
    this.#bell.ring();
    const over = new AbortController();
    void this.#pace.sleep(flushDeadlineMs, over.signal).then(() => reject(tooLate()));
    try {
      await promise;
    } finally {
      this.#waiting.delete(request);
      over.abort();
    }
  }

  /** Somebody waits for this entry or a later one. */
  isWanted(offset: number): boolean {
    for (const { uptoOffset } of this.#waiting) if (uptoOffset >= offset) return true;
    return false;
  }

  /** All below is written. */
  settle(writtenOffset: number): void {
    for (const request of this.#waiting) {
      if (request.uptoOffset < writtenOffset) request.resolve();
    }
  }

  /** Now and until `admit`: the store is away. */
  refuseAll(refusal: Error): void {
    this.#refusal = refusal;
    for (const request of this.#waiting) request.reject(refusal);
  }

  admit(): void {
    this.#refusal = null;
  }
}

function tooLate(): Error {
  return ingestError("INGEST_BUSY", {
    message: "The newest readings are not in the store yet: try again.",
  });
}
