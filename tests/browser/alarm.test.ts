import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import { type BrowserKitchens, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
});

interface Memory {
  isOn: boolean;
  rung: [string, number][];
}

async function readMemory(page: Page): Promise<Memory> {
  const text = await page.evaluate<string | null>("localStorage.getItem('nadi.alarm')");
  return JSON.parse(text ?? '{"isOn":false,"rung":[]}') as Memory;
}

async function acknowledge(alertId: string): Promise<void> {
  const answer = await given.kitchens.api.request(
    `/api/kitchens/${warmKitchen}/alerts/${alertId}/acknowledge`,
    { method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
  );
  expect(answer.status).toBe(200);
}

test("an alert rings until it is acknowledged, is muted in sight, and rings not anew at a reload", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/alerts`);
  await page.getByRole("button", { name: "Aktifkan suara" }).click();
  await page.getByText("Suara aktif").waitFor();
  expect(await readMemory(page)).toMatchObject({ isOn: true, rung: [] });

  await given.warmUp("cold-1");
  const rung = await eventually(
    () => readMemory(page),
    ({ rung }) => rung.length === 1,
    10_000,
  );
  const [alertId = "", rungAtMs = 0] = rung.rung[0] ?? [];
  await page.getByRole("button", { name: "Bisukan 5 menit" }).click();
  await page.getByText(/^Bisu [45] mnt lagi$/).waitFor();
  await keepShot(page, "alarm-muted");

  await page.reload();
  await page.getByText(/^Bisu 4 mnt lagi$|^Ketuk untuk membunyikan$/).waitFor();
  await page.locator("h1").click();
  await page.getByText(/^Bisu 4 mnt lagi$/).waitFor();
  expect((await readMemory(page)).rung).toEqual([[alertId, rungAtMs]]);
  await acknowledge(alertId);
  await page.getByRole("button", { name: "Uji suara" }).waitFor();
  expect(errors).toEqual([]);
});

test("a critical alert is notified once for all tabs, and goes with the person or its acknowledgement", async (t) => {
  const { page, browser } = await openPage(t);
  await browser.grantPermissions(["notifications"], { origin: given.login.url });
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/alerts`);
  // Nobody is asked before they press.
  await page.getByRole("button", { name: "Aktifkan pemberitahuan" }).click();
  await page.getByRole("button", { name: "Matikan pemberitahuan" }).waitFor();
  const second = await browser.newPage();
  await second.goto(given.login.url);
  await second.locator("table").waitFor();

  await given.warmUp("cold-2");
  const list = (): Promise<{ tag: string; title: string }[]> =>
    page.evaluate(
      `navigator.serviceWorker.ready.then((worker) => worker.getNotifications())
         .then((all) => all.map(({ tag, title }) => ({ tag, title })))`,
    );
  const shown = await eventually(list, ({ length }) => length > 0, 15_000);
  expect(shown.map(({ title }) => title)).toEqual([
    "Penyimpanan dingin 2 terlalu hangat: 8,6\u00a0°C",
  ]);
  const known = await page.evaluate<string>("localStorage.getItem('nadi.notified')");
  expect(JSON.parse(known)).toEqual([shown[0]?.tag]);
  // A page that has just begun knows of no alert, which ends none.
  await page.reload();
  await page.getByRole("button", { name: "Matikan pemberitahuan" }).waitFor();
  await page.getByText("Penyimpanan dingin 2 terlalu hangat").first().waitFor();
  expect((await list()).length).toBe(1);

  await second.close();
  await page.getByRole("button", { name: "Keluar" }).first().click();
  await page.getByRole("heading", { name: "Masuk ke Nadi" }).waitFor();
  await eventually(list, ({ length }) => length === 0, 5_000);
  // Nobody has told the next person.
  await signInByForm(page, given.login);
  await eventually(list, ({ length }) => length === 1, 15_000);
  await acknowledge(shown[0]?.tag ?? "");
  await eventually(list, ({ length }) => length === 0, 15_000);
});
