import { isBeyond } from "./limit.ts";

export interface SparkPoint {
  atMs: number;
  value: number;
}

export interface SparkShape {
  /** Runs of points without a hole between, as `M…L…` in a box of `width` × `height`. */
  lines: readonly string[];
  /** The parts of them beyond the limit. */
  beyond: readonly string[];
  gaps: readonly { x: number; width: number }[];
  /** Where the limit stands; `null` if there is none. */
  limitY: number | null;
  end: { x: number; y: number } | null;
}

export interface SparkBox {
  width: number;
  height: number;
  fromMs: number;
  toMs: number;
  gapMs: number;
  limit: { value: number; side: "above" | "below" } | null;
}

/** Room for the end dot and the thickness of the line. */
export const edge = 4;
const spanMin = 2;

/** A sparkline's geometry, without any drawing. Points are in the order of time. */
export function sparkShape(points: readonly SparkPoint[], box: SparkBox): SparkShape {
  const { width, height, fromMs, toMs, gapMs, limit } = box;
  const shown = points.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const values = [...shown.map(({ value }) => value), ...(limit === null ? [] : [limit.value])];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = Math.max(high - low, spanMin);
  const top = (low + high) / 2 + span / 2;
  const x = (atMs: number) => round(((atMs - fromMs) / (toMs - fromMs)) * (width - edge));
  const y = (value: number) => round(edge + ((top - value) / span) * (height - 2 * edge));
  const runs = splitAtGaps(shown, gapMs);
  const last = shown.at(-1);
  return {
    lines: runs.map((run) => draw(run.map(({ atMs, value }) => [x(atMs), y(value)] as const))),
    beyond:
      limit === null
        ? []
        : runs
            .flatMap((run) => partsBeyond(run, limit))
            .map((run) => draw(run.map(({ atMs, value }) => [x(atMs), y(value)] as const))),
    gaps: gapsOf(runs, toMs, gapMs).map(([from, to]) => ({
      x: x(from),
      width: round(x(to) - x(from)),
    })),
    limitY: limit === null ? null : y(limit.value),
    end: last === undefined ? null : { x: x(last.atMs), y: y(last.value) },
  };
}

function splitAtGaps(points: readonly SparkPoint[], gapMs: number): SparkPoint[][] {
  const runs: SparkPoint[][] = [];
  let last: SparkPoint | null = null;
  for (const point of points) {
    if (last === null || point.atMs - last.atMs > gapMs) runs.push([]);
    runs.at(-1)?.push(point);
    last = point;
  }
  return runs;
}

function gapsOf(runs: readonly SparkPoint[][], toMs: number, gapMs: number): [number, number][] {
  const ends = runs.map((run) => run.at(-1)?.atMs ?? toMs);
  const begins = [...runs.slice(1).map((run) => run[0]?.atMs ?? toMs), toMs];
  return ends.flatMap((end, index): [number, number][] => {
    const begin = begins[index] ?? toMs;
    return begin - end > gapMs ? [[end, begin]] : [];
  });
}

/** With the points where the line crosses the limit, so that colour changes on the line. */
function partsBeyond(
  run: readonly SparkPoint[],
  limit: { value: number; side: "above" | "below" },
): SparkPoint[][] {
  const parts: SparkPoint[][] = [];
  let open: SparkPoint[] | null = null;
  run.forEach((point, index) => {
    const before = run[index - 1];
    const isOut = isBeyond(point.value, limit);
    const crossing = before === undefined ? [] : cross(before, point, limit.value);
    if (isOut) {
      if (open === null) parts.push((open = [...crossing]));
      open.push(point);
    } else if (open !== null) {
      open.push(...crossing);
      open = null;
    }
  });
  return parts.filter((part) => part.length > 1);
}

function cross(a: SparkPoint, b: SparkPoint, value: number): SparkPoint[] {
  if (a.value === b.value || (a.value - value) * (b.value - value) > 0) return [];
  const share = (value - a.value) / (b.value - a.value);
  return [{ atMs: a.atMs + share * (b.atMs - a.atMs), value }];
}

function draw(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
