import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, type ScreenName, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { type BrowserKitchens, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
  await given.warmUp("cold-1");
});

/** What is on the page breaks no rule, and nothing is cut off at its right edge. */
async function check(page: Page, where: string): Promise<void> {
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

/** The list, one device, the form, and a login with its QR. */
async function checkDevices(page: Page, look: string): Promise<void> {
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}`);
  await page.locator("main tbody tr").first().waitFor();
  await page.locator("main td:visible").first().waitFor();
  await check(page, `${look} devices`);
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}&device=cold-1`);
  await page.locator("main section dl").first().waitFor();
  await page.locator("main details summary").first().click();
  await check(page, `${look} device`);
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}`);
  await page
    .locator("main button")
    .filter({ hasText: /Tambah|Add/ })
    .first()
    .click();
  await page.locator("dialog[open]").waitFor();
  await check(page, `${look} device form`);
  await page.locator("dialog input[name=deviceId]").fill(look.replaceAll(" ", "-"));
  await page.locator("dialog button[type=submit]").click();
  await page.locator("dialog svg[role=img]").waitFor();
  await check(page, `${look} device login`);
}

async function checkAdministration(page: Page, look: string): Promise<void> {
  for (const name of ["account", "admin/people", "admin/kitchens", "admin/sessions"]) {
    await page.goto(`${given.login.url}/${name}`);
    await page.locator("main ul li").first().waitFor();
    await check(page, `${look} ${name.replace("/", " ")}`);
  }
  await page.goto(`${given.login.url}/admin/audit`);
  await page.locator("main details summary").first().click();
  await check(page, `${look} admin audit`);
  for (const name of ["people", "kitchens"]) {
    await page.goto(`${given.login.url}/admin/${name}`);
    await page.locator("h1 ~ *, h1").first().waitFor();
    await page.locator("main div > button").first().click();
    await page.locator("dialog[open]").waitFor();
    await check(page, `${look} admin ${name} add`);
  }
}

const looks = [
  { theme: "light", language: "id" },
  { theme: "dark", language: "en" },
] as const;

for (const screen of ["phone", "laptop"] as const satisfies ScreenName[]) {
  test(`no page breaks a rule of accessibility, nor its edge, on a ${screen}`, async (t) => {
    const { page, errors } = await openPage(t, screen);
    await page.goto(given.login.url);
    await page.locator("input[name=email]").waitFor();
    await check(page, `${screen} sign-in`);
    await signInByForm(page, given.login);
    for (const { theme, language } of looks) {
      await page.evaluate(
        `localStorage.setItem("nadi.theme", "${theme}");
         localStorage.setItem("nadi.language", "${language}");`,
      );
      const look = `${screen} ${theme} ${language}`;
      await page.goto(given.login.url);
      await page.locator("tbody tr").nth(1).waitFor();
      await page.locator("article").first().waitFor();
      await check(page, `${look} overview`);
      await page.goto(`${given.login.url}/kitchens/${warmKitchen}`);
      await page.locator("canvas").first().waitFor();
      await check(page, `${look} kitchen`);
      await page.goto(`${given.login.url}/fleet?kitchen=${warmKitchen}`);
      await page.locator("[data-ground=ready]").waitFor();
      await check(page, `${look} fleet`);
      await page.locator("tbody th button").first().click();
      await page.locator("main dl").waitFor();
      await check(page, `${look} vehicle`);
      await page.goto(`${given.login.url}/fleet?kitchen=all`);
      await page.locator("[data-ground=ready]").waitFor();
      await check(page, `${look} all fleets`);
      await page.goto(`${given.login.url}/alerts`);
      await page.locator("main ul button").first().click();
      await page.locator("article").first().waitFor();
      await check(page, `${look} alerts`);
      await page.locator("article button").last().click();
      await page.locator("dialog[open]").waitFor();
      await check(page, `${look} resolve`);
      await checkDevices(page, look);
      await page.goto(`${given.login.url}/alerts?state=resolved`);
      await page.locator("h1").waitFor();
      await check(page, `${look} resolved`);
      await checkAdministration(page, look);
      await page.goto(`${given.login.url}/screens`);
      await page.locator("input[name=code]").fill("BCDFGHJK");
      await page.locator("input[name=name]").fill("x");
      await page.locator("main form button[type=submit]").click();
      await page.locator("main [role=alert]").waitFor();
      await check(page, `${look} screens`);
    }
    // A code that no screen shows is refused, and the browser tells its console of it.
    expect(errors.filter((text) => !/ 4(?:22|29) /.test(text))).toEqual([]);
  });
}

for (const screen of ["phone", "wall"] as const satisfies ScreenName[]) {
  test(`no board of a wall breaks a rule of accessibility on a ${screen}`, async (t) => {
    const { page, errors } = await openPage(t, screen);
    await page.goto(`${given.login.url}/wall`);
    await page.locator("[role=status] p").nth(1).waitFor();
    await check(page, `${screen} pair`);
    await signInByForm(page, given.login);
    for (const { language } of looks) {
      await page.evaluate(`localStorage.setItem("nadi.language", "${language}")`);
      await page.goto(`${given.login.url}/wall`);
      await page.locator("section h2").first().waitFor();
      await check(page, `${screen} wall ${language} critical`);
      for (const board of ["1", "2", "3"]) {
        await page.keyboard.press("ArrowRight");
        await page.locator("main li, main article, main section").first().waitFor();
        await check(page, `${screen} wall ${language} board ${board}`);
      }
    }
    expect(errors).toEqual([]);
  });
}
