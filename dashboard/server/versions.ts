import type { FastifyRequest } from "fastify";
import { CodedError } from "../../devices/index.ts";
import { dashboardError } from "./errors.ts";

/** A strong ETag of a row that counts its changes. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** The version that `If-Match` names, or `null` without one; `*` fits whatever is there. */
export function ifMatchOf(request: FastifyRequest): number | "*" | null {
  const header = request.headers["if-match"];
  if (header === undefined) return null;
  if (header === "*") return "*";
  const version = /^"(\d{1,15})"$/.exec(header)?.[1];
  // Also a list or a weak one: nothing of ours has had such a tag.
  if (version === undefined) throw stale();
  return Number(version);
}

export function stale(): Error {
  return dashboardError("DASHBOARD_VERSION_STALE", { message: "It has changed in the meantime." });
}

/**
 * The version that a change has seen, by `If-Match` or in its body.
 * @throws 428 where neither says it, 412 where they say two.
 */
export function expectedVersionOf(request: FastifyRequest, inBody: number | undefined): number {
  const inHeader = ifMatchOf(request);
  const isUnsaid = inHeader === null && inBody === undefined;
  // `*` says only that there is one, and two people may both say so.
  if (isUnsaid || inHeader === "*") {
    throw dashboardError("DASHBOARD_VERSION_MISSING", { message: "Which version was seen?" });
  }
  if (inHeader !== null && inBody !== undefined && inHeader !== inBody) throw stale();
  return inHeader ?? inBody ?? 0;
}

const conflictCodes = new Set(["INGEST_RULE_CONFLICT", "REGISTRY_VERSION_STALE"]);

/** Who asked by `If-Match` is answered 412 [RFC 9110 section 13.1.1], who asked in the body 409. */
export function staleByHeader(request: FastifyRequest, error: unknown): unknown {
  const isConflict = error instanceof CodedError && conflictCodes.has(error.code);
  return isConflict && request.headers["if-match"] !== undefined ? stale() : error;
}
