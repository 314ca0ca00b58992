import { ServerClock } from "../realtime/server-clock.ts";
import { noteAnswer } from "../offline/stored-answers.ts";
import { createCall } from "./call.ts";

const signedOutListeners = new Set<() => void>();

/** How far the screen's clock is off, by what the API's answers say. */
export const serverClock = new ServerClock(() => Date.now());

/** The API of the origin that the page came from. */
export const call = createCall({
  fetch: async (input, init) => {
    const response = await fetch(input, init);
    noteAnswer(response);
    // A stored answer has no date: the clock stays as it is.
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
