import { CodedError, type ErrorFacts } from "../devices/index.ts";

export const brokerErrors = {
  /** Whether the far side of the channels has taken the messages is not known: publish again. */
  BROKER_CHANNELS_UNAVAILABLE: { class: "unavailable", status: 503, retryable: true },
} as const satisfies Record<string, ErrorFacts>;

export type BrokerErrorCode = keyof typeof brokerErrors;

/** The shape that crosses threads: tell errors apart by `code` or `retryable`. */
export function brokerError(
  code: BrokerErrorCode,
  options: ConstructorParameters<typeof CodedError>[2],
): CodedError {
  return new CodedError(code, brokerErrors[code], options);
}
