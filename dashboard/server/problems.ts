import type { FastifyReply } from "fastify";
import type { CodedError } from "../../devices/index.ts";
import type { Problem } from "../contract/index.ts";
import { type DashboardErrorCode, dashboardError, httpErrors } from "./errors.ts";
import { isProblemCode, type ProblemCode, problemMessages } from "./problem-messages.ts";

interface ProblemFacts {
  detail?: string;
  status?: number;
  issues?: NonNullable<Problem["issues"]>;
}

/** A problem document [RFC 9457]. `detail` must hold nothing that the caller may not see. */
export function sendProblem(
  reply: FastifyReply,
  code: DashboardErrorCode,
  facts: ProblemFacts = {},
): FastifyReply {
  return send(reply, code, { ...facts, status: facts.status ?? httpErrors[code].status });
}

function send(
  reply: FastifyReply,
  code: ProblemCode,
  facts: ProblemFacts & { status: number },
): FastifyReply {
  const body: Problem = {
    type: `/problems/${code}`,
    title: problemMessages[code].en,
    status: facts.status,
    code,
    ...(facts.detail === undefined ? {} : { detail: facts.detail }),
    ...(facts.issues === undefined ? {} : { issues: facts.issues }),
  };
  return reply.code(facts.status).type("application/problem+json").send(JSON.stringify(body));
}

/** Seconds after which trying again makes sense, if the error does not say. */
const retryAfterSeconds = 2;

/**
 * What a service has thrown. Only what the caller did may be told in its own words: a fault of ours
 * may name files and tables.
 */
export function sendCodedProblem(reply: FastifyReply, error: CodedError): FastifyReply {
  const { code, status, errorClass, facts } = error;
  if (errorClass === "internal" || !isProblemCode(code)) {
    return sendProblem(reply, "DASHBOARD_INTERNAL");
  }
  // Which of the things on the way is missing is told to nobody.
  if (status === 404) return sendProblem(reply, "DASHBOARD_NOT_FOUND");
  if (error.retryable) {
    const seconds = facts["retryAfterSeconds"];
    reply.header("retry-after", typeof seconds === "number" ? seconds : retryAfterSeconds);
  }
  const isTold = (errorClass === "input" || errorClass === "conflict") && !isOwnWording(code);
  return send(reply, code, { status, ...(isTold ? { detail: error.message } : {}) });
}

/** Of what this folder throws the title says all; and 404 has one body for all that is missing. */
function isOwnWording(code: ProblemCode): boolean {
  return code.startsWith("DASHBOARD_");
}

/** The answer for what is not there, and for what is another's: the same to the last byte. */
export function notFound(): CodedError {
  return dashboardError("DASHBOARD_NOT_FOUND", { message: "There is nothing at this address." });
}
