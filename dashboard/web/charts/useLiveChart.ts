import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { History } from "./align.ts";
import { type ChartMode, LiveChart } from "./live-chart.ts";

export interface LiveChartSource {
  /** Changes make another chart. */
  key: string;
  /** Listens to the live values of the series; returns the removal. Stable while the key is. */
  subscribe: (listener: (atMs: number, value: number) => void) => () => void;
  history: History | null;
  windowMs: number;
  gapMs: number;
  nowMs: () => number;
}

/**
 * A chart that lives: what came before from `history`, what comes from `subscribe`, neither of
 * which passes through React's state. Give it to `Plot`.
 *
 * @example
 * const chart = useLiveChart({ key, subscribe, history, windowMs: 3_600_000, gapMs, nowMs });
 * return <Plot chart={chart} … />;
 */
export function useLiveChart(source: LiveChartSource): LiveChart {
  const { key, subscribe, history, windowMs, gapMs, nowMs } = source;
  const chart = useMemo(
    () => new LiveChart({ nowMs, windowMs, gapMs }),
    // A window that changes keeps the chart and what it has heard.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [key, nowMs],
  );
  useEffect(() => subscribe((atMs, value) => chart.push(atMs, value)), [chart, subscribe]);
  useEffect(() => chart.setWindow(windowMs, gapMs), [chart, windowMs, gapMs]);
  useEffect(() => chart.setHistory(history), [chart, history]);
  return chart;
}

/** Whether it is paused or zoomed, for what stands around the canvas. */
export function useChartMode(chart: LiveChart): ChartMode {
  const subscribe = useMemo(() => (listener: () => void) => chart.onMode.add(listener), [chart]);
  return useSyncExternalStore(subscribe, () => chart.mode);
}
