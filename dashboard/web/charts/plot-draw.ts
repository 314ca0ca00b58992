import type uPlot from "uplot";
import type { Aligned } from "./align.ts";
import type { ChartLimit } from "./limit.ts";
import { fade, type PlotTheme } from "./plot-theme.ts";

/** What stands behind and above the line. Distances in CSS pixels; the canvas has its own. */
const hatchStep = 8;
const limitDash = [6, 4];
const labelPx = 12;
/** Narrower than its words, a gap says nothing and is only hatched. */
const gapLabelPxMin = 110;

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The range in which food is not safe, tinted and hatched: colour alone says nothing. */
export function drawZones(u: uPlot, limits: readonly ChartLimit[], theme: PlotTheme): void {
  for (const limit of limits.filter(({ severity }) => severity === "critical")) {
    const box = zoneBox(u, limit);
    if (box === null) continue;
    u.ctx.save();
    u.ctx.fillStyle = fade(theme.critical, theme.zoneAlpha);
    u.ctx.fillRect(box.left, box.top, box.width, box.height);
    hatch(u.ctx, box, fade(theme.critical, theme.zoneAlpha * 1.6));
    u.ctx.restore();
  }
}

/** Where nothing is known: no line, and the words that say so. */
export function drawGaps(
  u: uPlot,
  gaps: Aligned["gaps"],
  look: { theme: PlotTheme; describe: (gapMs: number) => string },
): void {
  const { theme, describe } = look;
  const { left, top, width, height } = u.bbox;
  const clamp = (x: number): number => Math.min(left + width, Math.max(left, x));
  for (const { fromMs, toMs } of gaps) {
    const from = clamp(u.valToPos(fromMs / 1_000, "x", true));
    const to = clamp(u.valToPos(toMs / 1_000, "x", true));
    if (to - from < 1) continue;
    const box = { left: from, top, width: to - from, height };
    u.ctx.save();
    hatch(u.ctx, box, fade(theme.unknown, 0.28));
    if (to - from >= gapLabelPxMin * devicePixelRatio) {
      label(u.ctx, describe(toMs - fromMs), {
        x: (from + to) / 2,
        y: top + height - 10 * devicePixelRatio,
        color: theme.axis,
        theme,
        align: "center",
      });
    }
    u.ctx.restore();
  }
}

/** The limits over the line, each with its words on it, at the left. */
export function drawLimits(u: uPlot, limits: readonly ChartLimit[], theme: PlotTheme): void {
  const { left, top, width, height } = u.bbox;
  for (const limit of limits) {
    const y = Math.round(u.valToPos(limit.value, "y", true));
    if (!(y >= top && y <= top + height)) continue;
    const isCritical = limit.severity === "critical";
    u.ctx.save();
    u.ctx.strokeStyle = isCritical ? theme.critical : theme.warning;
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    u.ctx.setLineDash(limitDash.map((part) => part * devicePixelRatio));
    u.ctx.beginPath();
    u.ctx.moveTo(left, y);
    u.ctx.lineTo(left + width, y);
    u.ctx.stroke();
    const offset = (limit.side === "above" ? -7 : labelPx + 4) * devicePixelRatio;
    label(u.ctx, limit.label, {
      x: left + 6 * devicePixelRatio,
      y: y + offset,
      color: isCritical ? theme.criticalText : theme.warningText,
      theme,
      align: "left",
    });
    u.ctx.restore();
  }
}

/** The line's colour: that of the data on the good side of the limit, red beyond it. */
export function lineStroke(
  u: uPlot,
  limits: readonly ChartLimit[],
  theme: PlotTheme,
): CanvasGradient | string {
  const { top, height } = u.bbox;
  const critical = limits.find(({ severity }) => severity === "critical");
  if (critical === undefined || !(height > 0)) return theme.line;
  const share = (u.valToPos(critical.value, "y", true) - top) / height;
  if (!Number.isFinite(share)) return theme.line;
  const stop = Math.min(1, Math.max(0, share));
  const gradient = u.ctx.createLinearGradient(0, top, 0, top + height);
  const [upper, lower] =
    critical.side === "above" ? [theme.critical, theme.line] : [theme.line, theme.critical];
  gradient.addColorStop(0, upper);
  gradient.addColorStop(stop, upper);
  gradient.addColorStop(stop, lower);
  gradient.addColorStop(1, lower);
  return gradient;
}

function zoneBox(u: uPlot, limit: ChartLimit): Box | null {
  const { left, top, width, height } = u.bbox;
  const y = Math.min(top + height, Math.max(top, u.valToPos(limit.value, "y", true)));
  const box =
    limit.side === "above"
      ? { left, top, width, height: y - top }
      : { left, top: y, width, height: top + height - y };
  return box.height > 0 ? box : null;
}

function hatch(context: CanvasRenderingContext2D, box: Box, color: string): void {
  const { left, top, width, height } = box;
  const step = hatchStep * devicePixelRatio;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = color;
  context.lineWidth = devicePixelRatio;
  context.beginPath();
  // From a fixed place of the canvas, so that the lines stand still while the data moves.
  const first = Math.floor((left - height) / step) * step;
  for (let x = first; x < left + width; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

function label(
  context: CanvasRenderingContext2D,
  text: string,
  at: { x: number; y: number; color: string; theme: PlotTheme; align: CanvasTextAlign },
): void {
  context.font = `600 ${labelPx * devicePixelRatio}px ${at.theme.font}`;
  context.textAlign = at.align;
  context.textBaseline = "alphabetic";
  context.setLineDash([]);
  context.lineWidth = 4 * devicePixelRatio;
  context.lineJoin = "round";
  // An edge of the ground keeps words readable over a line.
  context.strokeStyle = at.theme.surface;
  context.strokeText(text, at.x, at.y);
  context.fillStyle = at.color;
  context.fillText(text, at.x, at.y);
}
