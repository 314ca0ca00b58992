import { randomUUID } from "node:crypto";

/** Names a journal, or one of those that append to it, as no other ever. */
export function newIdentity(): string {
  return randomUUID();
}
