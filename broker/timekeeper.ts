import type { Logger } from "pino";
import type { FileJournal } from "./journal/file-journal.ts";
import type { NewEntry } from "./journal/journal.ts";
import type { LoginSource } from "./ports.ts";

const tickMs = 1000;

/** Calls again and again; returns the end of it. */
export type Repeat = (periodMs: number, callback: () => void) => () => void;

const systemRepeat: Repeat = (periodMs, callback) => {
  const timer = setInterval(callback, periodMs);
  return () => clearInterval(timer);
};

/**
 * Puts into the journal what the folds downstream depend on beside readings: each change of the
 * registry, and a tick in every second in which nothing else arrived, so that timers fire.
 */
export class Timekeeper {
  readonly #journal: Pick<FileJournal, "append" | "checkClock" | "syncedOffset">;
  readonly #source: Pick<LoginSource, "changeSeq" | "onChange">;
  readonly #log: Pick<Logger, "warn">;
  readonly #repeat: Repeat;
  #stopTicking: (() => void) | null = null;
  #stopListening: (() => void) | null = null;
  #lastOffset = -1;
  #isTickPending = false;

  constructor(options: {
    journal: Pick<FileJournal, "append" | "checkClock" | "syncedOffset">;
    source: Pick<LoginSource, "changeSeq" | "onChange">;
    log: Pick<Logger, "warn">;
    repeat?: Repeat;
  }) {
    this.#journal = options.journal;
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
    this.#journal.checkClock();
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
        if (error === null && offset === this.#lastOffset + 1) this.#lastOffset = offset;
      }
      if (error !== null) this.#log.warn({ err: error, kind: entry.kind }, "not journaled");
    });
  }
}
