import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { buildPage } from "../support/built-page.ts";
import { type KitchenClient, openKitchens } from "../support/kitchen-client.ts";
import { fixedPort, startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";

const sppgId = "sppg-jakarta-001";
const deviceId = "cold-1";
/** A link that was cut is tried again after at most 10 s; a busy machine gets more. */
const backMsMax = 40_000;

async function send(kitchen: KitchenClient, celsius: number): Promise<void> {
  await kitchen.sendReadings(deviceId, [{ ts: Date.now(), celsius }]);
}

function tileOf(page: Page) {
  return page.getByRole("link", { name: /Penyimpanan dingin/ }).first();
}

test("a page outlives a kill -9 of the platform: it says so, and is right again by itself", async (t) => {
  await buildPage();
  const dataDir = tempFolder(t);
  const prepared = await prepareKitchens(dataDir, [
    {
      sppgId,
      devices: [
        { deviceId, kind: "temperature-probe", place: "coldStore", intervalSeconds: 60 } as const,
      ],
    },
  ]);
  const mqttPort = await fixedPort();
  const httpPort = await fixedPort();
  const launch = { dataDir, mqttPort, env: { NADI_HTTP_PORT: String(httpPort) } };
  const first = await startNadi(t, launch);
  const before = (await openKitchens(t, first, prepared)).kitchen(sppgId);
  await send(before, 3.1);

  const { page } = await openPage(t);
  await signInByForm(page, { url: first.httpUrl, ...prepared.operator });
  await page.goto(`${first.httpUrl}/kitchens/${sppgId}`);
  await tileOf(page).getByText("3,1").waitFor();
  await page.evaluate("window.isSamePage = true");

  await first.kill();
  const banner = page.getByText(/Layar ini luring sejak/);
  await banner.waitFor();
  await keepShot(page, "platform-killed");
  // The last value stays, with its age: nobody must take it for a new one.
  expect(await tileOf(page).innerText()).toContain("3,1");

  const second = await startNadi(t, launch);
  const after = (await openKitchens(t, second, prepared)).kitchen(sppgId);
  await send(after, 2.7);
  await tileOf(page).getByText("2,7").waitFor({ timeout: backMsMax });
  await banner.waitFor({ state: "hidden", timeout: backMsMax });
  await send(after, 2.4);
  await tileOf(page).getByText("2,4").waitFor();
  // Neither reloaded nor signed in anew: the session is in the records.
  expect(await page.evaluate("window.isSamePage")).toBe(true);
});
