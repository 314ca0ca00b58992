import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { AlarmKeeper } from "../alarm/AlarmKeeper.tsx";
import { createRealtime } from "../realtime/create-realtime.ts";
import { RealtimeProvider } from "../realtime/RealtimeProvider.tsx";
import { useLink } from "../realtime/useLink.ts";
import { sessionKey } from "../session/SessionProvider.tsx";

/** The live link of who is signed in; it ends with the session, and the session's end with it. */
export function Live({ children }: { children: ReactNode }) {
  const [source] = useState(createRealtime);
  return (
    <RealtimeProvider source={source}>
      <SignedOutWatch />
      <AlarmKeeper />
      {children}
    </RealtimeProvider>
  );
}

/** A session that somebody else has ended is known by the socket first. */
function SignedOutWatch(): null {
  const queries = useQueryClient();
  const { phase } = useLink();
  useEffect(() => {
    if (phase === "signedOut") void queries.invalidateQueries({ queryKey: sessionKey });
  }, [phase, queries]);
  return null;
}
