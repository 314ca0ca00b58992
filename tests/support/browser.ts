import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import type { Scope } from "./nadi-process.ts";

/** No vendor's address is asked, and nothing of the tester's own profile is touched. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The narrowest phone that people have, a small laptop, and a television. */
export const screens = {
  phone: { width: 360, height: 780 },
  laptop: { width: 1366, height: 768 },
  wall: { width: 1920, height: 1080 },
} as const;
export type ScreenName = keyof typeof screens;

export interface OpenedPage {
  page: Page;
  browser: BrowserContext;
  /** What the page has thrown, or said to its console as an error; refusals (401) are no errors. */
  errors: string[];
}

/** A browser with a profile of its own, which goes with the scope, and its one page. */
export async function openPage(scope: Scope, screen: ScreenName = "laptop"): Promise<OpenedPage> {
  const profile = mkdtempSync(path.join(tmpdir(), "nadi-browser-"));
  scope.onTestFinished(() => {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    args: flags,
    viewport: screens[screen],
    colorScheme: "light",
    locale: "id-ID",
    timezoneId: "Asia/Jakarta",
    reducedMotion: "reduce",
  });
  scope.onTestFinished(() => browser.close());
  browser.setDefaultTimeout(actionMsMax);
  const page = browser.pages()[0] ?? (await browser.newPage());
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("401")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, browser, errors };
}

/** Pages answer within a second; a busy machine gets ten. */
const actionMsMax = 10_000;

/** Signs in by the form, and resolves when the Overview is there. */
export async function signInByForm(
  page: Page,
  login: { url: string; email: string; password: string },
): Promise<void> {
  await page.goto(login.url);
  await page.locator("input[name=email]").fill(login.email);
  await page.locator("input[name=password]").fill(login.password);
  await page.locator("button[type=submit]").click();
  await page.locator("table").waitFor();
}

/** Keeps a picture for people to look at, if NADI_TEST_SHOTS names a folder for them. */
export async function keepShot(page: Page, name: string): Promise<void> {
  const folder = process.env["NADI_TEST_SHOTS"];
  if (folder === undefined) return;
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

/** `NADI_TEST_CHROMIUM`, else the first of the PATH. */
function findChromium(): string {
  const named = process.env["NADI_TEST_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const files = folders.flatMap((folder) => [
    path.join(folder, "chromium"),
    path.join(folder, "chromium-browser"),
  ]);
  const found = files.find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    "the browser tests need Chromium, and the PATH has none: install it with " +
      "`sudo apt-get install chromium`, or name its program in NADI_TEST_CHROMIUM",
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the next one may be.
    return false;
  }
}
