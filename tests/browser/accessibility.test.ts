import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { openPage, type ScreenName, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { checkPage, chooseLook, looks } from "./check-page.ts";
import { type BrowserKitchens, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
  await given.warmUp("cold-1");
});

/** The list, one device, the form, and a login with its QR. */
async function checkDevices(page: Page, look: string): Promise<void> {
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}`);
  await page.locator("main tbody tr").first().waitFor();
  await page.locator("main td:visible").first().waitFor();
  await checkPage(page, `${look} devices`);
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}&device=cold-1`);
  await page.locator("main section dl").first().waitFor();
  await page.locator("main details summary").first().click();
  await checkPage(page, `${look} device`);
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}`);
  await page
    .locator("main button")
    .filter({ hasText: /Tambah|Add/ })
    .first()
    .click();
  await page.locator("dialog[open]").waitFor();
  await checkPage(page, `${look} device form`);
  await page.locator("dialog input[name=deviceId]").fill(look.replaceAll(" ", "-"));
  await page.locator("dialog button[type=submit]").click();
  await page.locator("dialog svg[role=img]").waitFor();
  await checkPage(page, `${look} device login`);
}

async function checkAdministration(page: Page, look: string): Promise<void> {
  for (const name of ["account", "admin/people", "admin/kitchens", "admin/sessions"]) {
    await page.goto(`${given.login.url}/${name}`);
    await page.locator("main ul li").first().waitFor();
    await checkPage(page, `${look} ${name.replace("/", " ")}`);
  }
  await page.goto(`${given.login.url}/admin/audit`);
  await page.locator("main details summary").first().click();
  await checkPage(page, `${look} admin audit`);
  for (const name of ["people", "kitchens"]) {
    await page.goto(`${given.login.url}/admin/${name}`);
    await page.locator("h1 ~ *, h1").first().waitFor();
    await page.locator("main div > button").first().click();
    await page.locator("dialog[open]").waitFor();
    await checkPage(page, `${look} admin ${name} add`);
  }
}

for (const screen of ["phone", "laptop"] as const satisfies ScreenName[]) {
  test(`no page breaks a rule of accessibility, nor its edge, on a ${screen}`, async (t) => {
    const { page, errors } = await openPage(t, screen);
    await page.goto(given.login.url);
    await page.locator("input[name=email]").waitFor();
    await checkPage(page, `${screen} sign-in`);
    await signInByForm(page, given.login);
    for (const chosen of looks) {
      await chooseLook(page, chosen);
      const look = `${screen} ${chosen.theme} ${chosen.language}`;
      await page.goto(given.login.url);
      await page.locator("tbody tr").nth(1).waitFor();
      await page.locator("article").first().waitFor();
      await checkPage(page, `${look} overview`);
      await page.goto(`${given.login.url}/kitchens/${warmKitchen}`);
      await page.locator("canvas").first().waitFor();
      await checkPage(page, `${look} kitchen`);
      await page.goto(`${given.login.url}/fleet?kitchen=${warmKitchen}`);
      await page.locator("[data-ground=ready]").waitFor();
      await checkPage(page, `${look} fleet`);
      await page.locator("tbody th button").first().click();
      await page.locator("main dl").waitFor();
      await checkPage(page, `${look} vehicle`);
      await page.goto(`${given.login.url}/fleet?kitchen=all`);
      await page.locator("[data-ground=ready]").waitFor();
      await checkPage(page, `${look} all fleets`);
      await page.goto(`${given.login.url}/alerts`);
      await page.locator("main ul button").first().click();
      await page.locator("article").first().waitFor();
      await checkPage(page, `${look} alerts`);
      await page.locator("article button").last().click();
      await page.locator("dialog[open]").waitFor();
      await checkPage(page, `${look} resolve`);
      await checkDevices(page, look);
      await page.goto(`${given.login.url}/alerts?state=resolved`);
      await page.locator("h1").waitFor();
      await checkPage(page, `${look} resolved`);
      await checkAdministration(page, look);
      await page.goto(`${given.login.url}/screens`);
      await page.locator("input[name=code]").fill("BCDFGHJK");
      await page.locator("input[name=name]").fill("x");
      await page.locator("main form button[type=submit]").click();
      await page.locator("main [role=alert]").waitFor();
      await checkPage(page, `${look} screens`);
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
    await checkPage(page, `${screen} pair`);
    await signInByForm(page, given.login);
    for (const { language } of looks) {
      await page.evaluate(`localStorage.setItem("nadi.language", "${language}")`);
      await page.goto(`${given.login.url}/wall`);
      await page.locator("section h2").first().waitFor();
      await checkPage(page, `${screen} wall ${language} critical`);
      for (const board of ["1", "2", "3"]) {
        await page.keyboard.press("ArrowRight");
        await page.locator("main li, main article, main section").first().waitFor();
        await checkPage(page, `${screen} wall ${language} board ${board}`);
      }
    }
    expect(errors).toEqual([]);
  });
}
