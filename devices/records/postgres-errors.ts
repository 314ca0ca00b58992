import { CodedError, recordsError, type RecordsErrorCode } from "./errors.ts";

/** SQLSTATEs by which a caller can act; those of a class of two characters stand for all of it. */
const codesByState = new Map<string, RecordsErrorCode>([
  // Serialization failure, deadlock, lock not available, cancelled by a timeout.
  ["40001", "RECORDS_LOCKED"],
  ["40P01", "RECORDS_LOCKED"],
  ["55P03", "RECORDS_LOCKED"],
  ["57014", "RECORDS_LOCKED"],
  ["53100", "RECORDS_DISK_FULL"],
  // No privilege to log in, no such database, a standby that takes no writes.
  ["28", "RECORDS_UNAVAILABLE"],
  ["3D", "RECORDS_UNAVAILABLE"],
  ["25006", "RECORDS_UNAVAILABLE"],
  // Connection exception, insufficient resources, operator intervention, system error.
  ["08", "RECORDS_UNAVAILABLE"],
  ["53", "RECORDS_UNAVAILABLE"],
  ["57", "RECORDS_UNAVAILABLE"],
  ["58", "RECORDS_UNAVAILABLE"],
  // Ended while idle in a transaction.
  ["25P03", "RECORDS_UNAVAILABLE"],
]);

/** After these the server has ended the connection, or there never was one. */
const lossClasses = new Set(["08", "57P01", "57P02", "57P03", "57P05", "25P03"]);

const advice: Partial<Record<RecordsErrorCode, string>> = {
  RECORDS_LOCKED: "another process is writing to it; try again",
  RECORDS_DISK_FULL: "free some space on its disk; nothing was changed",
  RECORDS_UNAVAILABLE: "check that it runs, and",
};

function advise(code: RecordsErrorCode, setting: string): string {
  const text = advice[code] ?? "";
  return code === "RECORDS_UNAVAILABLE" ? `${text} ${setting}` : text;
}

/** The one place that reads pg's own error fields: a SQLSTATE, `null` if the server said none. */
function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  const { code } = error;
  // System errors have names such as ECONNREFUSED and EPIPE.
  const isState = typeof code === "string" && /^(\d[\dA-Z]|F0|HV|P0|XX)[\dA-Z]{3}$/.test(code);
  return isState ? code : null;
}

/** Whether the connection is gone; what the server answers on a whole one is no loss. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof CodedError) return false;
  const state = sqlStateOf(error);
  if (state !== null) return lossClasses.has(state) || lossClasses.has(state.slice(0, 2));
  // Whatever the driver itself reports: closed, refused, timed out, reset.
  return !(error instanceof TypeError || error instanceof RangeError);
}

/** `error` as a `CodedError` where it says something that a caller can act on; else `error`. */
export function toPostgresRecordsError(
  error: unknown,
  place: string,
  setting = "NADI_DATABASE_URL",
): unknown {
  if (error instanceof CodedError || !(error instanceof Error)) return error;
  const state = sqlStateOf(error);
  const code =
    state === null
      ? isConnectionLoss(error)
        ? "RECORDS_UNAVAILABLE"
        : undefined
      : (codesByState.get(state) ?? codesByState.get(state.slice(0, 2)));
  if (code === undefined) return error;
  const what = error.message === "" ? (error as NodeJS.ErrnoException).code : error.message;
  return recordsError(code, {
    message: `The records database ${place} failed (${what}): ${advise(code, setting)}.`,
    facts: { place },
    cause: error,
  });
}
