import { useMemo, useSyncExternalStore } from "react";
import type { KitchenState } from "./kitchen-state.ts";
import type { KitchenScope, LiveDomain, Realtime } from "./realtime.ts";
import { useRealtimeSource } from "./useRealtimeSource.ts";
import { watchDomain } from "./watch-domain.ts";

/** What the hooks of the domains have in common. `view` must be the same function each time. */
export function useDomain<T>(
  { sppgId }: KitchenScope,
  domain: LiveDomain,
  view: (state: KitchenState) => T | null,
): Realtime<T> {
  const source = useRealtimeSource();
  const watched = useMemo(
    () => watchDomain(source.kitchen(sppgId), domain, view),
    [source, sppgId, domain, view],
  );
  return useSyncExternalStore(watched.subscribe, watched.getSnapshot);
}
