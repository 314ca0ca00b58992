import { expect, test } from "vitest";
import { FrameLoop } from "../../../../dashboard/web/charts/frame-loop.ts";
import { distanceBeyond, isBeyond, valueRange } from "../../../../dashboard/web/charts/limit.ts";
import { buildPlotOptions, timeSplits } from "../../../../dashboard/web/charts/plot-options.ts";
import { fade } from "../../../../dashboard/web/charts/plot-theme.ts";

const theme = {
  surface: "#ffffff",
  text: "#000000",
  axis: "#5a635e",
  grid: "#e4e7e3",
  line: "#2a48a0",
  critical: "#c0162b",
  criticalText: "#a40f24",
  warning: "#b96f00",
  warningText: "#7f4600",
  unknown: "#565c72",
  zoneAlpha: 0.07,
  font: "sans-serif",
};

function build() {
  const nothing = (): void => undefined;
  return buildPlotOptions({
    width: 600,
    height: 300,
    theme,
    limits: [],
    syncKey: "kitchen",
    formatTime: (at, span) => `${at}/${span}`,
    formatValue: (value) => `${value}`,
    draw: { behind: nothing, above: nothing, line: "red" },
    on: { cursor: nothing, select: nothing, doubleClick: nothing },
  });
}

test("a plot joins nothing over a hole, and bands the extremes of its buckets", () => {
  const { series, bands } = build();
  expect(series.slice(1).map(({ spanGaps }) => spanGaps)).toEqual([false, false, false]);
  expect(bands).toEqual([{ series: [2, 3], fill: "#2a48a026" }]);
});

test("charts of a page share their crosshair by time, never by value", () => {
  expect(build().cursor?.sync).toEqual({ key: "kitchen", scales: ["x", null] });
  expect(build().cursor?.drag).toMatchObject({ x: true, y: false, setScale: false });
});

test("the scale of values holds the data and each limit, and makes no storm of a flat line", () => {
  const [min, max] = valueRange(3, 4, [{ value: 8 }]);
  expect(min).toBeLessThan(3);
  expect(max).toBeGreaterThan(8);
  const [low, high] = valueRange(4, 4.01, []);
  expect(high - low).toBeGreaterThan(2);
  expect(valueRange(null, null, [])).toEqual([0, 1]);
});

test("a limit is broken on its own side only, and not at the limit", () => {
  const cold = { value: 5, side: "above" } as const;
  const hot = { value: 60, side: "below" } as const;
  expect([isBeyond(5, cold), isBeyond(5.1, cold), isBeyond(60, hot), isBeyond(59, hot)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect(distanceBeyond(7.5, cold)).toBe(2.5);
  expect(distanceBeyond(58, hot)).toBe(2);
});

test("labels of time stand on whole steps of the clock, and never too many", () => {
  const from = 1_795_000_123;
  const splits = timeSplits(from, from + 3_600, 600);
  expect(splits.length).toBeLessThanOrEqual(7);
  expect(splits.every((at) => at % 600 === 0)).toBe(true);
  expect(timeSplits(from, from + 7 * 86_400, 600).length).toBeLessThanOrEqual(8);
});

test("a colour fades by its last two digits", () => {
  expect(fade("#2a48a0", 0.5)).toBe("#2a48a080");
});

test("one frame draws every chart that is due, and none is asked for without charts", () => {
  const waiting: ((nowMs: number) => void)[] = [];
  const cancelled: number[] = [];
  const loop = new FrameLoop({
    requestFrame: (callback) => waiting.push(callback),
    cancelFrame: (handle) => cancelled.push(handle),
  });
  const drawn: string[] = [];
  const frame = (name: string, isDue: boolean) => ({
    isDue: () => isDue,
    draw: () => drawn.push(name),
  });
  const removals = [loop.add(frame("a", true)), loop.add(frame("b", false))];
  expect(waiting.length, "one for both").toBe(1);
  waiting[0]?.(16);
  expect(drawn).toEqual(["a"]);
  for (const remove of removals) remove();
  expect(cancelled).toEqual([2]);
});
