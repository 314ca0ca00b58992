import { beforeAll, expect, test } from "vitest";
import { openPage, type ScreenName, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { checkPage, chooseLook, looks } from "./check-page.ts";
import { startStockKitchen, type StockKitchen } from "./stock-kitchen.ts";

const scope = fileScope();
let given: StockKitchen;

beforeAll(async () => {
  given = await startStockKitchen(scope);
  // In each state that a card has: moved, lifted off, never installed.
  await given.weigh("scale-chicken", [{ kg: 68.4, minutes: 15 }]);
});

for (const screen of ["phone", "laptop"] as const satisfies ScreenName[]) {
  test(`rules and stock break no rule of accessibility on a ${screen}`, async (t) => {
    const { page, errors } = await openPage(t, screen);
    await signInByForm(page, given.login);
    for (const look of looks) {
      await chooseLook(page, look);
      const name = `${screen} ${look.theme} ${look.language}`;
      await page.goto(`${given.login.url}/stock`);
      await page.locator("article").nth(2).waitFor();
      await page.locator("tbody tr").first().waitFor();
      await checkPage(page, `${name} stock`);
      await page.goto(`${given.login.url}/rules`);
      await page.locator("main ul a").nth(5).waitFor();
      await checkPage(page, `${name} rules`);
      await page.goto(`${given.login.url}/rules?rule=cold-store-limit`);
      const preview = page.locator("section section");
      await preview.locator("figure").waitFor();
      await page.locator("input[name=limit]").fill("4");
      await page.locator("input[name=clearLimit]").fill("6");
      await page.locator("form details summary").click();
      await page.locator("input[aria-invalid=true]").first().waitFor();
      await checkPage(page, `${name} rule`);
      await page.goto(`${given.login.url}/rules?rule=%2B`);
      await page.locator("input[name=source]").waitFor();
      await checkPage(page, `${name} rule-new`);
    }
    expect(errors).toEqual([]);
  });
}
