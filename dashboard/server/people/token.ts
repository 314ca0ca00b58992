import { createHash, randomBytes } from "node:crypto";

/** 256 bits [ASVS 7.2.3 asks for 128]. */
const tokenBytes = 32;
/** Names a session in a list; guessing it gives nothing, it only has to be unique. */
const sessionIdBytes = 12;

/** What 32 bytes are in base64url. */
export const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

export function generateToken(): string {
  return randomBytes(tokenBytes).toString("base64url");
}

export function generateSessionId(): string {
  return randomBytes(sessionIdBytes).toString("base64url");
}

/** How a cookie's value is stored and looked up. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}
