import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo } from "react";
import { ApiError, mayRetry } from "../api/api-error.ts";
import { call, onSignedOut } from "../api/page-api.ts";
import { forgetStored, keepSession, readStoredSession } from "../offline/stored-session.ts";
import { forgetPendingSignOut, isSignOutPending, signOutForGood } from "./pending-sign-out.ts";
import { mayCall, type RouteAnswer, type RouteName } from "../../contract/index.ts";

export type Session = RouteAnswer<"readSession">;

interface SignedIn {
  session: Session;
  signOut: () => Promise<void>;
  /** Whether the person's role may call a route; what it may not is not offered. */
  may: (route: RouteName) => boolean;
}

const SessionContext = createContext<SignedIn | null>(null);
export const sessionKey = ["session"] as const;

/**
 * Shows `children` to who is signed in, `signIn` to who is not, and `failed` while that can't be
 * known. A session that ends elsewhere shows `signIn` at the next call.
 */
export function SessionProvider({
  children,
  signIn,
  failed,
}: {
  children: ReactNode;
  signIn: (onSignedIn: (session: Session) => void) => ReactNode;
  failed: (error: unknown, retry: () => void) => ReactNode;
}) {
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: sessionKey,
    queryFn: ({ signal }) => readSession(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data: session, error, refetch } = query;

  const forget = useCallback(() => {
    // Nothing of one person is left for the next.
    forgetStored();
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
    queries.setQueryData(sessionKey, null);
  }, [queries]);
  useEffect(() => onSignedOut(forget), [forget]);

  const signedIn = useMemo(
    () => (session ? createSignedIn(session, forget) : null),
    [session, forget],
  );
  if (signedIn !== null) return <SessionContext value={signedIn}>{children}</SessionContext>;
  if (session === null) {
    return signIn((next) => {
      forgetPendingSignOut();
      keepSession(next);
      queries.setQueryData(sessionKey, next);
    });
  }
  return error === null ? null : failed(error, () => void refetch());
}

/** @throws outside of `SessionProvider`, or while nobody is signed in. */
export function useSession(): SignedIn {
  const signedIn = useContext(SessionContext);
  if (signedIn === null) throw new Error("useSession is outside of a signed-in SessionProvider");
  return signedIn;
}

function createSignedIn(session: Session, forget: () => void): SignedIn {
  return {
    session,
    may: (route) => mayCall(session.role, route),
    async signOut() {
      const signingOut = signOutForGood();
      // At once, whether or not anybody answers.
      forget();
      await signingOut;
    },
  };
}

/** `null`: nobody is signed in, which is no failure. */
async function readSession(signal: AbortSignal): Promise<Session | null> {
  if (isSignOutPending()) {
    await signOutForGood();
    return null;
  }
  try {
    const session = await call("readSession", { signal });
    keepSession(session);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      forgetStored();
      return null;
    }
    // Nobody answers: as it was, so that the last known values show. The link asks again.
    const known = mayRetry(error) ? readStoredSession() : null;
    if (known !== null) return known;
    throw error;
  }
}
