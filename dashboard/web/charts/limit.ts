/** A limit as a chart draws it. `side` is where it is broken: above in a cold store. */
export interface ChartLimit {
  value: number;
  side: "above" | "below";
  severity: "warning" | "critical";
  /** `Batas kritis 5,0 °C` */
  label: string;
}

export function isBeyond(
  value: number,
  { value: limit, side }: Pick<ChartLimit, "value" | "side">,
) {
  return side === "above" ? value > limit : value < limit;
}

/** How far beyond the limit; negative on its good side. */
export function distanceBeyond(value: number, limit: Pick<ChartLimit, "value" | "side">): number {
  return limit.side === "above" ? value - limit.value : limit.value - value;
}

/** A flat line shall not look like a storm: at least so much of the scale shows. */
const spanMin = 2;
const roomPart = 0.12;

/** The scale of values: all of the data and every limit, with some room on both sides. */
export function valueRange(
  dataMin: number | null,
  dataMax: number | null,
  limits: readonly Pick<ChartLimit, "value">[],
): [min: number, max: number] {
  const marks = limits.map(({ value }) => value);
  const known = [dataMin, dataMax].filter((value) => value !== null && Number.isFinite(value));
  const all = [...(known as number[]), ...marks];
  if (all.length === 0) return [0, 1];
  const min = Math.min(...all);
  const max = Math.max(...all);
  const span = Math.max(max - min, spanMin);
  const middle = (min + max) / 2;
  const half = span / 2 + span * roomPart;
  return [middle - half, middle + half];
}
