import { CodedError } from "../../devices/index.ts";
import { brokerError } from "../errors.ts";
import type { Envelope } from "./messages.ts";

export type WireError = Extract<Envelope, { kind: "refusal" }>["error"];

const messageCharsMax = 1_000;

/** An error as another process is told it. */
export function toWireError(error: unknown): WireError {
  const message = error instanceof Error ? error.message : String(error);
  const coded =
    error instanceof CodedError
      ? error
      : brokerError("BROKER_PEER_FAILED", { message, cause: error });
  const { code, errorClass, status, retryable } = coded;
  return { code, errorClass, status, retryable, message: message.slice(0, messageCharsMax) };
}

export function fromWireError(error: WireError): CodedError {
  const { code, errorClass, status, retryable, message } = error;
  return new CodedError(code, { class: errorClass, status, retryable }, { message });
}
