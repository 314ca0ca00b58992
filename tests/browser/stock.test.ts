import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { startStockKitchen, type StockKitchen } from "./stock-kitchen.ts";

const scope = fileScope();
let given: StockKitchen;

beforeAll(async () => {
  given = await startStockKitchen(scope);
});

test("a scale's withdrawal shows live, and as a movement when it has settled", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.getByRole("link", { name: "Stok" }).first().click();
  const card = (id: string) => page.locator("article", { hasText: id });
  const chicken = card("scale-chicken");
  await chicken.getByText("96,4").waitFor();
  await keepShot(page, "stock-before");
  const table = page.getByRole("region", { name: "Pergerakan hari ini" });
  const row = table.getByRole("row", { name: /Timbangan stok 1/ });
  expect(await row.count()).toBe(0);

  await given.weigh("scale-chicken", [{ kg: 68.4, minutes: 15 }]);
  await chicken.getByText("68,4").waitFor();
  // Read again within 20 s.
  await row.waitFor({ timeout: 30_000 });
  const cells = (await row.innerText()).replaceAll("\u00a0", " ");
  expect(cells).toContain("Pengambilan");
  expect(cells).toContain("−28,0 kg");
  expect(cells).toContain("68,4 kg");
  await chicken.getByText(/hari ini −28,0|sejak .* −28,0/).waitFor();
  await keepShot(page, "stock-after");

  // Four days of use: rice has a cover; chicken has none that would be honest.
  await card("scale-rice")
    .getByText(/^cukup/)
    .waitFor();
  expect(await chicken.getByText(/^cukup/).count()).toBe(0);
  await card("scale-oil").getByText("belum terpasang").first().waitFor();

  // Off the pan it is not used up: nothing is said to be taken.
  await given.weigh("scale-chicken", [{ kg: -1.2, minutes: 1 }]);
  await chicken.getByText("wadah diangkat atau kosong?").waitFor();
  await chicken.getByText("perubahan hari ini tidak diketahui").waitFor();
  await keepShot(page, "stock-lifted");
  expect(await row.count()).toBe(1);
  expect(errors).toEqual([]);
});
