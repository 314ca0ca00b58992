import { CodedError } from "../../devices/index.ts";
import { ingestError } from "../errors.ts";

/** Primary result codes of SQLite [sqlite.org/rescode.html]; the extended ones share their byte. */
const sqliteCodes = {
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  canNotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

const passing: ReadonlySet<number> = new Set([
  sqliteCodes.busy,
  sqliteCodes.locked,
  sqliteCodes.noMemory,
  sqliteCodes.readOnly,
  sqliteCodes.ioError,
  sqliteCodes.full,
  sqliteCodes.canNotOpen,
]);

function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

/** The file itself is damaged: no repetition helps, another file does. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === sqliteCodes.corrupt || code === sqliteCodes.notADatabase;
}

export function isConstraint(error: unknown): boolean {
  return sqliteCode(error) === sqliteCodes.constraint;
}

/** What SQLite or the file system said, as the port's error; a full or absent disk may return. */
export function storeError(error: unknown, doing: string): CodedError {
  if (error instanceof CodedError) return error;
  const code = sqliteCode(error);
  const text = error instanceof Error ? error.message : String(error);
  const isFileError = error instanceof Error && "syscall" in error;
  if (isFileError || isDamage(error) || (code !== null && passing.has(code))) {
    const message = `The telemetry store can't be used (${doing}): ${text}.`;
    return ingestError("INGEST_STORE_UNAVAILABLE", { message, cause: error });
  }
  return ingestError("INGEST_INTERNAL", { message: `${doing}: ${text}`, cause: error });
}

export function queryInvalid(message: string, facts: Record<string, string | number>): CodedError {
  return ingestError("INGEST_QUERY_INVALID", { message, facts });
}

export function storeClosed(): CodedError {
  return ingestError("INGEST_STORE_CLOSED", { message: "The telemetry store is closed." });
}
