import { useSyncExternalStore } from "react";
import { screenZone } from "../app/screen-zone.ts";
import type { Format } from "../i18n/format.ts";
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

const dayMs = 24 * 3_600_000;

/** With its day if it is not of the last 24 hours. */
export function sayTime(format: Format, atMs: number): string {
  const isOld = Date.now() - atMs >= dayMs;
  return isOld ? format.dateTime(atMs, screenZone) : format.zonedTime(atMs, screenZone);
}
