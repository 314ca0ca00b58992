import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { isDemoDue, provision, readCredentials } from "../../../simulators/index.ts";
import { siteOf } from "../../../simulators/world/kitchen-day.ts";
import { createRegistry } from "./registry.ts";

test("kitchens and devices are registered once, and their secrets work again", async (t) => {
  const { registry, file } = await createRegistry(t);
  const first = await provision({ registry, file, kitchens: 2, seed: 1 });
  expect(first.kitchens.map(({ sppgId }) => sppgId)).toEqual([
    "sppg-jakarta-001",
    "sppg-jakarta-002",
  ]);
  expect(first.credentials).toHaveLength(32);
  expect(await registry.listDevices("sppg-jakarta-002")).toHaveLength(16);
  // The place that its vehicles start from, so that the map's rings are round the right one.
  const [kitchen] = await registry.listKitchens();
  const { lat, lon } = siteOf({ seed: 1, sppgId: "sppg-jakarta-001" });
  expect(kitchen).toMatchObject({ latitude: lat, longitude: lon });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const second = await provision({ registry, file, kitchens: 2, seed: 1 });
  expect(second.made).toBe(0);
  expect(second.credentials).toEqual(first.credentials);
  // The load generator takes the same file.
  expect(readCredentials(file)).toHaveLength(32);
});

test("the folder of the secrets is made for its owner alone, before anything is added", async (t) => {
  const { registry, file } = await createRegistry(t);
  const folder = path.join(path.dirname(file), "not", "there");
  await provision({ registry, file: path.join(folder, "secrets.json"), kitchens: 1, seed: 1 });
  expect(statSync(folder).mode & 0o777).toBe(0o700);

  const other = await createRegistry(t);
  // A file where the folder would be.
  const blocked = path.join(folder, "secrets.json", "secrets.json");
  const { registry: untouched } = other;
  await expect(
    provision({ registry: untouched, file: blocked, kitchens: 1, seed: 1 }),
  ).rejects.toThrow(/ENOTDIR|EEXIST/);
  expect(await untouched.listKitchens()).toEqual([]);
});

test("a secret that is lost or no longer valid is made anew", async (t) => {
  const { registry, file } = await createRegistry(t);
  const first = await provision({ registry, file, kitchens: 1, seed: 1 });
  const ids = { sppgId: "sppg-jakarta-001", deviceId: "vehicle-1" };
  await registry.rotateDevice({ ...ids, overlapSeconds: 0 }, "test");
  const second = await provision({ registry, file, kitchens: 1, seed: 1 });
  expect(second.made).toBe(1);
  const changed = second.credentials.filter(
    ({ password }, at) => password !== first.credentials[at]?.password,
  );
  expect(changed.map(({ deviceId }) => deviceId)).toEqual(["vehicle-1"]);
  expect(readFileSync(file, "utf8")).toContain(changed[0]?.password);
});

test("a kitchen of people is never touched, and a revoked device stays out", async (t) => {
  const { registry, file } = await createRegistry(t);
  const kitchen = { sppgId: "sppg-jakarta-001", name: "Dapur Menteng" } as const;
  await registry.addKitchen({ ...kitchen, timeZone: "Asia/Jakarta" }, "test");
  const first = await provision({ registry, file, kitchens: 1, seed: 1 });
  expect(first.kitchens.map(({ sppgId }) => sppgId)).toEqual(["sppg-jakarta-002"]);
  expect(await registry.listDevices("sppg-jakarta-001")).toEqual([]);
  await registry.revokeDevice({ sppgId: "sppg-jakarta-002", deviceId: "box-1" }, "test");
  const second = await provision({ registry, file, kitchens: 1, seed: 1 });
  expect(second.credentials.map(({ deviceId }) => deviceId)).not.toContain("box-1");
});

test("the demo is due while there is no kitchen, and again where it was shown", async (t) => {
  const { registry, file } = await createRegistry(t);
  const dataDir = path.dirname(file);
  expect(await isDemoDue(registry, dataDir)).toBe(true);
  await provision({ registry, file, kitchens: 1, seed: 1 });
  expect(await isDemoDue(registry, dataDir)).toBe(true);
  const other = await createRegistry(t);
  const kitchen = { sppgId: "sppg-bogor-001", name: "Dapur Bogor" } as const;
  await other.registry.addKitchen({ ...kitchen, timeZone: "Asia/Jakarta" }, "test");
  expect(await isDemoDue(other.registry, path.dirname(other.file))).toBe(false);
});
