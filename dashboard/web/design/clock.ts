import { useSyncExternalStore } from "react";

/** One timer for all ages on a page; it rests while nobody sees any. */
const listeners = new Set<() => void>();
const tickMs = 1_000;
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function tick(): void {
  nowMs = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) {
    nowMs = Date.now();
    timer = setInterval(tick, tickMs);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** The time in UTC ms, renewed each second. Only leaves that show an age take it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** The same, renewed once a minute: for what shows minutes only. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(nowMs / 60_000) * 60_000);
}
