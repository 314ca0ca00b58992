import { useEffect, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { call, serverClock } from "../../api/page-api.ts";
import { backoffMs } from "../../realtime/backoff.ts";
import type { Session } from "../../session/SessionProvider.tsx";

/** Somebody stands before the screen with a phone, and waits. */
const askMs = 2_000;

export type Pairing =
  | { state: "asking" }
  | { state: "waiting"; code: string; expiresAtMs: number }
  | { state: "failed"; error: unknown };

/**
 * A code for this screen, and the next one when it is over; `onPaired` once a person has entered
 * it. The secret that collects the session stays in this function: nothing on the page has it.
 */
export function usePairing(onPaired: (session: Session) => void): Pairing {
  const [pairing, setPairing] = useState<Pairing>({ state: "asking" });
  useEffect(() => {
    const run = new AbortController();
    const pair = async (): Promise<void> => {
      const session = await pairUntil(run.signal, setPairing);
      if (session !== null && !run.signal.aborted) onPaired(session);
    };
    void pair();
    return () => run.abort();
  }, [onPaired]);
  return pairing;
}

/** `null`: the page has gone. */
async function pairUntil(
  signal: AbortSignal,
  tell: (pairing: Pairing) => void,
): Promise<Session | null> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      const { code, secret, expiresAtMs } = await call("openPairing", { body: {}, signal });
      failures = 0;
      tell({ state: "waiting", code, expiresAtMs: serverClock.toPageMs(expiresAtMs) });
      const session = await collectUntil(secret, signal);
      if (session !== null) return session;
    } catch (error) {
      if (signal.aborted) return null;
      tell({ state: "failed", error });
      const askedMs = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
      await wait(Math.max(askedMs, 1_000 + backoffMs(failures, Math.random)), signal);
      failures += 1;
    }
  }
  return null;
}

/** `null`: the code is over, or was collected by an answer that never arrived. */
async function collectUntil(secret: string, signal: AbortSignal): Promise<Session | null> {
  while (!signal.aborted) {
    await wait(askMs, signal);
    try {
      const { session } = await call("collectPairing", { body: { secret }, signal });
      if (session !== null) return session;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return null;
      // An outage of seconds costs nobody the code that is on the screen already.
      if (error.status !== 0 && error.status < 500) throw error;
    }
  }
  return null;
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
