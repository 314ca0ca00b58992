import { useMemo, useSyncExternalStore } from "react";
import { browserPage } from "../../realtime/browser-page.ts";
import { useRealtimeSource } from "../../realtime/useRealtimeSource.ts";
import { watchHeard } from "./watch-heard.ts";

export function useHeardTimes(sppgId: string): ReadonlyMap<string, number> {
  const source = useRealtimeSource();
  const watched = useMemo(() => watchHeard(source.kitchen(sppgId), browserPage), [source, sppgId]);
  return useSyncExternalStore(watched.subscribe, watched.getSnapshot);
}
