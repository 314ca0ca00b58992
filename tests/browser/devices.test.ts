import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { connectAsync } from "mqtt";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { keepShot, openPage, signInByForm } from "../support/browser.ts";
import { fileScope } from "../support/file-scope.ts";
import { type BrowserKitchens, startKitchens, warmKitchen } from "./kitchens.ts";

const scope = fileScope();
const run = promisify(execFile);
let given: BrowserKitchens;

beforeAll(async () => {
  given = await startKitchens(scope);
});

async function openDevices(page: Page): Promise<void> {
  await signInByForm(page, given.login);
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}`);
  await page.getByRole("button", { name: "Tambah perangkat" }).waitFor();
}

/** Adds a device in the page and leaves its login open; answers the line that the page prints. */
async function addDevice(page: Page, fields: { id: string; name: string }): Promise<string> {
  await page.getByRole("button", { name: "Tambah perangkat" }).click();
  const form = page.getByRole("dialog", { name: "Tambah perangkat" });
  await form.getByLabel("ID perangkat").fill(fields.id);
  await form.getByLabel("Nama").fill(fields.name);
  await form.getByLabel("Tempat").selectOption({ label: "Freezer" });
  await form.getByRole("button", { name: "Tambahkan" }).click();
  const login = page.getByRole("dialog", { name: `Login untuk ${fields.name}` });
  return login.getByLabel("Baris mosquitto_pub").innerText();
}

test("a device is added, heard by the printed line, and its connection ends with its revocation", async (t) => {
  const { page, errors } = await openPage(t);
  await openDevices(page);
  // What people write is shown as it is, and never as markup.
  const name = "Freezer <b>daging</b>";
  const line = await addDevice(page, { id: "freezer-9", name });
  const login = page.getByRole("dialog", { name: `Login untuk ${name}` });
  await login.getByText("Menunggu pesan pertama").waitFor();
  await login.getByRole("img", { name: "Kode QR dengan login ini" }).waitFor();
  await keepShot(page, "device-login");

  await run("sh", ["-c", line]);
  await login.getByText(/^Pesan diterima/).waitFor();
  await login.getByRole("button", { name: "Sudah saya simpan" }).click();
  const row = page.getByRole("row", { name: /freezer-9/ });
  await row.getByText(/^\d+ dtk$/).waitFor();
  // The secret was there once.
  const [, secret = ""] = / -P '?([\w-]+)'? /.exec(line) ?? [];
  expect(secret.length).toBeGreaterThanOrEqual(22);
  expect(await page.content()).not.toContain(secret);

  const username = `${warmKitchen}.freezer-9`;
  const device = await connectAsync(`mqtt://127.0.0.1:${portOf(line)}`, {
    clientId: username,
    username,
    password: secret,
    reconnectPeriod: 0,
  });
  t.onTestFinished(() => device.endAsync(true));
  const detail = page.getByRole("region", { name: "Rincian perangkat" });
  await detail.getByText(/^tersambung sejak/).waitFor();
  await keepShot(page, "device-connected");

  await detail.getByRole("button", { name: "Cabut" }).click();
  const question = page.getByRole("dialog", { name: `Cabut ${name}?` });
  await question.getByText(/Sambungannya ditutup dalam satu detik/).waitFor();
  const closed = new Promise<void>((resolve) => device.once("close", () => resolve()));
  await question.getByRole("button", { name: "Cabut" }).click();
  await closed;
  await detail.getByText(/^Perangkat ini dicabut/).waitFor();
  await row.getByText("dicabut").waitFor();
  await detail.getByText(/^terputus sejak/).waitFor();
  await keepShot(page, "device-revoked");
  await expect(run("sh", ["-c", line])).rejects.toThrow(/refused/i);

  await detail.getByRole("button", { name: "Aktifkan lagi" }).click();
  await page
    .getByRole("dialog", { name: `Aktifkan lagi ${name}` })
    .getByRole("button", { name: "Aktifkan lagi" })
    .click();
  const again = page.getByRole("dialog", { name: `Login untuk ${name}` });
  const secondLine = await again.getByLabel("Baris mosquitto_pub").innerText();
  expect(secondLine).not.toBe(line);
  await run("sh", ["-c", secondLine]);
  await again.getByText(/^Pesan diterima/).waitFor();
  expect(errors).toEqual([]);
});

function portOf(line: string): string {
  return / -p (\d+) /.exec(line)?.[1] ?? "";
}

test("what can't be read is told with its reason, its topic and its first bytes", async (t) => {
  const { page, errors } = await openPage(t);
  await openDevices(page);
  const line = await addDevice(page, { id: "freezer-8", name: "Freezer sayur" });
  await run("sh", ["-c", line.replace(/-m .*$/, `-m '{"celsius":"3,5"}'`)]);
  await page.getByRole("button", { name: "Sudah saya simpan" }).click();
  const detail = page.getByRole("region", { name: "Rincian perangkat" });
  const rejected = detail.getByRole("region", { name: "Pesan yang ditolak" });
  await rejected.getByText('{"celsius":"3,5"}').waitFor();
  await rejected.getByText("DEVICES_FIELD_TYPE").waitFor();
  await rejected.getByText(`sppg/${warmKitchen}/telemetry/freezer-8/temperature`).waitFor();
  const first = page.getByRole("region", { name: "Periksa dahulu" });
  await first.getByText(/pesan terakhirnya tidak terbaca/).waitFor();
  await keepShot(page, "device-rejected");
  expect(errors).toEqual([]);
});

test("a form that was refused keeps what was typed into it", async (t) => {
  const { page } = await openPage(t);
  await openDevices(page);
  await page.getByRole("button", { name: "Tambah perangkat" }).click();
  const form = page.getByRole("dialog", { name: "Tambah perangkat" });
  await form.getByLabel("ID perangkat").fill("cold-1");
  await form.getByLabel("Nama").fill("Kulkas ayam");
  await form.getByLabel("Tempat").selectOption({ label: "Freezer" });
  await form.getByRole("button", { name: "Tambahkan" }).click();
  await form.getByText("Id ini sudah dipakai di dapur ini.").waitFor();
  expect(await form.getByLabel("Nama").inputValue()).toBe("Kulkas ayam");
  expect(await form.getByLabel("Tempat").inputValue()).toBe("freezer");
  expect(await form.getByLabel("ID perangkat").inputValue()).toBe("cold-1");
});

test("who may not manage sees the devices and how they do, and no way to change them", async (t) => {
  const { page: operator } = await openPage(t);
  await openDevices(operator);
  const email = "viewer@example.org";
  const { password } = await operator.evaluate<{ password: string }>(
    `fetch("/api/people", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: ${JSON.stringify(JSON.stringify({ email, role: "viewer", kitchens: [warmKitchen] }))},
    }).then((answer) => answer.json())`,
  );
  const { page, errors } = await openPage(t);
  await signInByForm(page, { url: given.login.url, email, password });
  await page.goto(`${given.login.url}/devices?kitchen=${warmKitchen}&device=cold-1`);
  const detail = page.getByRole("region", { name: "Rincian perangkat" });
  await detail.getByText("Sambungan", { exact: true }).waitFor();
  await page.getByRole("row", { name: /cold-1/ }).waitFor();
  const names = ["Tambah perangkat", "Ubah", "Ganti rahasia", "Cabut", "Salin"];
  for (const name of names) expect(await page.getByRole("button", { name }).count()).toBe(0);
  expect(await page.getByText("mosquitto_pub").count()).toBe(0);
  await keepShot(page, "device-viewer");
  expect(errors).toEqual([]);
});
