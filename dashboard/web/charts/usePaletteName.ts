import { useSyncExternalStore } from "react";
import { useTheme } from "../design/theme.ts";

const dark = "(prefers-color-scheme: dark)";

/** Changes whenever the colours do: what is drawn on a canvas has to be drawn again. */
export function usePaletteName(): string {
  const theme = useTheme();
  const isDark = useSyncExternalStore(subscribe, () => matchMedia(dark).matches);
  return `${theme}${isDark ? " on dark" : ""}`;
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(dark);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
