import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { buildPage } from "../support/built-page.ts";
import { fileScope } from "../support/file-scope.ts";
import { type Scope, startNadi, tempFolder } from "../support/nadi-process.ts";
import { type PlannedKitchen, prepareKitchens } from "../support/prepared-kitchens.ts";

const scope = fileScope();
/** Two more than a page asks for at a time. */
const kitchens = Array.from({ length: 32 }, (_none, index): PlannedKitchen => {
  return { sppgId: `sppg-many-${String(index + 1).padStart(3, "0")}`, devices: [] };
});
const last = "sppg-many-032";
const leftOut = /^.*2 dapur lain tidak ditampilkan di sini, dengan 0 peringatan terbuka\.$/;

beforeAll(buildPage);

async function start(planned: readonly PlannedKitchen[], own: Scope) {
  const dataDir = tempFolder(own);
  const prepared = await prepareKitchens(dataDir, planned);
  const nadi = await startNadi(own, { dataDir });
  return { url: nadi.httpUrl, ...prepared.operator };
}

test("a kitchen behind the thirtieth is reached on every page, and never another one for it", async (t) => {
  const login = await start(kitchens, scope);
  const { page, errors } = await openPage(t);
  await signInByForm(page, login);
  await page.getByText(leftOut).waitFor();
  for (const name of ["rules", "devices", "stock"]) {
    await page.goto(`${login.url}/${name}?kitchen=${last}`);
    const choice = page.getByRole("combobox", { name: "Dapur", exact: true });
    await choice.waitFor();
    expect([name, await choice.inputValue()]).toEqual([name, last]);
    expect(await choice.locator("option").count()).toBe(kitchens.length);
    await page.locator("h1 + p").filter({ hasText: last }).waitFor();
    await choice.selectOption("sppg-many-031");
    await page.locator("h1 + p").filter({ hasText: "sppg-many-031" }).waitFor();
  }
  await page.goto(`${login.url}/alerts`);
  await page.getByText(leftOut).waitFor();
  await page.getByRole("combobox", { name: "Dapur", exact: true }).selectOption(last);
  await page.locator("h1 + p").filter({ hasText: last }).waitFor();
  expect(await page.getByText("tidak ditampilkan").count()).toBe(0);
  await keepShot(page, "alerts-of-the-last-kitchen");
  await page.goto(`${login.url}/screens`);
  await page.locator("select[name=kitchen]").selectOption(last);
  await page.goto(`${login.url}/wall/${last}`);
  await page.getByRole("heading", { name: last }).waitFor();
  await page.goto(`${login.url}/wall`);
  await page.getByText(leftOut).waitFor();
  await keepShot(page, "wall-of-many");
  expect(errors).toEqual([]);
});

test("without a kitchen every page says so, and none loads for ever", async (t) => {
  const login = await start([], t);
  const { page, errors } = await openPage(t);
  await page.goto(login.url);
  await page.locator("input[name=email]").fill(login.email);
  await page.locator("input[name=password]").fill(login.password);
  await page.locator("button[type=submit]").click();
  await page.getByRole("heading", { name: "Belum ada dapur" }).waitFor();
  for (const name of ["rules", "devices", "stock", "alerts", "screens"]) {
    await page.goto(`${login.url}/${name}`);
    await page.getByText("Belum ada dapur untuk akun ini.").waitFor();
    expect([name, await page.getByText("Memuat").count()]).toEqual([name, 0]);
  }
  await page.goto(`${login.url}/fleet`);
  await page.getByText("Belum ada kendaraan di sini.").waitFor();
  expect(errors).toEqual([]);
});
