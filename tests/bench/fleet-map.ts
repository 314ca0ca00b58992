/**
 * Frame times of the real map component with moving vehicles, in headless Chromium without a GPU:
 * `node tests/bench/fleet-map.ts [--vehicles 5000] [--seconds 10]`.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg } from "node:os";
import path from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { build, type Rollup } from "vite";
import { openPage } from "../support/browser.ts";
import type { Scope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";
import { describeMachine } from "./report.ts";
import { formatTable } from "./table.ts";

const { values } = parseWords({
  options: {
    vehicles: { type: "string", default: "5000" },
    seconds: { type: "string", default: "10" },
  },
});
const screen = { width: 1366, height: 768 };
const web = path.resolve(import.meta.dirname, "../../dashboard/web");
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
};

const designs = ["tokens.css", "base.css"].map((name) => path.join(web, "design", name));

/** The component with all that it loads, built as the page is. */
async function buildBench(): Promise<Map<string, string | Uint8Array>> {
  const entry = path.join(web, "map", "MapBench.tsx");
  const result = (await build({
    configFile: path.join(web, "vite.config.ts"),
    mode: "production",
    logLevel: "warn",
    build: { write: false, rolldownOptions: { input: [entry, ...designs] } },
  })) as Rollup.RollupOutput;
  const files = new Map<string, string | Uint8Array>();
  const links: string[] = [];
  for (const file of result.output) {
    files.set(`/${file.fileName}`, file.type === "chunk" ? file.code : file.source);
    if (file.type === "chunk" && file.isEntry) {
      links.push(`<script type="module" src="/${file.fileName}"></script>`);
    } else if (file.fileName.endsWith(".css")) {
      links.push(`<link rel="stylesheet" href="/${file.fileName}">`);
    }
  }
  const style = "<style>body{margin:0}.bench{width:100vw;height:100vh}</style>";
  files.set("/", `<!doctype html>${links.join("")}${style}<div id="root"></div>`);
  // Browsers ask for it by themselves.
  files.set("/favicon.ico", "");
  return files;
}

async function serve(scope: Scope, files: ReadonlyMap<string, string | Uint8Array>) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const body = files.get(pathname);
    const type = types[path.extname(pathname)] ?? types[".html"] ?? "";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  scope.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address record.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Measured {
  frames: number[];
  /** Share of one core that the page's main thread took. */
  busy: number;
}

/** Frames' distances while `work` goes on, and what the page's own thread did meanwhile. */
async function measure(
  page: Page,
  metrics: CDPSession,
  work: () => Promise<void>,
): Promise<Measured> {
  await page.evaluate(`
    window.frames_ = []; window.isMeasuring_ = true;
    let last = performance.now();
    const next = (now) => {
      window.frames_.push(now - last); last = now;
      if (window.isMeasuring_) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);`);
  const before = await readMetrics(metrics);
  await work();
  const after = await readMetrics(metrics);
  await page.evaluate("window.isMeasuring_ = false");
  const frames = (await page.evaluate<number[]>("window.frames_")).slice(1);
  const seconds = after["Timestamp"] - before["Timestamp"];
  return { frames, busy: (after["TaskDuration"] - before["TaskDuration"]) / seconds };
}

type Metrics = Record<"Timestamp" | "TaskDuration" | "JSHeapUsedSize", number>;

async function readMetrics(session: CDPSession): Promise<Metrics> {
  const { metrics } = await session.send("Performance.getMetrics");
  // Chromium names these three in every answer.
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value])) as Metrics;
}

async function drag(page: Page, untilMs: number): Promise<void> {
  const [x, y] = [screen.width / 2, screen.height / 2];
  while (performance.now() < untilMs) {
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 1; step <= 40 && performance.now() < untilMs; step += 1) {
      const angle = (step / 40) * 2 * Math.PI;
      await page.mouse.move(x + 200 * Math.sin(angle), y + 150 * (1 - Math.cos(angle)));
    }
    await page.mouse.up();
  }
}

async function turnWheel(page: Page, untilMs: number): Promise<void> {
  for (let step = 0; performance.now() < untilMs; step += 1) {
    await page.mouse.wheel(0, Math.floor(step / 30) % 2 === 0 ? 40 : -40);
    await page.waitForTimeout(16);
  }
}

function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function bench(scope: Scope): Promise<void> {
  const count = Number(values.vehicles);
  const workMs = Number(values.seconds) * 1_000;
  const url = await serve(scope, await buildBench());
  const { page, browser, errors } = await openPage(scope);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.setViewportSize(screen);
  await page.goto(`${url}/?vehicles=${count}`);
  await page.locator("[data-ground=ready]").waitFor();
  const metrics = await browser.newCDPSession(page);
  await metrics.send("Performance.enable");
  const zoomOut = async (steps: number): Promise<void> => {
    const button = page.locator(".bench button").nth(1);
    for (let step = 0; step < steps; step += 1) {
      await button.click();
      await page.waitForTimeout(400);
    }
  };
  // All have been under way for an interval at least.
  await page.waitForTimeout(12_000);
  const until = (): number => performance.now() + workMs;
  const still = (): Promise<void> => page.waitForTimeout(workMs);
  const rows: string[][] = [];
  const add = async (title: string, work: () => Promise<void>): Promise<void> => {
    const { frames, busy } = await measure(page, metrics, work);
    const times = [0.5, 0.95, 0.99].map((share) => percentile(frames, share).toFixed(1));
    const load = loadavg()[0]?.toFixed(1) ?? "";
    rows.push([title, String(frames.length), ...times, `${(busy * 100).toFixed(0)} %`, load]);
  };
  await add("zoom 14, map at rest", still);
  await zoomOut(3);
  await add("zoom 11, map at rest", still);
  await add("zoom 11, dragged", () => drag(page, until()));
  await add("zoom 11 ± wheel", () => turnWheel(page, until()));
  await zoomOut(3);
  await add("zoom 8, counted, at rest", still);
  await add("zoom 8, counted, dragged", () => drag(page, until()));
  const heap = (await readMetrics(metrics)).JSHeapUsedSize / 2 ** 20;
  const { date, nodeVersion, cpuCount, cpuModel } = describeMachine();
  const head = ["view", "frames", "p50 ms", "p95 ms", "p99 ms", "main thread", "load 1 min"];
  process.stdout.write(
    `${date}, ${cpuCount} × ${cpuModel}, Node ${nodeVersion}, ` +
      `Chromium ${browser.browser()?.version() ?? "?"}, ` +
      `${screen.width} × ${screen.height}, no GPU\n` +
      `${count} moving vehicles, ${values.seconds} s a view; JS heap ${heap.toFixed(1)} MB\n\n` +
      `${formatTable([head, ...rows]).join("\n")}\n`,
  );
  if (errors.length > 0) throw new Error(`the page has thrown: ${errors.join("; ")}`);
}

const ends: (() => unknown)[] = [];
try {
  await bench({ onTestFinished: (end) => ends.push(end) });
} finally {
  for (const end of ends.toReversed()) await end();
}
