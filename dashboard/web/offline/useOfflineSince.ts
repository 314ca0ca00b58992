import { useSyncExternalStore } from "react";
import { useLink } from "../realtime/useLink.ts";
import { oldestStoredMs, onStoredAnswers } from "./stored-answers.ts";

/**
 * Since when what this screen shows is not the present, in its own clock; `null`: it is. Either its
 * link is lost, or it was opened without one and shows what it had stored.
 */
export function useOfflineSince(): number | null {
  const link = useLink();
  const storedMs = useSyncExternalStore(follow, oldestStoredMs);
  const lostMs = link.phase === "lost" ? link.sinceMs : null;
  if (storedMs === null || lostMs === null) return storedMs ?? lostMs;
  return Math.min(storedMs, lostMs);
}

function follow(listener: () => void): () => void {
  return onStoredAnswers.add(listener);
}
