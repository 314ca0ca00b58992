import { CodedError, type ErrorFacts } from "../devices/index.ts";

export const brokerErrors = {
  /** Whether the far side of the channels has taken the messages is not known: publish again. */
  BROKER_CHANNELS_UNAVAILABLE: { class: "unavailable", status: 503, retryable: true },
  /** A kitchen was added beside a run that lets anybody in. */
  BROKER_CONFORMANCE_ENDED: { class: "conflict", status: 409, retryable: false },
  /** Something was published where nothing is kept: a fault of ours. */
  BROKER_JOURNAL_MISSING: { class: "internal", status: 500, retryable: false },
  /** What joins the processes is away, or nobody there answered in time: try again. */
  BROKER_PEERS_UNAVAILABLE: { class: "unavailable", status: 503, retryable: true },
  /** Another process could not do what it was asked: a fault of ours, see its message. */
  BROKER_PEER_FAILED: { class: "internal", status: 500, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

export type BrokerErrorCode = keyof typeof brokerErrors;

/** The shape that crosses threads: tell errors apart by `code` or `retryable`. */
export function brokerError(
  code: BrokerErrorCode,
  options: ConstructorParameters<typeof CodedError>[2],
): CodedError {
  return new CodedError(code, brokerErrors[code], options);
}
