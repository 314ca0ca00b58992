import { useSyncExternalStore } from "react";

/**
 * The page's link to the platform. `idle`: nobody on this page needs one; `stale`: it was live and
 * is not now. `realtime` reports it; the shell shows it.
 */
export interface LinkState {
  state: "idle" | "connecting" | "live" | "stale" | "failed";
  /** When it came to be so: UTC ms. */
  sinceMs: number;
}

const listeners = new Set<() => void>();
let link: LinkState = { state: "idle", sinceMs: 0 };

export function reportLink(next: LinkState): void {
  if (next.state === link.state) return;
  link = next;
  for (const listener of listeners) listener();
}

export function useLink(): LinkState {
  return useSyncExternalStore(subscribe, () => link);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
