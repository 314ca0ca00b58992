import { useRef } from "react";

/** 128 bits; not `randomUUID`, which pages without TLS do not have. */
const keyBytes = 16;

/**
 * The key under which a form sends its command: the same for the same content, so that a second
 * press after a lost answer does nothing twice, and another for another.
 */
export function useCommandKey(): (body: object) => string {
  const last = useRef<{ content: string; key: string } | null>(null);
  return (body) => {
    const content = JSON.stringify(body);
    if (last.current?.content !== content) last.current = { content, key: makeKey() };
    return last.current.key;
  };
}

function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
