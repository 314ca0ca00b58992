import type { Journal, NewEntry } from "./journal/journal.ts";
import type { LoginSource } from "./ports.ts";

const tickMs = 1000;

/** Calls again and again; returns the end of it. */
export type Repeat = (periodMs: number, callback: () => void) => () => void;

const systemRepeat: Repeat = (periodMs, callback) => {
  const timer = setInterval(callback, periodMs);
  return () => clearInterval(timer);
};

/** A journal, or a part of one, that nobody else keeps the time of. */
export interface TimedJournal extends Pick<Journal, "append" | "syncedOffset"> {
  /** Left out: the journal's own server watches its clock. */
  checkClock?(): void;
}

export interface TimekeeperOptions {
  journal: TimedJournal;
  /** How far apart two entries' offsets lie that follow each other; default 1. */
  offsetStep?: number;
  source: Pick<LoginSource, "changeSeq"> & {
    onChange(listener: (change: { seq: number }) => void): () => void;
  };
  log: { warn(fields: Readonly<Record<string, unknown>>, message: string): void };
  repeat?: Repeat;
}

/**
 * Puts into the journal what the folds downstream depend on beside readings: each change of the
 * registry, and a tick in every second in which nothing else arrived, so that timers fire.
 */
export class Timekeeper {
  readonly #journal: TimedJournal;
  readonly #offsetStep: number;
  readonly #source: TimekeeperOptions["source"];
  readonly #log: TimekeeperOptions["log"];
  readonly #repeat: Repeat;
  #stopTicking: (() => void) | null = null;
  #stopListening: (() => void) | null = null;
  #lastOffset = -1;
  #isTickPending = false;

  constructor(options: TimekeeperOptions) {
    this.#journal = options.journal;
    this.#offsetStep = options.offsetStep ?? 1;
    this.#source = options.source;
    this.#log = options.log;
    this.#repeat = options.repeat ?? systemRepeat;
  }

  /** Begins with the change that is in force now: others may have come while nobody listened. */
  start(): void {
    if (this.#stopTicking !== null) return;
    this.#append({ kind: "change", changeSeq: this.#source.changeSeq });
    this.#stopListening = this.#source.onChange(({ seq }) =>
      this.#append({ kind: "change", changeSeq: seq }),
    );
    this.#stopTicking = this.#repeat(tickMs, () => this.#tick());
  }

  stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = null;
    this.#stopListening?.();
    this.#stopListening = null;
  }

  #tick(): void {
    this.#journal.checkClock?.();
    const { syncedOffset } = this.#journal;
    const isIdle = syncedOffset === this.#lastOffset;
    this.#lastOffset = syncedOffset;
    // While acknowledgements are withheld one tick waits, not one more each second.
    if (!isIdle || this.#isTickPending) return;
    this.#isTickPending = true;
    this.#append({ kind: "tick" });
  }

  #append(entry: NewEntry): void {
    this.#journal.append(entry, (error, offset) => {
      if (entry.kind === "tick") {
        this.#isTickPending = false;
        // A tick is no reading: the second after it is idle too if nothing else came.
        const isNext = offset <= this.#lastOffset + this.#offsetStep;
        if (error === null && isNext) this.#lastOffset = offset;
      }
      if (error !== null) this.#log.warn({ err: error, kind: entry.kind }, "not journaled");
    });
  }
}
