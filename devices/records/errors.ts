import type { ErrorFacts } from "../errors.ts";

export type FactValue = string | number | boolean | null;
export type ErrorDetails = Readonly<Record<string, FactValue>>;

/**
 * An error that callers tell apart by `code` or `retryable`, never by its message. The same shape
 * on both sides of a worker: `instanceof` a narrower class holds only where it was thrown.
 */
export class CodedError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly errorClass: ErrorFacts["class"];
  readonly facts: ErrorDetails;

  constructor(code: string, table: ErrorFacts, options: CodedErrorOptions) {
    super(options.message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "CodedError";
    this.code = code;
    this.status = table.status;
    this.retryable = table.retryable;
    this.errorClass = table.class;
    this.facts = options.facts ?? {};
  }
}

export interface CodedErrorOptions {
  /** A sentence that says what to do. */
  message: string;
  facts?: ErrorDetails;
  cause?: unknown;
}

export const recordsErrors = {
  /** Another process owns the data folder. */
  RECORDS_DATA_DIR_IN_USE: { class: "conflict", status: 409, retryable: false },
  /** Another process serves the PostgreSQL database. */
  RECORDS_DATABASE_IN_USE: { class: "conflict", status: 409, retryable: false },
  /** The database was migrated by a newer Nadi. */
  RECORDS_NEWER_THAN_CODE: { class: "conflict", status: 500, retryable: false },
  /** Two migrations share an id, or a module exports none. */
  RECORDS_MIGRATIONS_INVALID: { class: "internal", status: 500, retryable: false },
  RECORDS_MIGRATION_FAILED: { class: "internal", status: 500, retryable: false },
  /** Another process held the write lock for longer than we wait. */
  RECORDS_LOCKED: { class: "unavailable", status: 503, retryable: true },
  /** The target of a copy holds something else, or there is nothing to copy. */
  RECORDS_COPY_REFUSED: { class: "conflict", status: 409, retryable: false },
  /** A copy read back was not the same; it has been rolled back. */
  RECORDS_COPY_DIFFERS: { class: "internal", status: 500, retryable: false },
  /** A restore was killed in the middle: half of a data folder is none. */
  RECORDS_RESTORE_UNFINISHED: { class: "conflict", status: 409, retryable: false },
  RECORDS_DISK_FULL: { class: "unavailable", status: 507, retryable: true },
  /** The file can't be opened, read or written, or is not a database. */
  RECORDS_UNAVAILABLE: { class: "unavailable", status: 503, retryable: true },
  /** More calls wait for the worker than `recordsPendingCallsMax`. */
  RECORDS_BUSY: { class: "unavailable", status: 503, retryable: true },
  /** The records worker has ended; a supervisor starts the process again. */
  RECORDS_WORKER_GONE: { class: "unavailable", status: 503, retryable: true },
  /** A fault of ours inside the worker: see its message. */
  RECORDS_INTERNAL: { class: "internal", status: 500, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

export type RecordsErrorCode = keyof typeof recordsErrors;

export function recordsError(code: RecordsErrorCode, options: CodedErrorOptions): CodedError {
  return new CodedError(code, recordsErrors[code], options);
}
