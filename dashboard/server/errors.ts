import { CodedError, type ErrorFacts } from "../../devices/index.ts";

const input = { class: "input", retryable: false } as const;
const refused = { class: "refused", retryable: false } as const;

/** What HTTP answers with when something is wrong; each has its page at `/problems/<code>`. */
export const httpErrors = {
  DASHBOARD_REQUEST_INVALID: { ...input, status: 400 },
  /** A parameter or a field is not as the contract says: `issues` names each. */
  DASHBOARD_INPUT_INVALID: { ...input, status: 400 },
  DASHBOARD_IDEMPOTENCY_KEY_INVALID: { ...input, status: 400 },
  /** The same key came with another request before. */
  DASHBOARD_IDEMPOTENCY_KEY_REUSED: { ...input, status: 422 },
  /** A person's own new password is one that others would try. */
  DASHBOARD_PASSWORD_WEAK: { ...input, status: 422 },
  /** It is not the current password; the session itself is good. */
  DASHBOARD_PASSWORD_WRONG: { ...refused, status: 403 },
  /** Nobody is signed in, or no longer. */
  DASHBOARD_SESSION_MISSING: { ...refused, status: 401 },
  /** No such person or not their password: never told apart. */
  DASHBOARD_SIGN_IN_REFUSED: { ...refused, status: 401 },
  DASHBOARD_METRICS_FORBIDDEN: { ...refused, status: 403 },
  DASHBOARD_ROLE_FORBIDDEN: { ...refused, status: 403 },
  /** The request comes from a page of another site. */
  DASHBOARD_ORIGIN_FORBIDDEN: { ...refused, status: 403 },
  /** Also for another's kitchen, in the very same words. */
  DASHBOARD_NOT_FOUND: { ...input, status: 404 },
  /** No screen waits with this code: mistyped, over its 10 minutes, or used already. */
  DASHBOARD_PAIRING_UNKNOWN: { ...input, status: 422 },
  DASHBOARD_PAIRING_LIMITED: { class: "refused", status: 429, retryable: true },
  DASHBOARD_SCREENS_FULL: { class: "conflict", status: 409, retryable: false },
  /** Somebody else has changed it since: read it again. */
  DASHBOARD_VERSION_STALE: { class: "conflict", status: 412, retryable: false },
  /** The same command is being carried out at this moment. */
  DASHBOARD_COMMAND_RUNNING: { class: "conflict", status: 409, retryable: true },
  DASHBOARD_BODY_TOO_LARGE: { ...input, status: 413 },
  DASHBOARD_URL_TOO_LONG: { ...input, status: 414 },
  DASHBOARD_MEDIA_TYPE_UNSUPPORTED: { ...input, status: 415 },
  /** Only the map's file is given in parts. */
  DASHBOARD_RANGE_UNSATISFIABLE: { ...input, status: 416 },
  /** A change of what people share says which version it has seen. */
  DASHBOARD_VERSION_MISSING: { ...input, status: 428 },
  DASHBOARD_SIGN_IN_LIMITED: { class: "refused", status: 429, retryable: true },
  /** A person changes devices or sends commands faster than any person would. */
  DASHBOARD_ACTIONS_LIMITED: { class: "refused", status: 429, retryable: true },
  DASHBOARD_READS_LIMITED: { class: "refused", status: 429, retryable: true },
  DASHBOARD_INTERNAL: { class: "internal", status: 500, retryable: true },
  DASHBOARD_SIGN_IN_BUSY: { class: "unavailable", status: 503, retryable: true },
  DASHBOARD_BUSY: { class: "unavailable", status: 503, retryable: true },
} as const satisfies Record<string, ErrorFacts>;

export type DashboardErrorCode = keyof typeof httpErrors;

/** Thrown anywhere below a route, it becomes a problem document. */
export function dashboardError(
  code: DashboardErrorCode,
  options: ConstructorParameters<typeof CodedError>[2],
): CodedError {
  return new CodedError(code, httpErrors[code], options);
}
