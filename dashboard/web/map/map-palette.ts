/** The colours and the font of the map, as the design tokens are now. */
export interface MapPalette {
  land: string;
  water: string;
  line: string;
  grid: string;
  surface: string;
  border: string;
  text: string;
  textQuiet: string;
  accent: string;
  onAccent: string;
  unknown: string;
  unknownText: string;
  unknownSoft: string;
  trail: string;
  font: string;
  isDark: boolean;
}

export function readMapPalette(element: Element): MapPalette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--color-${name}`).trim();
  return {
    land: token("map-land"),
    water: token("map-water"),
    line: token("map-line"),
    grid: token("grid"),
    surface: token("surface"),
    border: token("border-strong"),
    text: token("text"),
    textQuiet: token("text-3"),
    accent: token("accent"),
    onAccent: token("on-accent"),
    unknown: token("unknown"),
    unknownText: token("unknown-text"),
    unknownSoft: token("unknown-soft"),
    trail: token("data-1"),
    font: style.fontFamily,
    isDark: style.colorScheme === "dark",
  };
}
