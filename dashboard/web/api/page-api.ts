import { ServerClock } from "../realtime/server-clock.ts";
import { createCall } from "./call.ts";

const signedOutListeners = new Set<() => void>();

/** How far the screen's clock is off, by what the API's answers say. */
export const serverClock = new ServerClock(() => Date.now());

/** The API of the origin that the page came from. */
export const call = createCall({
  fetch: async (input, init) => {
    const response = await fetch(input, init);
    serverClock.observe(response.headers.get("date"));
    return response;
  },
  onSignedOut: () => {
    for (const listener of signedOutListeners) listener();
  },
});

/** Tells when any call finds that the session has ended. @returns removes the listener. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => {
    signedOutListeners.delete(listener);
  };
}
