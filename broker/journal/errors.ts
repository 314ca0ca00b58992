/** What a code means to a caller: whose fault it is, and whether trying again can help. */
interface ErrorFacts {
  class: "input" | "unavailable" | "internal";
  retryable: boolean;
}

export const journalErrors = {
  /** The journal is closed or closing; nothing of this entry is promised. */
  JOURNAL_CLOSED: { class: "unavailable", retryable: false },
  /** The entry is larger than the format allows, or of a kind that only the journal writes. */
  JOURNAL_ENTRY_REFUSED: { class: "input", retryable: false },
  /** More bytes wait for the disk than the journal may hold. */
  JOURNAL_BACKLOG_FULL: { class: "unavailable", retryable: true },
  /** The environment names a crash point that does not exist. */
  JOURNAL_CRASH_POINT_UNKNOWN: { class: "input", retryable: false },
  /** The folder can't be made, listed or read. */
  JOURNAL_OPEN_FAILED: { class: "unavailable", retryable: true },
  /** Redis may lose what was acknowledged, and `NADI_ACCEPT_WEAK_JOURNAL` does not accept it. */
  JOURNAL_WEAK_REFUSED: { class: "input", retryable: false },
  /** Another journal would leave behind what these files hold. */
  JOURNAL_NOT_EMPTY: { class: "input", retryable: false },
  /** Redis holds a journal of another number of partitions. */
  JOURNAL_PARTITIONS_MISMATCH: { class: "input", retryable: false },
  /** A cursor's name or position is impossible. */
  JOURNAL_CURSOR_REFUSED: { class: "input", retryable: false },
  /** The cursor's file can't be written; its last durable value stands. */
  JOURNAL_CURSOR_FAILED: { class: "unavailable", retryable: true },
  /** A segment can't be read at the moment. */
  JOURNAL_READ_FAILED: { class: "unavailable", retryable: true },
  /** Files came and went while the copier did not look; nothing of the copy is used. */
  JOURNAL_COPY_OVERTAKEN: { class: "unavailable", retryable: true },
} as const satisfies Record<string, ErrorFacts>;

export type JournalErrorCode = keyof typeof journalErrors;

export class JournalError extends Error {
  readonly code: JournalErrorCode;
  readonly retryable: boolean;

  constructor(code: JournalErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "JournalError";
    this.code = code;
    this.retryable = journalErrors[code].retryable;
  }
}

/** A broken invariant: the process must stop rather than acknowledge. */
export class JournalInvariantError extends Error {
  constructor(message: string) {
    super(`journal invariant broken: ${message}`);
    this.name = "JournalInvariantError";
  }
}

/** Stays on in production: an assertion that fails ends the process. */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new JournalInvariantError(message);
}

/** The system's error code, e.g. `ENOSPC`, or `""` for anything else. */
export function systemCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
