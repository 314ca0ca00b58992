import type { Problem } from "../../contract/index.ts";

/** Codes that no server sends: the page itself says that it got no answer, or none of ours. */
export const linkCodes = ["WEB_UNREACHABLE", "WEB_ANSWER_UNREADABLE"] as const;
export type LinkCode = (typeof linkCodes)[number];

/** What a call ends with when it does not end well. Screens say `code` in their own language. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** Of the problem document [RFC 9457], or one of `linkCodes`. */
  readonly code: string;
  /** 0: there was no answer. */
  readonly status: number;
  /** Whole seconds after which it may go better; `null`: nobody knows. */
  readonly retryAfterSeconds: number | null;
  readonly issues: NonNullable<Problem["issues"]>;

  constructor(
    facts: {
      code: string;
      status: number;
      message: string;
      retryAfterSeconds?: number | null;
      issues?: Problem["issues"];
    },
    options?: ErrorOptions,
  ) {
    super(facts.message, options);
    this.code = facts.code;
    this.status = facts.status;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
    this.issues = facts.issues ?? [];
  }
}

/** Whether asking again may help: not for what the server has understood and refused. */
export function mayRetry(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
