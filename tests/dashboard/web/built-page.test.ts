import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { pageDirectory } from "../../../dashboard/server/page-directory.ts";
import { buildPage } from "../../support/built-page.ts";

/** What a phone on a poor network loads before anything shows; 1 KB is 1024 bytes. */
const initialBytesMax = 130 * 1024;

beforeAll(buildPage);

function read(name: string): string {
  return readFileSync(path.join(pageDirectory, name), "utf8");
}

/** The entry and all that it imports at once, each once. */
function listInitial(): string[] {
  const found = new Set(
    [...read("index.html").matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, name = ""]) => name),
  );
  // A set's iteration also visits what is added meanwhile.
  for (const name of found) {
    for (const [, target = ""] of read(name).matchAll(
      /(?:from|import)\s*["`]\.\/([^"`]+\.js)["`]/g,
    )) {
      found.add(`assets/${target}`);
    }
  }
  return [...found];
}

test("the script of the first screen is at most 130 KB, gzipped", () => {
  const files = listInitial().map((name) => [name, gzipSync(read(name), { level: 9 }).length]);
  const bytes = files.reduce((sum, [, size]) => sum + Number(size), 0);
  expect(files.length).toBeGreaterThan(1);
  expect(bytes, JSON.stringify(files)).toBeLessThanOrEqual(initialBytesMax);
});

test("what is large and not needed for the first screen comes later", () => {
  const initial = listInitial().join(" ");
  expect(initial).not.toMatch(/mqtt|uplot|Page-/);
});

test("the page asks nobody but its own origin, and has nothing inline", () => {
  const html = read("index.html");
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*\ssrc=)| on\w+=/);
  expect(html).not.toMatch(/(?:src|href)="(?!\/)/);
});

/** What the worker stores before anybody asks. */
function listStored(): string[] {
  const [, list = ""] = /=\[("\/",[^\]]+)\]/.exec(read("sw.js")) ?? [];
  return JSON.parse(`[${list}]`) as string[];
}

test("the worker stores the first screen and every page, and each file is there", () => {
  const stored = listStored();
  const first = [...read("index.html").matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)];
  expect(first.length).toBeGreaterThan(2);
  for (const [, file = ""] of first) expect(stored).toContain(file);
  for (const page of ["OverviewPage", "KitchenPage", "AlertsPage", "WallPage"]) {
    expect(stored.filter((file) => file.startsWith(`/assets/${page}-`)).length).toBeGreaterThan(0);
  }
  for (const file of stored.slice(1)) {
    expect(statSync(path.join(pageDirectory, file)).size, file).toBeGreaterThan(0);
  }
});

test("what is large waits for its first use, and nothing of the API is stored before", () => {
  const stored = listStored();
  const first = read("index.html");
  const bytes = stored
    .slice(1)
    .filter((file) => !first.includes(`"${file}"`))
    .map((file) => statSync(path.join(pageDirectory, file)).size);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(200 * 1024);
  expect(stored.filter((file) => /mqtt|^\/api/.test(file))).toEqual([]);
});

test("the worker is a script without imports, and its version is of this build", () => {
  const worker = read("sw.js");
  expect(worker).not.toMatch(/__VERSION__|__FILES__|\bimport\b|\bexport\b/);
  expect(worker).toMatch(/["'`][0-9a-f]{12}["'`]/);
});

test("what the manifest and the page name as icons is there, in the size that they say", () => {
  const manifest = JSON.parse(read("manifest.webmanifest")) as {
    icons: { src: string; sizes: string; purpose: string }[];
  };
  expect(manifest.icons.map(({ purpose }) => purpose)).toContain("maskable");
  for (const { src, sizes } of manifest.icons.filter((icon) => icon.src.endsWith(".png"))) {
    const png = readFileSync(path.join(pageDirectory, src));
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, src).toBe(sizes);
  }
  const [, apple = ""] = /rel="apple-touch-icon" href="([^"]+)"/.exec(read("index.html")) ?? [];
  expect(statSync(path.join(pageDirectory, apple)).size).toBeGreaterThan(0);
});
