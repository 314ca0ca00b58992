import { createCall } from "./call.ts";

const signedOutListeners = new Set<() => void>();

/** The API of the origin that the page came from. */
export const call = createCall({
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
