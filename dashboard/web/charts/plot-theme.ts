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

/** A colour with so much of it; tokens are `#rrggbb`. */
export function fade(color: string, alpha: number): string {
  const part = Math.round(Math.min(1, Math.max(0, alpha)) * 255);
  return `${color}${part.toString(16).padStart(2, "0")}`;
}
