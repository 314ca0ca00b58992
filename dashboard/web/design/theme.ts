import { useLayoutEffect, useSyncExternalStore } from "react";
import { readChoice, writeChoice } from "./stored-choice.ts";

/** `system`: as the device has it. The wall has a theme of its own, which its page sets. */
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** `public/theme.js` reads it too, before the first paint. */
const storageKey = "nadi.theme";
const listeners = new Set<() => void>();

let theme: Theme = themes.find((name) => name === readChoice(storageKey)) ?? "system";

export function setTheme(next: Theme): void {
  theme = next;
  writeChoice(storageKey, next === "system" ? null : next);
  paint(next);
}

function paint(next: Theme | "wall"): void {
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  for (const listener of listeners) listener();
}

/** Large and dark for as long as the component stands, whatever the person chose for pages. */
export function useWallTheme(): void {
  useLayoutEffect(() => {
    paint("wall");
    return () => paint(theme);
  }, []);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribeTheme, () => theme);
}

/** For what is drawn on a canvas, and must be drawn again. @returns removes the listener. */
export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
