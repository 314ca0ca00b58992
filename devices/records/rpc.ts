import type { MessagePort } from "node:worker_threads";
import type { ErrorFacts } from "../errors.ts";
import { CodedError, recordsError, type ErrorDetails } from "./errors.ts";

export interface RecordsCall {
  kind: "call";
  /** Counted by the caller; of its own port. */
  id: number;
  service: string;
  method: string;
  args: unknown[];
}

/**
 * What the main thread sends to the records worker. A port that came with `connect` carries calls
 * and their answers, and nothing else.
 */
export type ToWorker = RecordsCall | { kind: "connect"; port: MessagePort } | { kind: "close" };

/** What the worker answers. `ready` names what it serves; `failed` is a start that did not. */
export type FromWorker =
  | { kind: "ready"; methods: Record<string, string[]> }
  | { kind: "failed"; error: WireError }
  | { kind: "result"; id: number; value: unknown }
  | { kind: "error"; id: number; error: WireError };

/** An error as plain data: structured cloning would keep the message and lose the code. */
export interface WireError {
  code: string;
  message: string;
  errorClass: ErrorFacts["class"];
  status: number;
  retryable: boolean;
  facts: ErrorDetails;
}

export interface WorkerStart {
  dataDir: string;
  databaseUrl: string | undefined;
  lock: boolean | "shared" | "folder-shared";
  busyTimeoutMs: number;
  migrationModules: readonly string[];
  serviceModules: Readonly<Record<string, string>>;
}

export function toWireError(error: unknown): WireError {
  const coded =
    error instanceof CodedError
      ? error
      : recordsError("RECORDS_INTERNAL", {
          message: error instanceof Error ? error.message : String(error),
        });
  const { code, message, errorClass, status, retryable, facts } = coded;
  return { code, message, errorClass, status, retryable, facts };
}

export function fromWireError(wire: WireError): CodedError {
  const facts = { class: wire.errorClass, status: wire.status, retryable: wire.retryable };
  return new CodedError(wire.code, facts, { message: wire.message, facts: wire.facts });
}
