import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { CodedError } from "../../devices/index.ts";
import type { HttpConfig } from "./config.ts";
import { dashboardError } from "./errors.ts";

/** The longest query of ours has about 300 characters. */
const urlCharactersMax = 2_048;

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Under which origin a request has reached us; a trusted proxy may have said so. */
export interface RequestPlace {
  protocol: string;
  host: string;
  headers: IncomingHttpHeaders;
}

/**
 * Whether the `Origin` that a browser names is ours: exactly NADI_PUBLIC_URL where it is set, else
 * the address that the request itself came to. `false` also if there is none.
 */
export function isAllowedOrigin(
  request: RequestPlace,
  config: Pick<HttpConfig, "publicUrl">,
): boolean {
  const { origin } = request.headers;
  return (
    origin !== undefined && origin === (config.publicUrl ?? `${request.protocol}://${request.host}`)
  );
}

/**
 * Why a request is refused before anybody looks at its cookie or body, or `null`.
 *
 * Every browser names the Origin of an unsafe request, and most say `Sec-Fetch-Site`: what they say
 * must be right. A request with neither is no page's but a tool's, e.g. curl, and passes: nobody
 * can make a browser send one. And what changes something must be JSON, which no form can send.
 */
export function refusalOf(
  request: FastifyRequest,
  config: Pick<HttpConfig, "publicUrl">,
): CodedError | null {
  const { headers, method } = request;
  if (request.url.length > urlCharactersMax) {
    return refuse("DASHBOARD_URL_TOO_LONG");
  }
  if (safeMethods.has(method)) return null;
  const site = headers["sec-fetch-site"];
  const isForeign =
    (headers.origin !== undefined && !isAllowedOrigin(request, config)) ||
    (site !== undefined && site !== "same-origin");
  if (isForeign) return refuse("DASHBOARD_ORIGIN_FORBIDDEN");
  const hasBody = headers["content-length"] !== undefined || "transfer-encoding" in headers;
  const isBodyless = method === "DELETE" && (!hasBody || headers["content-length"] === "0");
  // A compressed body may be a thousand times what it seems: nothing here ever unpacks one.
  const isPacked = !["", "identity"].includes(headers["content-encoding"] ?? "");
  if (isPacked || (!isBodyless && !isJson(headers["content-type"]))) {
    return refuse("DASHBOARD_MEDIA_TYPE_UNSUPPORTED");
  }
  return null;
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(?:;|$)/i.test(contentType ?? "");
}

function refuse(code: Parameters<typeof dashboardError>[0]): CodedError {
  return dashboardError(code, { message: "The request is refused." });
}
