import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { pageDirectory } from "../../../../dashboard/server/page-directory.ts";
import { buildPage } from "../../../support/built-page.ts";

beforeAll(buildPage);

function read(name: string): string {
  return readFileSync(path.join(pageDirectory, name), "utf8");
}

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
