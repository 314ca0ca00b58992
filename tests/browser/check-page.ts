import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { keepShot } from "../support/browser.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Each theme and each language once. */
export const looks = [
  { theme: "light", language: "id" },
  { theme: "dark", language: "en" },
] as const;

/** What is on the page breaks no rule, and nothing is cut off at its right edge. */
export async function checkPage(page: Page, where: string): Promise<void> {
  await keepShot(page, where.replaceAll(" ", "-"));
  await page.evaluate(axe);
  const broken = await page.evaluate(
    `axe.run().then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)))`,
  );
  expect(broken, where).toEqual([]);
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(overflow, `${where}: pixels beyond the right edge`).toBeLessThanOrEqual(0);
}

/** For the pages that are loaded from here on. */
export async function chooseLook(page: Page, look: (typeof looks)[number]): Promise<void> {
  await page.evaluate(
    `localStorage.setItem("nadi.theme", "${look.theme}");
     localStorage.setItem("nadi.language", "${look.language}");`,
  );
}
