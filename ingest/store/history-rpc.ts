import { CodedError, type ErrorFacts } from "../../devices/index.ts";
import { ingestError } from "../errors.ts";
import type { InfluxHistoryOptions } from "./influx/influx-config.ts";
import type { HistoryEvent } from "./store-readers.ts";

/** What the thread is handed. */
export interface HistoryStart {
  directory: string;
  influx: Pick<InfluxHistoryOptions, "influx" | "keep"> | null;
}

/** What may be asked; `close` ends the thread. */
export const historyMethods = ["buckets", "raw", "track", "latest", "preview", "close"] as const;
export type HistoryMethod = (typeof historyMethods)[number];

export interface HistoryCall {
  id: number;
  method: HistoryMethod;
  argument: unknown;
}

export type FromHistory =
  | { kind: "result"; id: number; value: unknown }
  | { kind: "error"; id: number; error: WireError }
  | { kind: "event"; event: HistoryEvent };

/** An error as plain data: structured cloning would keep the message and lose the code. */
export interface WireError {
  code: string;
  message: string;
  table: ErrorFacts;
  facts: CodedError["facts"];
}

export function toWireError(error: unknown): WireError {
  const coded =
    error instanceof CodedError
      ? error
      : ingestError("INGEST_INTERNAL", {
          message: error instanceof Error ? error.message : String(error),
        });
  const { code, message, status, retryable, errorClass, facts } = coded;
  return { code, message, table: { class: errorClass, status, retryable }, facts };
}

export function fromWireError({ code, message, table, facts }: WireError): CodedError {
  return new CodedError(code, table, { message, facts });
}
