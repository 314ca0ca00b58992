import type { FastifyReply } from "fastify";
import { type HttpErrorCode, httpErrors } from "./errors.ts";

/** What each code means, in both languages; served at `/problems/<code>`. */
export const problemMessages = {
  DASHBOARD_REQUEST_INVALID: {
    en: "The request can't be understood.",
    id: "Permintaan tidak dapat dipahami.",
  },
  DASHBOARD_METRICS_FORBIDDEN: {
    en: "Metrics are answered to this machine itself, or with the bearer token.",
    id: "Metrik hanya dijawab untuk mesin ini sendiri, atau dengan token bearer.",
  },
  DASHBOARD_NOT_FOUND: {
    en: "There is nothing at this address.",
    id: "Tidak ada apa pun di alamat ini.",
  },
  DASHBOARD_BODY_TOO_LARGE: {
    en: "The request's body is larger than allowed.",
    id: "Isi permintaan lebih besar daripada yang diizinkan.",
  },
  DASHBOARD_INTERNAL: {
    en: "Something failed on our side; it has been logged. Trying again may help.",
    id: "Terjadi kegagalan di pihak kami dan sudah dicatat. Mencoba lagi mungkin membantu.",
  },
} as const satisfies Record<HttpErrorCode, { en: string; id: string }>;

/** A problem document [RFC 9457]. `detail` must hold nothing that the caller may not see. */
export function sendProblem(
  reply: FastifyReply,
  code: HttpErrorCode,
  facts: { detail?: string; status?: number } = {},
): FastifyReply {
  const status = facts.status ?? httpErrors[code].status;
  const body = {
    type: `/problems/${code}`,
    title: problemMessages[code].en,
    status,
    code,
    ...(facts.detail === undefined ? {} : { detail: facts.detail }),
  };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}

export function isHttpErrorCode(text: string): text is HttpErrorCode {
  return Object.hasOwn(problemMessages, text);
}
