import type uPlot from "uplot";
import { type ChartLimit, distanceBeyond } from "./limit.ts";

/** Everything that a chart says, in the page's language and the kitchen's time. */
export interface PlotWords {
  axisTime: (seconds: number, spanSeconds: number) => string;
  axisValue: (value: number) => string;
  /** `08.32 WIB`, with seconds: here they may matter. */
  time: (seconds: number) => string;
  value: (value: number) => string;
  /** `2,3 di atas batas`; a negative distance is room that is left. */
  distance: (beyond: number, side: ChartLimit["side"]) => string;
  extremes: (low: number, high: number) => string;
  gap: (gapMs: number) => string;
}

export interface Tooltip {
  element: HTMLElement;
  show(u: uPlot, facts: { words: PlotWords; limits: readonly ChartLimit[] }): void;
}

const distancePx = 14;

/** A box beside the crosshair, filled by hand: React need not know where the pointer is. */
export function createTooltip(className: string): Tooltip {
  const element = document.createElement("div");
  element.className = className;
  element.hidden = true;
  const lines = ["time", "value", "distance", "extremes"].map((name) => {
    const line = document.createElement(name === "value" ? "strong" : "span");
    element.append(line);
    return line;
  });

  function show(u: uPlot, { words, limits }: Parameters<Tooltip["show"]>[1]): void {
    const { left = -1 } = u.cursor;
    const index = u.cursor.idxs?.[1] ?? u.cursor.idx ?? null;
    const at = index === null ? null : pointAt(u, index);
    element.hidden = left < 0 || at === null;
    if (at === null || left < 0) return;
    const critical = limits.find(({ severity }) => severity === "critical");
    const beyond = critical === undefined ? 0 : distanceBeyond(at.mean, critical);
    const texts = [
      words.time(at.seconds),
      words.value(at.mean),
      critical === undefined ? "" : words.distance(beyond, critical.side),
      at.low === at.high ? "" : words.extremes(at.low, at.high),
    ];
    lines.forEach((line, place) => {
      line.textContent = texts[place] ?? "";
      line.hidden = (texts[place] ?? "") === "";
    });
    element.dataset["beyond"] = String(critical !== undefined && beyond > 0);
    const isRight = left > u.over.clientWidth / 2;
    const shift = isRight ? `calc(-100% - ${distancePx}px)` : `${distancePx}px`;
    element.style.transform = `translate(${shift}, 0)`;
    element.style.left = `${left}px`;
  }

  return { element, show };
}

function pointAt(u: uPlot, index: number) {
  const [xs, means, highs, lows] = u.data;
  const seconds = xs[index];
  const [mean, high, low] = [means?.[index], highs?.[index], lows?.[index]];
  if (typeof seconds !== "number" || typeof mean !== "number") return null;
  return { seconds, mean, high: high ?? mean, low: low ?? mean };
}
