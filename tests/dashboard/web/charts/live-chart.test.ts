import { expect, test } from "vitest";
import { LiveChart } from "../../../../dashboard/web/charts/live-chart.ts";

const hourMs = 3_600_000;

function createChart() {
  const clock = { ms: 10 * hourMs };
  const chart = new LiveChart({ nowMs: () => clock.ms, windowMs: hourMs, gapMs: 90_000 });
  return { chart, clock };
}

test("the window follows the clock, also without data", () => {
  const { chart, clock } = createChart();
  clock.ms += 5_000;
  expect(chart.window).toEqual({ minMs: 9 * hourMs + 5_000, maxMs: 10 * hourMs + 5_000 });
});

test("a paused chart stands still while data goes on coming in", () => {
  const { chart, clock } = createChart();
  chart.pause();
  const { window } = chart;
  clock.ms += 60_000;
  chart.push(clock.ms, 4);
  expect(chart.window).toEqual(window);
  expect(chart.aligned.columns[1]).toEqual([4]);
  chart.resume();
  expect(chart.window.maxMs).toBe(clock.ms);
});

test("a zoom survives the pointer's leaving and new data, until somebody resumes", () => {
  const { chart, clock } = createChart();
  const zoom = { minMs: 9.5 * hourMs, maxMs: 9.6 * hourMs };
  chart.zoomTo(zoom);
  chart.release();
  chart.push(clock.ms, 4);
  chart.setHistory({ widthMs: 1_000, buckets: [] });
  expect(chart.window).toEqual(zoom);
  chart.resume();
  expect(chart.mode).toEqual({ isPaused: false, zoom: null });
});

test("a hover that ends without a zoom goes on live by itself", () => {
  const { chart } = createChart();
  chart.pause();
  chart.release();
  expect(chart.mode.isPaused).toBe(false);
});

test("a slip of the hand is no zoom", () => {
  const { chart } = createChart();
  chart.zoomTo({ minMs: 0, maxMs: 1_000 });
  expect(chart.mode.zoom).toBeNull();
});

test("a frame is due with new data, or once the window has moved by a pixel", () => {
  const { chart, clock } = createChart();
  const widthPx = 600;
  expect(chart.isDue(0, widthPx)).toBe(true);
  expect(chart.aligned.columns[0]).toEqual([]);
  chart.drawn(0);
  expect(chart.isDue(300, widthPx)).toBe(false);
  clock.ms += hourMs / widthPx;
  expect(chart.isDue(300, widthPx)).toBe(true);
  chart.drawn(300);
  chart.push(clock.ms, 4);
  expect(chart.isDue(400, widthPx), "at most four frames a second").toBe(false);
  expect(chart.isDue(600, widthPx)).toBe(true);
});

test("a history of another width keeps what came after it", () => {
  const { chart, clock } = createChart();
  chart.push(clock.ms, 4);
  chart.push(clock.ms + 30_000, 6);
  const before = { t: clock.ms - 60_000, min: 1, max: 1, mean: 1, count: 1 };
  chart.setHistory({ widthMs: 60_000, buckets: [before] });
  const [, mean, high, low] = chart.aligned.columns;
  expect(mean).toEqual([1, 5]);
  expect([high.at(-1), low.at(-1)]).toEqual([6, 4]);
});
