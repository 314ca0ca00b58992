import { useEffect, useRef } from "react";
import uPlot from "uplot";
// Its own styles: without them the canvas has no place.
// oxlint-disable-next-line import/no-unassigned-import
import "uplot/dist/uPlot.min.css";

import type { ChartLimit } from "./limit.ts";
import type { LiveChart } from "./live-chart.ts";
import { pageFrames } from "./page-frames.ts";
import { drawGaps, drawLimits, drawZones, lineStroke } from "./plot-draw.ts";
import { buildPlotOptions } from "./plot-options.ts";
import { readPlotTheme } from "./read-plot-theme.ts";
import { createTooltip, type PlotWords } from "./plot-tooltip.ts";
import { usePaletteName } from "./usePaletteName.ts";
import styles from "./Plot.module.css";

export interface PlotProps {
  chart: LiveChart;
  limits: readonly ChartLimit[];
  words: PlotWords;
  height: number;
  syncKey: string;
  /** The canvas says nothing to a screen reader; the table beside it says all. */
  label: string;
  /** The canvas, for a picture of it. */
  onCanvas?: (canvas: HTMLCanvasElement | null) => void;
}

/** A drag of less is a click. */
const selectPxMin = 8;

/** The canvas of a `LiveChart`: options, size and frames are three effects. */
export function Plot(props: PlotProps) {
  const { chart, limits, words, height, syncKey, label, onCanvas } = props;
  const host = useRef<HTMLDivElement>(null);
  const palette = usePaletteName();

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const tooltip = createTooltip(styles["tooltip"] ?? "");
    const theme = readPlotTheme(element);
    const options = buildPlotOptions({
      width: element.clientWidth,
      height,
      theme,
      limits,
      syncKey,
      formatTime: words.axisTime,
      formatValue: words.axisValue,
      draw: {
        behind: (u) => drawZones(u, limits, theme),
        above: (u) => {
          drawGaps(u, chart.aligned.gaps, { theme, describe: words.gap });
          drawLimits(u, limits, theme);
        },
        line: (u) => lineStroke(u, limits, theme),
      },
      on: {
        cursor: (u) => tooltip.show(u, { words, limits }),
        select: (u) => zoomToSelection(u, chart),
        doubleClick: () => chart.resume(),
      },
    });
    const u = new uPlot(options, chart.aligned.columns, element);
    u.over.append(tooltip.element);
    const stop = [
      watchPointer(u.over, chart),
      watchSize(element, u),
      keepDrawing(element, u, chart),
    ];
    onCanvas?.(u.ctx.canvas);
    return () => {
      onCanvas?.(null);
      for (const end of stop) end();
      u.destroy();
    };
  }, [chart, limits, words, height, syncKey, palette, onCanvas]);

  return (
    <div ref={host} className={styles["plot"]} role="img" aria-label={label} style={{ height }} />
  );
}

function zoomToSelection(u: uPlot, chart: LiveChart): void {
  const { left, width } = u.select;
  if (width < selectPxMin) return;
  const minMs = u.posToVal(left, "x") * 1_000;
  const maxMs = u.posToVal(left + width, "x") * 1_000;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  chart.zoomTo({ minMs, maxMs });
}

function watchPointer(over: HTMLElement, chart: LiveChart): () => void {
  const enter = (): void => chart.pause();
  const leave = (): void => chart.release();
  over.addEventListener("mouseenter", enter);
  over.addEventListener("mouseleave", leave);
  return () => {
    over.removeEventListener("mouseenter", enter);
    over.removeEventListener("mouseleave", leave);
  };
}

function watchSize(element: HTMLElement, u: uPlot): () => void {
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = element;
    if (width > 0 && (width !== u.width || height !== u.height)) u.setSize({ width, height });
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** In the page's frames, while it can be seen. */
function keepDrawing(element: HTMLElement, u: uPlot, chart: LiveChart): () => void {
  let remove: (() => void) | null = null;
  const frame = {
    isDue: (atMs: number) => chart.isDue(atMs, u.width),
    draw: (atMs: number) => {
      const { columns } = chart.aligned;
      const { minMs, maxMs } = chart.window;
      chart.drawn(atMs);
      u.batch(() => {
        u.setData(columns, false);
        u.setScale("x", { min: minMs / 1_000, max: maxMs / 1_000 });
      });
    },
  };
  const see = ([entry]: IntersectionObserverEntry[]): void => {
    remove?.();
    remove = entry?.isIntersecting === true ? pageFrames.add(frame) : null;
  };
  // A little ahead, so that scrolling meets no empty canvas.
  const observer = new IntersectionObserver(see, { rootMargin: "200px" });
  observer.observe(element);
  return () => {
    observer.disconnect();
    remove?.();
  };
}
