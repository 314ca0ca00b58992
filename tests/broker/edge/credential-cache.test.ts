import { expect, test } from "vitest";
import type { RegistryChange } from "../../../devices/registry/model.ts";
import { CredentialCache } from "../../../broker/edge/credential-cache.ts";
import { hashOf, login, TestLogins } from "./login-source.ts";

const rotated = [{ sha256: hashOf("new"), expiresAtMs: null }];

function createCache(entriesMax = 10): { cache: CredentialCache; logins: TestLogins } {
  const logins = new TestLogins();
  for (const deviceId of ["probe-1", "probe-2"]) logins.set(login(deviceId));
  return { cache: new CredentialCache(logins, entriesMax), logins };
}

function change(fields: Partial<RegistryChange> = {}): RegistryChange {
  return { seq: 1, kind: "credential", sppgId: "sppg-1", subject: "probe-1", ...fields };
}

test("a login is asked once and remembered, also that there is none", async () => {
  const { cache, logins } = createCache();
  expect(cache.peek("sppg-1", "probe-1")).toBeUndefined();
  for (let round = 0; round < 3; round++) {
    expect(await cache.find("sppg-1", "probe-1")).toEqual(login("probe-1"));
    expect(await cache.find("sppg-1", "nobody")).toBeNull();
  }
  expect(cache.peek("sppg-1", "probe-1")).toEqual(login("probe-1"));
  expect(cache.peek("sppg-1", "nobody")).toBeNull();
  expect(logins.asked).toEqual(["sppg-1.probe-1", "sppg-1.nobody"]);
});

test("many who ask at once cost one look-up", async () => {
  const { cache, logins } = createCache();
  logins.holdBack();
  const found = Array.from({ length: 50 }, () => cache.find("sppg-1", "probe-1"));
  logins.letGo();
  expect(new Set(await Promise.all(found)).size).toBe(1);
  expect(logins.asked).toHaveLength(1);
});

test.for<[string, Partial<RegistryChange>]>([
  ["the device", {}],
  ["the device's row", { kind: "device" }],
  ["its kitchen", { kind: "kitchen", subject: null }],
  ["its kitchen, by name", { kind: "kitchen", subject: "sppg-1" }],
  ["the whole registry", { sppgId: null, subject: null }],
])("a change of %s makes it be asked again", async ([, fields]) => {
  const { cache, logins } = createCache();
  await cache.find("sppg-1", "probe-1");
  logins.set(login("probe-1", rotated));
  cache.apply(change(fields));
  expect(cache.peek("sppg-1", "probe-1")).toBeUndefined();
  expect(await cache.find("sppg-1", "probe-1")).toEqual(login("probe-1", rotated));
});

test.for<[string, Partial<RegistryChange>]>([
  ["another device", { subject: "probe-2" }],
  ["another kitchen", { kind: "kitchen", sppgId: "sppg-11", subject: null }],
  ["a device of that name elsewhere", { sppgId: "sppg-2" }],
])("a change of %s does not", async ([, fields]) => {
  const { cache, logins } = createCache();
  await cache.find("sppg-1", "probe-1");
  cache.apply(change(fields));
  await cache.find("sppg-1", "probe-1");
  expect(logins.asked).toHaveLength(1);
});

test("what was asked before a change and answered after it is asked again", async () => {
  const { cache, logins } = createCache();
  logins.holdBack();
  const before = cache.find("sppg-1", "probe-1");
  logins.set(login("probe-1", rotated));
  cache.apply(change());
  const after = cache.find("sppg-1", "probe-1");
  logins.letGo();
  expect(await before).toEqual(login("probe-1", rotated));
  expect(await after).toEqual(login("probe-1", rotated));
  expect(cache.peek("sppg-1", "probe-1")).toEqual(login("probe-1", rotated));
  expect(logins.asked).toHaveLength(2);
});

test("a change during the second look-up makes a third", async () => {
  const { cache, logins } = createCache();
  logins.holdBack();
  const found = cache.find("sppg-1", "probe-1");
  cache.apply(change());
  const asked = logins.nextAsked();
  logins.letGo();
  logins.holdBack();
  await asked;
  logins.set(login("probe-1", rotated));
  cache.apply(change({ sppgId: null, subject: null }));
  logins.letGo();
  expect(await found).toEqual(login("probe-1", rotated));
  expect(logins.asked).toHaveLength(3);
});

test("changes of others do not hold a sign-in up", async () => {
  const { cache, logins } = createCache();
  logins.holdBack();
  const found = cache.find("sppg-1", "probe-1");
  for (let index = 0; index < 1000; index++) cache.apply(change({ subject: `other-${index}` }));
  logins.letGo();
  await found;
  expect(logins.asked).toHaveLength(1);
});

test("a failed look-up is told to all who wait, and not remembered", async () => {
  const { cache, logins } = createCache();
  logins.failure = new Error("registry gone");
  const both = [cache.find("sppg-1", "probe-1"), cache.find("sppg-1", "probe-1")];
  const results = await Promise.allSettled(both);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  logins.failure = null;
  expect(await cache.find("sppg-1", "probe-1")).toEqual(login("probe-1"));
});

test("of too many the one that nobody asked for longest is forgotten", async () => {
  const { cache, logins } = createCache(2);
  for (const deviceId of ["probe-1", "probe-2", "probe-1", "probe-3", "probe-1"]) {
    await cache.find("sppg-1", deviceId);
  }
  expect(logins.asked).toHaveLength(3);
  expect(cache.peek("sppg-1", "probe-2")).toBeUndefined();
  expect(cache.peek("sppg-1", "probe-1")).toEqual(login("probe-1"));
});
