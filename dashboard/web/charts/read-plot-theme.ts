import type { PlotTheme } from "./plot-theme.ts";

/** The tokens as they are for this element now. */
export function readPlotTheme(element: Element): PlotTheme {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: token("--color-surface"),
    text: token("--color-text"),
    axis: token("--color-text-3"),
    grid: token("--color-grid"),
    line: token("--color-data-1"),
    critical: token("--color-critical"),
    criticalText: token("--color-critical-text"),
    warning: token("--color-warning"),
    warningText: token("--color-warning-text"),
    unknown: token("--color-unknown"),
    zoneAlpha: Number(token("--zone-alpha")) || 0.07,
    font: style.fontFamily,
  };
}
