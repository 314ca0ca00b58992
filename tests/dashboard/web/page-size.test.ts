import { readFileSync } from "node:fs";
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
