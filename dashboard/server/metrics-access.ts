import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { type HttpConfig, isLoopback } from "./config.ts";

const forwardingHeaders = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/** Whoever has the token; without a proxy before Nadi, this machine itself as well. */
export function mayReadMetrics(
  request: FastifyRequest,
  config: Pick<HttpConfig, "metricsToken" | "publicUrl" | "trustedProxies">,
): boolean {
  if (isFromHere(request, config)) return true;
  const { metricsToken: token } = config;
  const [scheme, given] = (request.headers.authorization ?? "").split(" ");
  if (token === null || given === undefined || scheme?.toLowerCase() !== "bearer") return false;
  // Hashes have one length, which `timingSafeEqual` asks for, and tell nothing of the token's.
  return timingSafeEqual(sha256(given), sha256(token));
}

function isFromHere(
  { headers, socket }: FastifyRequest,
  { publicUrl, trustedProxies }: Pick<HttpConfig, "publicUrl" | "trustedProxies">,
): boolean {
  // A proxy on this machine also connects from loopback, for callers from anywhere: it may be
  // known by what it is configured as, or by what it adds.
  if (publicUrl !== null || trustedProxies.length > 0) return false;
  if (forwardingHeaders.some((name) => headers[name] !== undefined)) return false;
  return isLoopback(socket.remoteAddress ?? "") && isLoopback(hostNameOf(headers.host));
}

/** A page of another site, whose name now leads to this machine, still sends its own name. */
function hostNameOf(host: string | undefined): string {
  const name = URL.parse(`http://${host ?? ""}`)?.hostname ?? "";
  return name.startsWith("[") ? name.slice(1, -1) : name;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
