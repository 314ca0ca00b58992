import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { thresholdRule } from "../support/rule-examples.ts";
import { startStockKitchen, type StockKitchen, stockKitchen } from "./stock-kitchen.ts";

const scope = fileScope();
let given: StockKitchen;

beforeAll(async () => {
  given = await startStockKitchen(scope);
});

const key = "cold-store-limit";

function newest(): Promise<{ version: number; rule: object } | undefined> {
  return given.kitchen.api
    .get<{ rules: { key: string; version: number; rule: object }[] }>(
      `/api/kitchens/${stockKitchen}/rules`,
    )
    .then(({ rules }) => rules.find((one) => one.key === key));
}

test("a limit is changed with what it would have done in view, and a conflict is asked", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/alerts`);
  await page.getByRole("link", { name: "Aturan", exact: true }).click();
  await page.getByRole("link", { name: /Penyimpanan dingin di atas 5,0/ }).click();
  const detail = page.getByRole("region", { name: "Aturan", exact: true });
  const preview = detail.getByRole("region", { name: /Seberapa sering/ });
  await preview.getByText("akan menyala 1 kali").waitFor();
  await keepShot(page, "rules-as-it-is");

  await detail.getByLabel("Batas (°C)").fill("4");
  await detail.getByLabel("Pulih pada (°C)").fill("3,5");
  await preview.getByText("akan menyala 3 kali").waitFor();
  await detail.getByRole("button", { name: "Simpan aturan" }).click();
  await detail.getByText("Batas baru perlu sumber.").waitFor();
  expect(await newest()).toMatchObject({ version: 0 });
  await keepShot(page, "rules-needs-source");
  await detail.getByLabel("Sumber batas").fill("Rapat dapur 12 Nov");
  await detail.getByRole("button", { name: "Simpan aturan" }).click();
  await detail.getByText("Tersimpan sebagai versi 1. Berlaku sekarang.").waitFor();
  const limitSource = { source: "Rapat dapur 12 Nov", sourceKind: "project" };
  expect(await newest()).toMatchObject({ version: 1, rule: { limit: 4, limitSource } });

  // Somebody else changes it while this page has a draft.
  await detail.getByLabel("Selama (menit)", { exact: true }).fill("20");
  const theirs = { ...thresholdRule(key), limit: 4.5, limitSource };
  const put = await given.kitchen.api.request(`/api/kitchens/${stockKitchen}/rules/${key}`, {
    method: "PUT",
    body: JSON.stringify({ rule: theirs, expectedVersion: 1 }),
    headers: { "content-type": "application/json" },
  });
  expect(put.status).toBe(200);
  await detail.getByRole("button", { name: "Simpan aturan" }).click();
  await detail.getByText(`${given.login.email} mengubah aturan ini`).waitFor();
  await detail.getByText(/Sekarang: Penyimpanan dingin di atas 4,5/).waitFor();
  await keepShot(page, "rules-conflict");
  await detail.getByRole("button", { name: "Simpan punya saya" }).click();
  await detail.getByText("Tersimpan sebagai versi 3. Berlaku sekarang.").waitFor();
  expect(await newest()).toMatchObject({
    version: 3,
    rule: { limit: 4, minDurationSeconds: 1_200 },
  });

  await detail.getByText("Riwayat aturan").click();
  await detail.getByText("versi 2", { exact: true }).waitFor();
  await keepShot(page, "rules-versions");
  // The refused save is the browser's own line, and no error of the page.
  expect(errors.filter((error) => !error.includes("409"))).toEqual([]);
});

test("a rule for one device is added, and shows as the limit of its scale", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/rules`);
  await page.getByRole("button", { name: "Tambah aturan" }).click();
  const detail = page.getByRole("region", { name: "Aturan", exact: true });
  await detail.getByLabel("Alat").first().selectOption({ label: "Timbangan stok 1 · berat" });
  await detail.getByLabel("Batas (kg)").fill("100");
  await detail.getByLabel("Pulih pada (kg)").fill("105");
  await detail.getByText("akan menyala 1 kali").waitFor();
  await detail.getByLabel("Sumber batas").fill("Kepala dapur");
  await keepShot(page, "rules-new");
  await detail.getByRole("button", { name: "Simpan aturan" }).click();
  await page.getByRole("link", { name: /Timbangan stok 1, berat di bawah 100,0/ }).waitFor();
  await page.goto(`${given.login.url}/stock`);
  await page.getByText("batas ≥ 100,0").waitFor();
  expect(errors).toEqual([]);
});
