import { CodedError, type ErrorFacts } from "../devices/index.ts";

const input = { class: "input", status: 422, retryable: false } as const;
const unavailable = { class: "unavailable", status: 503, retryable: true } as const;

export const ingestErrors = {
  /** The store can't be reached or written; nothing of the batch is known to be stored. */
  INGEST_STORE_UNAVAILABLE: unavailable,
  /** InfluxDB is there, and what `nadi store init` makes is not. */
  INGEST_STORE_NOT_INITIALISED: { class: "internal", status: 500, retryable: false },
  /** The store will never take this reading: it becomes a dead letter. */
  INGEST_STORE_REJECTED: input,
  INGEST_STORE_CLOSED: { class: "unavailable", status: 503, retryable: false },
  /** A query that no store can answer: its range, its number of points, or its names. */
  INGEST_QUERY_INVALID: { class: "input", status: 400, retryable: false },
  /** A gateway published for a child that nobody has registered: adopt it. */
  INGEST_CHILD_UNKNOWN: input,
  /** A payload or topic that no codec of this device takes. */
  INGEST_CODEC_FAILED: input,
  /** The entry names a kitchen or device that the registry has never had. */
  INGEST_DEVICE_UNKNOWN: input,
  INGEST_RULE_INVALID: input,
  INGEST_RULE_UNKNOWN: { class: "input", status: 404, retryable: false },
  /** Somebody else has changed the rule in the meantime: read it again. */
  INGEST_RULE_CONFLICT: { class: "conflict", status: 409, retryable: false },
  INGEST_ALERT_UNKNOWN: { class: "input", status: 404, retryable: false },
  /** A critical alert is resolved only with what was done about it. */
  INGEST_CORRECTIVE_ACTION_MISSING: input,
  /** A row of the monitor's state is not what this version writes. */
  INGEST_STATE_UNREADABLE: { class: "internal", status: 500, retryable: false },
  /** The ingest worker has ended; a supervisor starts the process again. */
  INGEST_WORKER_GONE: unavailable,
  /** The worker does not keep up with what it is asked: try again. */
  INGEST_BUSY: unavailable,
  /** Another process owns the partition by now: what this one still writes is refused. */
  INGEST_LEASE_LOST: { class: "conflict", status: 409, retryable: false },
  /** Whether this process still owns the partition is not known: the records do not answer. */
  INGEST_LEASE_UNSURE: unavailable,
  /** Another process has the kitchen's partition, or nobody has it yet. */
  INGEST_KITCHEN_ELSEWHERE: unavailable,
  /** Several ingest processes need a store of readings that all of them can write. */
  INGEST_STORE_NOT_SHARED: { class: "conflict", status: 409, retryable: false },
  /** The rows of the monitor are divided otherwise, and somebody works with them. */
  INGEST_LAYOUT_IN_USE: { class: "conflict", status: 409, retryable: false },
  /** The records follow a journal of several partitions, and this one is of files. */
  INGEST_LAYOUT_DIFFERS: { class: "conflict", status: 409, retryable: false },
  INGEST_INTERNAL: { class: "internal", status: 500, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

export type IngestErrorCode = keyof typeof ingestErrors;

/** The shape that crosses threads: tell errors apart by `code` or `retryable`. */
export function ingestError(
  code: IngestErrorCode,
  options: ConstructorParameters<typeof CodedError>[2],
): CodedError {
  return new CodedError(code, ingestErrors[code], options);
}
