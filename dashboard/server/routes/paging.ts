import type { FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod/mini";

/** Opaque to callers: where the page before has ended. */
export function formatPlace(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** `null`: it is none of ours. */
export function parsePlace<Schema extends z.ZodMiniType>(
  schema: Schema,
  cursor: string,
): z.output<Schema> | null {
  const plain = Buffer.from(cursor, "base64url").toString();
  // JSON of our own making has neither spaces nor another encoding of the same bytes.
  if (Buffer.from(plain).toString("base64url") !== cursor) return null;
  try {
    const parsed = z.safeParse(schema, JSON.parse(plain));
    return parsed.success ? parsed.data : null;
  } catch {
    // No JSON: nobody got it from us.
    return null;
  }
}

/** The address of the page behind this one, for tools that follow links [RFC 8288]. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, cursor: string): void {
  // The base only completes the address; it is left out again.
  const url = new URL(request.url, "http://nadi.invalid");
  url.searchParams.set("cursor", cursor);
  reply.header("link", `<${url.pathname}${url.search}>; rel="next"`);
}
