import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { type BrowserKitchens, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

/** Each runs a script wherever a name is taken for markup, an attribute or a template. */
const kitchenName = `<img src=x onerror="window.ran='kitchen'"><script>window.ran=1</script>`;
const deviceName = `"><svg onload="window.ran='device'">{{7*7}}\${window.ran=2}`;

beforeAll(async () => {
  given = await startKitchens(scope);
  await given.warmUp("cold-1");
  await change(`/api/kitchens/${warmKitchen}`, { name: kitchenName, timeZone: "Asia/Jakarta" });
  await change(`/api/kitchens/${warmKitchen}/devices/cold-1`, { name: deviceName });
});

async function change(address: string, facts: object): Promise<void> {
  const answer = await given.kitchens.api.request(address, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...facts, expectedVersion: 1 }),
  });
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
}

/** Nothing of the names has become an element, and nothing in them has run. */
async function checkInert(page: Page, where: string): Promise<void> {
  await keepShot(page, `markup-${where}`);
  const found = await page.evaluate(`({
    ran: window.ran ?? null,
    images: document.querySelectorAll('img[src="x"]').length,
    handlers: document.querySelectorAll("[onerror], [onload]").length,
    inline: [...document.scripts].filter((script) => script.src === "").length,
  })`);
  expect([where, found]).toEqual([where, { ran: null, images: 0, handlers: 0, inline: 0 }]);
}

const places = [
  { address: "/", shows: [kitchenName] },
  { address: `/kitchens/${warmKitchen}`, shows: [kitchenName] },
  { address: "/alerts", shows: [kitchenName] },
  { address: `/devices?kitchen=${warmKitchen}`, shows: [deviceName] },
  { address: "/admin/kitchens", shows: [kitchenName] },
  { address: "/admin/audit", shows: [] },
  { address: `/wall/${warmKitchen}`, shows: [kitchenName] },
] as const;

test("markup in the names of kitchens and devices is shown as it is and runs nowhere", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  for (const { address, shows } of places) {
    await page.goto(`${given.login.url}${address}`);
    for (const name of shows) {
      await page.getByText(name).filter({ visible: true }).first().waitFor();
    }
    await page.locator("h1, canvas, article, li, tr").first().waitFor();
    await checkInert(page, address.replaceAll(/\W+/g, "-"));
  }
  // A policy that had to stop a script would have said so.
  expect(errors).toEqual([]);
});

test("the page's policy stops a script that somebody would get into it all the same", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.evaluate(`{
    document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(kitchenName)});
    const script = document.createElement("script");
    script.textContent = "window.ran = 3";
    document.body.append(script);
  }`);
  await page.waitForFunction("document.images[0]?.complete");
  expect(await page.evaluate("window.ran ?? null")).toBeNull();
  expect(errors.some((text) => text.includes("Content Security Policy"))).toBe(true);
});
