import type { ErrorFacts } from "../../devices/index.ts";

/** What HTTP answers with when something is wrong; each has its page at `/problems/<code>`. */
export const httpErrors = {
  DASHBOARD_REQUEST_INVALID: { class: "input", status: 400, retryable: false },
  DASHBOARD_METRICS_FORBIDDEN: { class: "refused", status: 403, retryable: false },
  DASHBOARD_NOT_FOUND: { class: "input", status: 404, retryable: false },
  DASHBOARD_BODY_TOO_LARGE: { class: "input", status: 413, retryable: false },
  DASHBOARD_INTERNAL: { class: "internal", status: 500, retryable: true },
} as const satisfies Record<string, ErrorFacts>;

export type HttpErrorCode = keyof typeof httpErrors;

/** What never reaches HTTP, because it stops the start. */
export const httpStartErrors = {
  DASHBOARD_CONFIG_INVALID: { class: "input", status: 500, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

/** The environment does not describe an HTTP service; `problems` has one sentence a key. */
export class HttpConfigError extends Error {
  override readonly name = "HttpConfigError";
  readonly code = "DASHBOARD_CONFIG_INVALID";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
