import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import { type BrowserKitchens, calmKitchen, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
  await given.warmUp("cold-1");
});

/** Which snapshots are stored, by their paths. */
function listStored(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `caches.has("nadi-data").then((has) => has
       ? caches.open("nadi-data").then((cache) => cache.keys())
       : []).then((keys) => keys.map(({ url }) => new URL(url).pathname).sort())`,
  );
}

async function waitStored(page: Page, sppgId: string): Promise<void> {
  const path = `/api/kitchens/${sppgId}/snapshot`;
  await eventually(
    () => listStored(page),
    (paths) => paths.includes(path),
    20_000,
  );
}

test("a reload without a network shows the page with the last known values and their ages", async (t) => {
  const { page } = await openPage(t);
  const proxy = await startTcpProxy(t, given.login.url);
  await signInByForm(page, { ...given.login, url: proxy.url });
  await waitStored(page, warmKitchen);
  await waitStored(page, calmKitchen);
  await page.goto(`${proxy.url}/kitchens/${warmKitchen}`);
  await page.getByText("8,6").first().waitFor();
  // Nothing of the API but the snapshots.
  const stored = await page.evaluate<string[]>(
    `caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name))))
       .then((all) => Promise.all(all.map((cache) => cache.keys())))
       .then((keys) => keys.flat().map(({ url }) => new URL(url).pathname))`,
  );
  const ofApi = stored.filter((path) => path.startsWith("/api/"));
  expect(new Set(ofApi)).toEqual(new Set(await listStored(page)));

  proxy.cut();
  await page.reload();
  const banner = page.getByText(/Layar ini luring sejak \d\d\.\d\d WIB/);
  await banner.waitFor();
  await page.getByText("8,6").first().waitFor();
  await page
    .getByText(/\d+ (dtk|mnt lalu)/)
    .first()
    .waitFor();
  await keepShot(page, "offline-kitchen");
  await page.goto(`${proxy.url}/`);
  await page.getByRole("row", { name: new RegExp(calmKitchen) }).waitFor();
  await banner.waitFor();
  await keepShot(page, "offline-overview");

  await page.evaluate("window.sameDocument = true");
  proxy.mend();
  await banner.waitFor({ state: "hidden", timeout: 30_000 });
  await page.getByText("Langsung", { exact: true }).first().waitFor();
  expect(await page.evaluate("window.sameDocument")).toBe(true);
});

test("signing out leaves nothing of the person on the screen", async (t) => {
  const { page } = await openPage(t);
  await signInByForm(page, given.login);
  await waitStored(page, warmKitchen);
  await page.getByRole("button", { name: "Keluar" }).first().click();
  await page.getByRole("heading", { name: "Masuk ke Nadi" }).waitFor();
  await eventually(
    () => listStored(page),
    (paths) => paths.length === 0,
    5_000,
  );
  expect(await page.evaluate("localStorage.getItem('nadi.session')")).toBeNull();
});

test("a sign-out without a network is made good before anybody sees the page again", async (t) => {
  const { page } = await openPage(t);
  const proxy = await startTcpProxy(t, given.login.url);
  await signInByForm(page, { ...given.login, url: proxy.url });
  await page.locator("table").waitFor();
  proxy.cut();
  await page.getByRole("button", { name: "Keluar" }).first().click();
  const form = page.getByRole("heading", { name: "Masuk ke Nadi" });
  await form.waitFor();
  proxy.mend();
  await page.goto(proxy.url);
  await form.waitFor();
  const [cookie] = await page.context().cookies();
  expect(cookie).toBeUndefined();
  // And who signs in next stays so.
  await signInByForm(page, { ...given.login, url: proxy.url });
  await page.locator("table").waitFor();
  await page.reload();
  await page.locator("table").waitFor();
});

test("a wall that was cut off for a minute says so, and is right again without a reload", async (t) => {
  const { page } = await openPage(t, "wall");
  const proxy = await startTcpProxy(t, given.login.url);
  await page.clock.install();
  await signInByForm(page, { ...given.login, url: proxy.url });
  await page.goto(`${proxy.url}/wall/${calmKitchen}`);
  await page.getByText("−20,0").waitFor();
  await page.getByText("langsung", { exact: true }).waitFor();
  await page.evaluate("window.sameDocument = true");

  proxy.cut();
  const banner = page.getByText(/Layar ini luring sejak/);
  await eventually(
    async () => {
      await page.clock.runFor(1_000);
      return banner.count();
    },
    (count) => count === 1,
    10_000,
  );
  for (let second = 0; second < 60; second += 5) await page.clock.runFor(5_000);
  // The value stays, and its age says how old it is.
  await page.getByText("−20,0").waitFor();
  const footer = await page.locator("footer").innerText();
  expect(footer).toMatch(/data (\d+ mnt lalu)/);
  expect(footer).toContain("luring sejak");
  await keepShot(page, "wall-offline");
  const freezer = given.kitchens.kitchen(calmKitchen);
  await freezer.sendReadings("freezer-1", [{ ts: Date.now(), celsius: -21.5 }]);

  proxy.mend();
  await eventually(
    async () => {
      await page.clock.runFor(2_000);
      return page.locator("body").innerText();
    },
    (text) => text.includes("−21,5") && !text.includes("luring"),
    20_000,
  );
  expect(await page.evaluate("window.sameDocument")).toBe(true);
});
