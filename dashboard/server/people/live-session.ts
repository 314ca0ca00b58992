import type { PersonRole } from "../../contract/index.ts";
import type { StoredSession } from "./people.ts";

/** Who is behind a request or a socket. It stays the same object as long as the session lives. */
export interface PersonSession {
  readonly sessionId: string;
  /** The person's e-mail address, or `screen:` and the id of a wall screen's session. */
  readonly userId: string;
  readonly role: PersonRole;
  readonly kitchens: ReadonlySet<string> | "all";
  /** `null`: a person. */
  readonly screenName: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** `true`: it has ended, and `onEnd` would never call. */
  readonly isEnded: boolean;
  /** Hears within a second of the end by sign-out, revocation, change or expiry; once. */
  onEnd(listener: () => void): () => void;
}

/** As the audit log names them. */
export function actorOf({ userId, screenName }: Pick<PersonSession, "userId" | "screenName">) {
  return screenName === null ? `user:${userId}` : userId;
}

/** A session in this process's memory, with those who want to hear of its end. */
export interface Live {
  readonly session: PersonSession;
  /** Until then it needs no look-up: monotonic ms. */
  trustedUntilMs: number;
  readonly hasListeners: boolean;
  /** Calls back after `delayMs`, if somebody listens by now; replaces the timer before. */
  watch(delayMs: number, callback: () => void): void;
  /** Tells the listeners, once. */
  end(): void;
  /** Ends nothing: the process stops. */
  forget(): void;
}

/** `onListened`: somebody listens now, so somebody has to watch. */
export function makeLive(stored: StoredSession, onListened: () => void): Live {
  const listeners = new Set<() => void>();
  let isEnded = false;
  let timer: NodeJS.Timeout | null = null;
  const stopTimer = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const session: PersonSession = {
    sessionId: stored.sessionId,
    userId: stored.email,
    role: stored.role,
    kitchens: stored.role === "operator" ? "all" : new Set(stored.kitchens),
    screenName: stored.screenName,
    createdAtMs: stored.createdAtMs,
    expiresAtMs: stored.expiresAtMs,
    get isEnded() {
      return isEnded;
    },
    onEnd(listener) {
      listeners.add(listener);
      if (listeners.size === 1) onListened();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stopTimer();
      };
    },
  };
  return {
    session,
    trustedUntilMs: 0,
    get hasListeners() {
      return listeners.size > 0;
    },
    watch(delayMs, callback) {
      stopTimer();
      if (listeners.size > 0) timer = setTimeout(callback, delayMs);
    },
    end() {
      isEnded = true;
      stopTimer();
      const told = [...listeners];
      listeners.clear();
      for (const listener of told) listener();
    },
    forget() {
      stopTimer();
      listeners.clear();
    },
  };
}
