import type { FastifyRequest } from "fastify";
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

/** The version that a change must name: by `If-Match`, in the body, or in both alike. */
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

export function stale(): Error {
  return dashboardError("DASHBOARD_VERSION_STALE", { message: "It has changed in the meantime." });
}
