import { useCallback, useSyncExternalStore } from "react";
import type { LinkState } from "./connection.ts";
import { useRealtimeSource } from "./useRealtimeSource.ts";

/**
 * How this screen is connected, for its banner and its live dot. `sinceMs` is the page's clock.
 *
 * @example
 * const isOffline = useLink().phase === "lost";
 */
export function useLink(): LinkState {
  const { connection } = useRealtimeSource();
  const subscribe = useCallback(
    (listener: () => void) => connection.onState.add(listener),
    [connection],
  );
  return useSyncExternalStore(subscribe, () => connection.state);
}
