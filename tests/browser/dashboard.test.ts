import { beforeAll, expect, test } from "vitest";
import { openPage, signInByForm, keepShot } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { type BrowserKitchens, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
});

test("a wrong password is said, and the right one leads to the worst kitchen", async (t) => {
  await given.warmUp("cold-1");
  const { page, errors } = await openPage(t);
  await page.goto(given.login.url);
  await page.locator("input[name=email]").fill(given.login.email);
  await page.locator("input[name=password]").fill("not this one");
  await page.locator("button[type=submit]").click();
  await page.getByText("Alamat surel atau kata sandi salah.").waitFor();
  await keepShot(page, "sign-in-refused");
  // The address that was typed is kept.
  expect(await page.locator("input[name=email]").inputValue()).toBe(given.login.email);
  await page.locator("input[name=password]").fill(given.login.password);
  await page.locator("button[type=submit]").click();

  await page.getByRole("heading", { name: "Satu dapur perlu tindakan sekarang" }).waitFor();
  const rows = page.locator("tbody tr");
  expect(await rows.count()).toBe(2);
  const worst = rows.first();
  expect(await worst.innerText()).toContain(warmKitchen);
  expect(await worst.innerText()).toContain("Penyimpanan dingin 1 terlalu hangat: 8,6\u00a0°C");
  await page.getByText("Langsung", { exact: true }).first().waitFor();

  await page.reload();
  await page.getByRole("heading", { name: "Satu dapur perlu tindakan sekarang" }).waitFor();
  expect(errors).toEqual([]);
});

test("an alert is acknowledged and resolved with the keyboard alone", async (t) => {
  await given.warmUp("cold-2");
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/alerts`);
  const row = page.getByRole("button", { name: /Penyimpanan dingin 2 terlalu hangat/ });
  await row.waitFor();
  const tabTo = async (text: string): Promise<void> => {
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate("document.querySelector(':focus')?.textContent ?? ''");
      if (String(focused).includes(text)) return;
    }
    throw new Error(`no way to "${text}" by the Tab key`);
  };
  await tabTo("Penyimpanan dingin 2");
  await page.keyboard.press("Enter");
  await tabTo("Tanggapi");
  await page.keyboard.press("Enter");
  const card = page.getByRole("region", { name: "Rincian peringatan" });
  await card.getByText(`ditanggapi ${given.login.email}`).waitFor();
  // The button that had the focus is gone with what it was for.
  expect(await card.getByRole("button", { name: "Tanggapi" }).count()).toBe(0);

  await tabTo("Catat tindakan");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Catat tindakan korektif" });
  await dialog.waitFor();
  await keepShot(page, "resolve-dialog");
  await tabTo("Selesaikan");
  await page.keyboard.press("Enter");
  // Without what was done about the food nothing happens, and the place to say it has the focus.
  expect(await page.evaluate("document.activeElement.name")).toBe("correctiveAction");
  await page.keyboard.type("pintu ditutup, <b>ayam</b> dipindah");
  await tabTo("Selesaikan");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
  await row.waitFor({ state: "hidden" });

  await page.getByRole("button", { name: "Selesai", exact: true }).click();
  await page.getByText("Tindakan: pintu ditutup, <b>ayam</b> dipindah").waitFor();
  await keepShot(page, "alerts-resolved");
  const stored = await given.kitchens.kitchen(warmKitchen).alerts();
  expect(stored.find(({ deviceId }) => deviceId === "cold-2")).toMatchObject({
    isResolved: true,
    acknowledgedBy: given.login.email,
    correctiveAction: "pintu ditutup, <b>ayam</b> dipindah",
  });
  expect(errors).toEqual([]);
});

test("language and theme are switched at once and kept over a reload", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  const ground = (): Promise<string> =>
    page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const light = await ground();
  await page.getByRole("button", { name: "EN", exact: true }).first().click();
  await page.getByRole("combobox", { name: "Appearance" }).first().selectOption("dark");
  for (const visit of ["first", "reloaded"]) {
    if (visit === "reloaded") await page.reload();
    await page.getByRole("columnheader", { name: "Kitchens, worst first" }).waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("en");
    expect(await ground()).not.toBe(light);
  }
  expect(errors).toEqual([]);
});

test("a session that is ended elsewhere leads to the sign-in within seconds", async (t) => {
  const { page, browser } = await openPage(t);
  await signInByForm(page, given.login);
  const [cookie] = await browser.cookies();
  const { sessions } = await page.evaluate<{
    sessions: { sessionId: string; isCurrent: boolean }[];
  }>("fetch('/api/sessions').then((answer) => answer.json())");
  const own = sessions.find(({ isCurrent }) => isCurrent);
  expect(cookie?.httpOnly).toBe(true);
  const ended = await given.kitchens.api.request(`/api/sessions/${own?.sessionId ?? ""}`, {
    method: "DELETE",
  });
  expect(ended.status).toBe(204);
  await page.getByRole("heading", { name: "Masuk ke Nadi" }).waitFor();
});
