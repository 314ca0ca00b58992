import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { type BrowserKitchens, calmKitchen, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
});

const email = "siti.rahma@example.org";
const address = `/api/people/${encodeURIComponent(email)}`;

/** By the form, up to the password that is shown once. */
async function addCook(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Tambah orang" }).click();
  const dialog = page.getByRole("dialog", { name: "Tambah orang" });
  await dialog.getByLabel("Alamat surel").fill(email);
  await dialog.getByLabel("Peran").selectOption({ label: "Juru masak" });
  const submit = dialog.getByRole("button", { name: "Tambah", exact: true });
  expect(await submit.isDisabled()).toBe(true);
  await dialog.getByLabel(calmKitchen).check();
  await submit.click();
  const shown = page.getByRole("dialog", { name: "Kata sandi, hanya ditampilkan sekarang" });
  const password = await shown.locator("output").innerText();
  await keepShot(page, "admin-password-once");
  await shown.getByRole("button", { name: "Sudah diserahkan" }).click();
  await shown.waitFor({ state: "hidden" });
  return password;
}

test("a person is added, sees the kitchen, is disabled and out; the audit log has it all", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  // From the role menu, not from the rail's entries.
  await page.getByRole("link", { name: "Orang dan dapur" }).first().click();
  const password = await addCook(page);
  expect(password).toMatch(/^[A-Za-z0-9-]{20,}$/);
  const row = page.getByRole("listitem").filter({ hasText: email });
  await row.getByText(`Juru masak · ${calmKitchen}`).waitFor();
  expect(await page.content()).not.toContain(password);

  const cook = await openPage(t, "phone");
  await signInByForm(cook.page, { url: given.login.url, email, password });
  expect(await cook.page.content()).toContain(calmKitchen);
  expect(await cook.page.content()).not.toContain(warmKitchen);
  await cook.page.goto(`${given.login.url}/admin`);
  await cook.page.getByText("Halaman ini untuk Kepala SPPG dan operator.").waitFor();
  await keepShot(cook.page, "admin-forbidden");

  await row.getByRole("button", { name: `Ubah ${email}` }).click();
  const dialog = page.getByRole("dialog", { name: email });
  await keepShot(page, "admin-person");
  await dialog.getByRole("button", { name: "Nonaktifkan" }).click();
  await dialog.waitFor({ state: "hidden" });
  await row.getByText("Dinonaktifkan").waitFor();
  // The socket has closed, and the page asks who is there: nobody.
  await cook.page.getByRole("heading", { name: "Masuk ke Nadi" }).waitFor();

  await page.getByRole("link", { name: "Catatan audit" }).click();
  await page.getByRole("combobox", { name: "Jenis" }).selectOption({ label: "Orang" });
  const lines = page.getByRole("list", { name: "Catatan audit" }).getByRole("listitem");
  await lines.filter({ hasText: `Orang dinonaktifkan: ${email}` }).waitFor();
  const added = lines.filter({ hasText: `Orang ditambahkan: ${email}` });
  expect(await added.innerText()).toContain(given.login.email);
  await keepShot(page, "admin-audit");
  expect(await page.content()).not.toContain(password);
  // That the live link was refused is what the cook's page has to hear.
  const unexpected = cook.errors.filter((text) => !text.includes("HTTP Authentication failed"));
  expect([...errors, ...unexpected]).toEqual([]);
});

test("whoever changes their password ends their other sessions, and stays signed in", async (t) => {
  const { password } = await given.kitchens.api
    .request(`${address}/password`, { method: "POST", body: "{}", headers: { ...json } })
    .then(async (answer) => (await answer.json()) as { password: string });
  await given.kitchens.api.request(address, {
    method: "PUT",
    headers: { ...json },
    body: JSON.stringify({
      role: "viewer",
      kitchens: [calmKitchen],
      isEnabled: true,
      expectedVersion: 3,
    }),
  });
  const login = { url: given.login.url, email, password };
  const other = await openPage(t, "phone");
  await signInByForm(other.page, login);
  const { page, errors } = await openPage(t);
  await signInByForm(page, login);
  await page.getByRole("link", { name: "Akun saya" }).first().click();
  await page.getByRole("heading", { name: "Anda masuk di 2 tempat" }).waitFor();
  await keepShot(page, "account");
  const fill = async (next: string): Promise<void> => {
    await page.getByLabel("Kata sandi saat ini").fill(password);
    await page.getByLabel("Kata sandi baru", { exact: true }).fill(next);
    await page.getByLabel("Kata sandi baru, sekali lagi").fill(next);
    await page.getByRole("button", { name: "Ganti kata sandi" }).click();
  };
  await fill("password123");
  await page.getByText("Pilih kata sandi lain").waitFor();
  await fill("tiga kucing di atap seng");
  await page.getByText("Kata sandi diganti.").waitFor();
  await page.getByRole("heading", { name: "Anda hanya masuk di sini" }).waitFor();
  await other.page.getByRole("heading", { name: "Masuk ke Nadi" }).waitFor();
  expect(errors.filter((text) => !text.includes("422"))).toEqual([]);
});

const json = { "content-type": "application/json" };

test("a kitchen is told where it stands, as a map copies it, and then is on the map", async (t) => {
  const { page, errors } = await openPage(t);
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/admin/kitchens`);
  await page.getByRole("button", { name: `Ubah ${calmKitchen}` }).click();
  const dialog = page.getByRole("dialog", { name: calmKitchen });
  const place = dialog.getByLabel("Letak di peta");
  await place.fill("-6,9147 / 107,6098");
  const isValid = (): Promise<boolean> =>
    page.evaluate<boolean>("document.querySelector('input[name=place]').checkValidity()");
  expect(await isValid()).toBe(false);
  await place.fill("-6.9147, 107.6098");
  expect(await isValid()).toBe(true);
  await keepShot(page, "admin-kitchen-place");
  await dialog.getByRole("button", { name: "Simpan" }).click();
  await dialog.waitFor({ state: "hidden" });
  const kitchen = await given.kitchens.api.get(`/api/kitchens/${calmKitchen}`);
  expect(kitchen).toMatchObject({ latitude: -6.9147, longitude: 107.6098 });
  expect(errors).toEqual([]);
});
