import type { HttpConfig } from "../config.ts";
import { sessionMsMax } from "./people.ts";
import { tokenPattern } from "./token.ts";

export interface SessionCookie {
  readonly name: "__Host-nadi" | "nadi";
  /** The token that a request carries, or `null`. */
  read(header: string | undefined): string | null;
  /** `Set-Cookie` for a new session; `maxAgeMs`: how long it may last, by default a person's. */
  set(token: string, maxAgeMs?: number): string;
  /** `Set-Cookie` that removes it. */
  clear(): string;
}

/**
 * `__Host-nadi` with `Secure` wherever people come by HTTPS: by our own certificate, or by a proxy
 * that NADI_PUBLIC_URL names. Else `nadi` without: on loopback, or where the operator has accepted
 * HTTP in clear; a client keeps no Secure cookie there. Only the one name in force is ever read, so
 * that a page in clear can't plant a session.
 */
export function createSessionCookie(config: Pick<HttpConfig, "tls" | "publicUrl">): SessionCookie {
  const isSecure = config.tls !== null || (config.publicUrl?.startsWith("https:") ?? false);
  const name = isSecure ? "__Host-nadi" : "nadi";
  // Lax: links from messages open signed in.
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
  return {
    name,
    read(header = "") {
      const token = findCookie(header, name);
      return token !== null && tokenPattern.test(token) ? token : null;
    },
    // A token is base64url: nothing in it needs quoting.
    set: (token, maxAgeMs = sessionMsMax) =>
      `${name}=${token}; Max-Age=${maxAgeMs / 1_000}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}

/** The first of that name, as browsers order them [RFC 6265 section 5.4]. */
function findCookie(header: string, name: string): string | null {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}
