import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import { type BrowserKitchens, calmKitchen, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
});

async function readCode(page: Page): Promise<string> {
  const digits = page.locator("[role=status] p").nth(1);
  await digits.waitFor();
  return (await digits.innerText()).replaceAll(/\s/g, "");
}

/** The text in px that stands in the element. */
function fontPx(page: Page, selector: string): Promise<number> {
  return page.evaluate<number>(
    `parseFloat(getComputedStyle(document.querySelector(${JSON.stringify(selector)})).fontSize)`,
  );
}

test("a screen is paired with a phone, shows its kitchen, and stops when it is disconnected", async (t) => {
  const screen = await openPage(t, "wall");
  const phone = await openPage(t, "phone");
  await screen.page.goto(`${given.login.url}/wall`);
  const code = await readCode(screen.page);
  expect(code).toMatch(/^[B-Z2-9]{8}$/);
  await keepShot(screen.page, "wall-pair");

  await signInByForm(phone.page, given.login);
  // As the QR code on the screen leads there.
  await phone.page.goto(`${given.login.url}/screens?code=${code}`);
  await phone.page.locator("select[name=kitchen]").selectOption(calmKitchen);
  await phone.page.locator("input[name=name]").fill("Dinding <b>barat</b>");
  await keepShot(phone.page, "screens-phone");
  await phone.page.locator("button[type=submit]").click();

  await screen.page.getByRole("heading", { name: calmKitchen }).waitFor();
  await screen.page.getByText("−20,0").waitFor();
  await screen.page.getByText("langsung", { exact: true }).waitFor();
  await keepShot(screen.page, "wall-calm");
  // Read from five metres: the value and the clock.
  expect(await fontPx(screen.page, "article [class*=value]")).toBeGreaterThanOrEqual(88);
  expect(await fontPx(screen.page, "header time")).toBeGreaterThanOrEqual(88);
  expect(await screen.page.evaluate("document.documentElement.scrollHeight")).toBe(1080);
  // It may see this kitchen and no other, and nothing but the wall.
  const foreign = await screen.page.evaluate(
    `fetch("/api/kitchens/${warmKitchen}/snapshot").then(({ status }) => status)`,
  );
  expect(foreign).toBe(404);
  await screen.page.goto(`${given.login.url}/alerts`);
  await screen.page.getByRole("heading", { name: calmKitchen }).waitFor();

  const row = phone.page.getByRole("row", { name: /Dinding <b>barat<\/b>/ });
  await row.waitFor();
  await keepShot(phone.page, "screens-phone-paired");
  await row.getByRole("button", { name: /^Putuskan/ }).click();
  expect(await readCode(screen.page)).not.toBe(code);
  expect(phone.errors).toEqual([]);
});

test("a new version is loaded by a calm wall by itself, and offered to who reads a page", async (t) => {
  const { page } = await openPage(t, "wall");
  await page.clock.install();
  await signInByForm(page, given.login);
  const html = await page.evaluate<string>("fetch('/').then((answer) => answer.text())");
  let asked = 0;
  // As a deployed version answers: the same page with another entry.
  await page.route(`${given.login.url}/`, async (route) => {
    if (route.request().resourceType() !== "fetch") return route.fallback();
    asked += 1;
    return route.fulfill({ contentType: "text/html", body: html.replaceAll("/index-", "/next-") });
  });
  await page.clock.fastForward(16 * 60_000);
  await page.getByRole("button", { name: "Muat ulang" }).waitFor();
  await page.getByText("Versi baru tersedia").waitFor();
  await keepShot(page, "new-version");

  await page.goto(`${given.login.url}/wall/${calmKitchen}`);
  await page.getByText("−20,0").waitFor();
  await page.evaluate("window.sameDocument = true");
  const before = asked;
  await page.clock.fastForward(6 * 60_000);
  await eventually(
    () => page.evaluate("window.sameDocument === undefined").catch(() => false),
    (isOther) => isOther === true,
    10_000,
  );
  expect(asked).toBe(before + 1);
});

test("the wall turns over its kitchens, and keeps the critical one until it is answered", async (t) => {
  const { page, errors } = await openPage(t, "wall");
  await page.clock.install();
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/wall`);
  const title = page.locator("h1");
  await page.getByText("2 dapur", { exact: true }).waitFor();
  // The count is known before the kitchens have answered, and nothing turns before they have.
  for (const name of [calmKitchen, warmKitchen]) await page.getByText(name).first().waitFor();
  await keepShot(page, "wall-kitchens");
  for (const expected of [calmKitchen, warmKitchen, "2 dapur"]) {
    const before = await title.innerText();
    await page.clock.runFor(20_000);
    const shown = await eventually(
      () => title.innerText(),
      (text) => text !== before,
      10_000,
    );
    expect(shown).toBe(expected);
  }

  await given.warmUp("cold-1");
  await eventually(
    async () => {
      await page.clock.runFor(1_000);
      return page.locator("section h2").allInnerTexts();
    },
    (headings) => headings.includes("Penyimpanan dingin 1 terlalu hangat"),
    10_000,
  );
  await keepShot(page, "wall-critical");
  // Shifted by some pixels by now, and still without a scroll bar.
  expect(await page.evaluate("document.documentElement.scrollHeight")).toBe(1080);
  for (let turn = 0; turn < 3; turn += 1) {
    await page.clock.runFor(20_000);
    expect(await title.innerText()).toBe(warmKitchen);
    await page.getByText("Penyimpanan dingin 1 terlalu hangat").first().waitFor();
  }
  await page.getByText("tetap sampai ditanggapi").waitFor();
  // Whoever answers it is nobody's business on a wall.
  const alerts = await given.kitchens.kitchen(warmKitchen).alerts();
  const { alertId } = alerts[0] ?? { alertId: "" };
  const acknowledged = await given.kitchens.api.request(
    `/api/kitchens/${warmKitchen}/alerts/${alertId}/acknowledge`,
    { method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
  );
  expect(acknowledged.status).toBe(200);
  await page
    .getByText(/^Ditanggapi \d\d\.\d\d WIB/)
    .first()
    .waitFor();
  expect(await page.locator("body").innerText()).not.toContain("@");
  await eventually(
    async () => {
      await page.clock.runFor(20_000);
      return title.innerText();
    },
    (text) => text !== warmKitchen,
    10_000,
  );
  expect(errors).toEqual([]);
});
