import { CodedError } from "../../../devices/index.ts";
import { ingestError } from "../../errors.ts";

/** One request that failed. `status` is `null` if there was no whole answer. */
export class InfluxError extends Error {
  readonly status: number | null;
  readonly retryAfterMs: number;

  constructor(message: string, facts: { status?: number; retryAfterMs?: number; cause?: unknown }) {
    super(message, { cause: facts.cause });
    this.name = "InfluxError";
    this.status = facts.status ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? 0;
  }
}

/** The answer is longer than anybody wants to hold. */
export class AnswerTooLong extends InfluxError {}

/** What servers say about the points themselves; other refusals are about the whole set-up. */
const aboutPoints =
  /partial write|unable to parse|type conflict|retention policy|schema|timestamp/i;
/** A limit of the server, which its operator raises: the points are good. */
const aboutLimits = /max-series-per-database|max-values-per-tag/i;

export type Refusal = "points" | "size" | null;

/** Whether smaller parts of the same write may be taken. */
export function refusalOf(error: InfluxError): Refusal {
  if (error.status === 413) return "size";
  if (error.status !== 400 && error.status !== 422) return null;
  return aboutPoints.test(error.message) && !aboutLimits.test(error.message) ? "points" : null;
}

/** As the port's error: everything that is not about a point is waited for, and nothing lost. */
export function storeAway(error: unknown, doing: string, hints = hintsInUse): CodedError {
  if (error instanceof CodedError) return error;
  if (!(error instanceof InfluxError)) {
    const text = error instanceof Error ? error.message : String(error);
    return ingestError("INGEST_INTERNAL", { message: `${doing}: ${text}`, cause: error });
  }
  const message = `InfluxDB can't be used (${doing}): ${error.message}.${hints(error)}`;
  return ingestError("INGEST_STORE_UNAVAILABLE", { message, cause: error });
}

function hintsInUse(error: InfluxError): string {
  const hint = hintsInSetup(error);
  if (hint !== "") return hint;
  return /not found/i.test(error.message) ? " Run `nadi store init`." : "";
}

/** To whoever runs `nadi store init`. */
export function hintsInSetup({ status, message }: InfluxError): string {
  if (status === 401 || status === 403) return " Check NADI_INFLUX_TOKEN, or _USERNAME.";
  // Another version's address.
  if (status === 404 && /page not found|^[^:]* answered 404\W*$/i.test(message)) {
    return " Check NADI_INFLUX_VERSION.";
  }
  if (/organi[sz]ation.*not found/i.test(message)) return " Check NADI_INFLUX_ORG.";
  if (aboutLimits.test(message)) return " Raise that limit of InfluxDB.";
  return "";
}
