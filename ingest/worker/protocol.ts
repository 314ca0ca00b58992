import type { MessagePort } from "node:worker_threads";
import type { JournalAnnouncement, PublisherEnd } from "../../broker/index.ts";
import { CodedError } from "../../devices/index.ts";
import type { IngestConfig } from "../config.ts";
import { ingestError } from "../errors.ts";
import type { IngestStatus } from "./status.ts";

/** All that the ingest worker is handed; the ports are transferred. */
export interface IngestStart {
  dataDir: string;
  journalDirectory: string;
  config: IngestConfig;
  recordsPort: MessagePort;
  channels: PublisherEnd;
  crashPointSetting: string | null;
  announcement: JournalAnnouncement;
  firstOffset: number;
  recorderOffset: number;
}

/** What the main thread says. Announcements come with all that depends on them. */
export type ToIngest =
  | { kind: "announce"; announcement: JournalAnnouncement }
  | { kind: "flush"; id: number; announcement: JournalAnnouncement }
  | { kind: "snapshot"; id: number; sppgId: string }
  /** The answer to `commit`. */
  | { kind: "committed"; id: number; error: ErrorOnPort | null }
  | { kind: "stop"; announcement: JournalAnnouncement };

export type LogLevel = "info" | "warn" | "error";

/** What every thread of ingest says. */
export type FromThread =
  /** It listens; what it serves may still be loading. */
  | { kind: "started" }
  | { kind: "result"; id: number; value: unknown }
  | { kind: "error"; id: number; error: ErrorOnPort }
  | { kind: "status"; status: IngestStatus }
  | { kind: "log"; level: LogLevel; fields: Readonly<Record<string, unknown>>; message: string };

/** What the thread says beside that whose journal this process writes. */
export type FromFileIngest =
  /** The announcement has been taken: the next one may come. */
  | { kind: "heard" }
  | { kind: "commit"; id: number; name: "recorder" | "monitor"; nextOffset: number }
  | { kind: "damage"; firstOffset: number; records: number };

export type FromIngest = FromThread | FromFileIngest;

/** Structured cloning would keep an error's message and lose its code. */
export interface ErrorOnPort {
  code: string;
  message: string;
  errorClass: CodedError["errorClass"];
  status: number;
  retryable: boolean;
}

export function toPort(error: unknown): ErrorOnPort {
  const coded = error instanceof CodedError ? error : internal(error);
  const { code, message, errorClass, status, retryable } = coded;
  return { code, message, errorClass, status, retryable };
}

export function fromPort(error: ErrorOnPort): CodedError {
  const { code, message, errorClass, status, retryable } = error;
  return new CodedError(code, { class: errorClass, status, retryable }, { message });
}

/** The journal's errors have a code and a class of their own, but are no `CodedError`. */
function internal(error: unknown): CodedError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Error && "code" in error && "retryable" in error)) {
    return ingestError("INGEST_INTERNAL", { message, cause: error });
  }
  const isRetryable = error.retryable === true;
  const facts = isRetryable
    ? ({ class: "unavailable", status: 503, retryable: true } as const)
    : ({ class: "internal", status: 500, retryable: false } as const);
  return new CodedError(String(error.code), facts, { message, cause: error });
}

/** An error in a log line, as pino writes it. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause).message };
  return { type: error.name, message: error.message, stack: error.stack, ...code, ...cause };
}
