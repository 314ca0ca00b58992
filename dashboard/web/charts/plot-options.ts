import type uPlot from "uplot";
import { nearestValue } from "./align.ts";
import { type ChartLimit, valueRange } from "./limit.ts";
import { fade, type PlotTheme } from "./plot-theme.ts";

export interface PlotOptions {
  width: number;
  height: number;
  theme: PlotTheme;
  limits: readonly ChartLimit[];
  /** Charts with the same key have one crosshair. */
  syncKey: string;
  /** A time in seconds as the kitchen's clock shows it; a longer span asks for the day too. */
  formatTime: (seconds: number, spanSeconds: number) => string;
  formatValue: (value: number) => string;
  /** Drawn by `plot-draw.ts`; apart, so that options need no canvas. */
  draw: {
    behind: (u: uPlot) => void;
    above: (u: uPlot) => void;
    line: NonNullable<uPlot.Series["stroke"]>;
  };
  on: {
    cursor: (u: uPlot) => void;
    select: (u: uPlot) => void;
    doubleClick: () => void;
  };
}

/** How far from the pointer a value may be to be the one that is meant, in points. */
const cursorReach = 12;
/** Even steps of the kitchen's clock: at most one label in so many pixels. */
const labelPx = 84;
const stepsSeconds = [60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/** Everything about the plot that does not change with its data. No canvas is touched. */
export function buildPlotOptions(options: PlotOptions): uPlot.Options {
  const { width, height, theme, limits, draw, on } = options;
  return {
    width,
    height,
    padding: [12, 12, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_u, min, max) => valueRange(min, max, limits) },
    },
    cursor: {
      y: false,
      points: { size: 9, width: 2, stroke: theme.surface, fill: theme.line },
      drag: { x: true, y: false, setScale: false },
      sync: { key: options.syncKey, scales: ["x", null] },
      dataIdx: (u, series, index) =>
        nearestValue(u.data[series] ?? [], index, cursorReach) ?? index,
      bind: {
        dblclick: () => () => {
          on.doubleClick();
          return null;
        },
      },
    },
    series: [
      {},
      { stroke: draw.line, width: 2, spanGaps: false, points: { show: false } },
      { stroke: "transparent", width: 0, spanGaps: false, points: { show: false } },
      { stroke: "transparent", width: 0, spanGaps: false, points: { show: false } },
    ],
    bands: [{ series: [2, 3], fill: fade(theme.line, 0.15) }],
    axes: axesOf(options),
    hooks: {
      drawClear: [draw.behind],
      draw: [draw.above],
      setCursor: [on.cursor],
      setSelect: [on.select],
    },
  };
}

function axesOf({ theme, formatTime, formatValue }: PlotOptions): uPlot.Axis[] {
  const font = `12px ${theme.font}`;
  const look = { stroke: theme.axis, font, ticks: { show: false } };
  return [
    {
      ...look,
      size: 30,
      grid: { show: false },
      splits: (u, ...[, min, max]) => timeSplits(min, max, u.width),
      values: (_u, splits) => {
        const span = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
        return splits.map((seconds) => formatTime(seconds, span));
      },
    },
    {
      ...look,
      size: 52,
      gap: 8,
      space: 44,
      grid: { stroke: theme.grid, width: 1 },
      values: (_u, splits) => splits.map((value) => formatValue(value)),
    },
  ];
}

/** Whole steps of time in every zone of Indonesia, whose offsets are whole hours. */
export function timeSplits(min: number, max: number, widthPx: number): number[] {
  const most = Math.max(2, Math.floor(widthPx / labelPx));
  const day = stepsSeconds.at(-1) ?? 86_400;
  const step = stepsSeconds.find((seconds) => (max - min) / seconds <= most) ?? day;
  const first = Math.ceil(min / step) * step;
  const count = Math.max(0, Math.floor((max - first) / step) + 1);
  return Array.from({ length: count }, (_none, index) => first + index * step);
}
