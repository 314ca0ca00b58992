/** What a canvas needs of the design tokens, which CSS alone can read. */
export interface PlotTheme {
  surface: string;
  text: string;
  axis: string;
  grid: string;
  line: string;
  critical: string;
  criticalText: string;
  warning: string;
  warningText: string;
  unknown: string;
  zoneAlpha: number;
  font: string;
}

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

/** A colour with so much of it; tokens are `#rrggbb`. */
export function fade(color: string, alpha: number): string {
  const part = Math.round(Math.min(1, Math.max(0, alpha)) * 255);
  return `${color}${part.toString(16).padStart(2, "0")}`;
}
