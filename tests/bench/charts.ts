/**
 * One page with many live charts, in a real Chromium against a real serve:
 * `node tests/bench/charts.ts [--charts 50] [--minutes 1]`. Prints how long frames took, and how
 * the heap grew after collection. Chromium paints without a GPU here, on the cores that serve runs
 * on: an idle machine with a GPU does better.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { startLoadProcess } from "../../simulators/index.ts";
import { openPage, signInByForm } from "../support/browser.ts";
import { buildPage } from "../support/built-page.ts";
import { type Scope, tempFolder, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { startPathNadi } from "./path-nadi.ts";
import { benchKitchen, provisionKitchens } from "./provision.ts";

const usage = `usage: node tests/bench/charts.ts [options]

  --charts <n>    live charts of one kitchen, a probe each, 4 readings a second; default 50
  --minutes <n>   measured; default 1
  --height <n>    of the window, in pixels; default 1080. Only charts in view are drawn
  --json          one JSON object on standard output`;

const { values } = parseWords({
  usage,
  options: {
    charts: { type: "string", default: "50" },
    minutes: { type: "string", default: "1" },
    height: { type: "string", default: "1080" },
    json: { type: "boolean", default: false },
  },
});

/** To which live values are conflated. */
const messagesPerSecond = 4;
const heapEveryMs = 20_000;
const settleMs = 5_000;
const width = 1920;

interface Plan {
  charts: number;
  minutes: number;
  height: number;
}

/** What the page's own clock says of its frames, since the last call. */
const startFrames = `(() => {
  const times = [];
  let last = performance.now();
  const next = (now) => { times.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
  window.takeFrames = () => times.splice(0);
})()`;

async function openCharts(scope: Scope, plan: Plan) {
  await buildPage();
  const dataDir = tempFolder(scope);
  const { devices, operator } = await provisionKitchens(dataDir, {
    kitchens: 1,
    devicesPerKitchen: plan.charts,
    place: "hotHolding",
  });
  const nadi = await startPathNadi(scope, { dataDir, operator });
  const load = await startLoadProcess({
    port: nadi.process.mqttPort,
    devices,
    pace: { kind: "rate", perSecond: plan.charts * messagesPerSecond },
  });
  scope.onTestFinished(() => load.kill());
  const { page, browser, errors } = await openPage(scope);
  await page.setViewportSize({ width, height: plan.height });
  const { httpUrl } = nadi.process;
  await page.goto(httpUrl);
  await signInByForm(page, { url: httpUrl, ...operator });
  await page.goto(`${httpUrl}/kitchens/${benchKitchen(0)}`);
  await page.getByRole("button", { name: "Tampilkan semua grafik" }).click();
  await page.waitForFunction(`document.querySelectorAll("canvas").length >= ${plan.charts}`);
  await delay(settleMs);
  return { page, devtools: await browser.newCDPSession(page), errors };
}

async function heapKb(devtools: CDPSession): Promise<number> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return usedSize / 1024;
}

async function takeFrames(page: Page): Promise<number[]> {
  return page.evaluate<number[]>("window.takeFrames()");
}

/** Least squares, in KB a minute. */
function slopeOf(points: readonly { minute: number; kb: number }[]): number {
  const mean = (pick: (point: { minute: number; kb: number }) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [minute, kb] = [mean((point) => point.minute), mean((point) => point.kb)];
  const over = points.reduce((sum, point) => sum + (point.minute - minute) * (point.kb - kb), 0);
  const under = points.reduce((sum, point) => sum + (point.minute - minute) ** 2, 0);
  return over / under;
}

async function measure(scope: Scope, plan: Plan) {
  const { page, devtools, errors } = await openCharts(scope, plan);
  const heap = [{ minute: 0, kb: await heapKb(devtools) }];
  const frames: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + plan.minutes * 60_000;
  await page.evaluate(startFrames);
  while (performance.now() < endMs) {
    await delay(Math.min(heapEveryMs, endMs - performance.now()));
    // Before the collection, which takes frames of its own.
    frames.push(...(await takeFrames(page)));
    heap.push({ minute: (performance.now() - startedMs) / 60_000, kb: await heapKb(devtools) });
    await takeFrames(page);
  }
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (fraction: number): number =>
    Number((sorted[Math.floor(fraction * (sorted.length - 1))] ?? Number.NaN).toFixed(1));
  const spentMs = frames.reduce((sum, frame) => sum + frame, 0);
  return {
    ...plan,
    framesPerSecond: Number(((frames.length / spentMs) * 1000).toFixed(1)),
    frameP50Ms: at(0.5),
    frameP95Ms: at(0.95),
    frameP99Ms: at(0.99),
    heapFirstKb: Math.round(heap[0]?.kb ?? Number.NaN),
    heapLastKb: Math.round(heap.at(-1)?.kb ?? Number.NaN),
    heapSlopeKbPerMinute: Math.round(slopeOf(heap.slice(1))),
    pageErrors: errors.length,
  };
}

const plan: Plan = {
  charts: Number(values.charts),
  minutes: Number(values.minutes),
  height: Number(values.height),
};
const result = await withScope((scope) => measure(scope, plan));
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else console.table(result);
