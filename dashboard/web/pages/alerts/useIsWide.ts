import { useSyncExternalStore } from "react";

/** Room for a list and what is chosen in it, beside each other. */
const query = window.matchMedia("(min-width: 72rem)");

export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}

function subscribe(listener: () => void): () => void {
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
