import { expect, test, type TestContext } from "vitest";
import { tablesOf } from "../../../devices/records/records.ts";
import { verifyPassword } from "../../../devices/registry/secrets.ts";
import type { RegistryTables } from "../../../devices/registry/tables.ts";
import { createTestRegistry, kitchen, type TestRegistry } from "../records/factories.ts";

const head = { email: "head@example.org", role: "head", kitchens: [kitchen.sppgId] } as const;

async function withKitchen(t: TestContext): Promise<TestRegistry> {
  const made = await createTestRegistry(t);
  await made.registry.addKitchen(kitchen, "cli");
  return made;
}

async function storedHash({ records }: TestRegistry, email: string): Promise<string> {
  const row = await tablesOf<RegistryTables>(records)
    .selectFrom("person")
    .select("password_hash")
    .where("email", "=", email)
    .executeTakeFirstOrThrow();
  return row.password_hash;
}

test("a new person's long password is stored as Argon2id of 19 MiB, two passes", async (t) => {
  const made = await withKitchen(t);
  const { user, password } = await made.registry.addUser(head, "cli");
  expect(user).toEqual({ ...head, createdAtMs: made.clock.ms, enabled: true, version: 1 });
  expect(password.length).toBeGreaterThanOrEqual(16);
  const hash = await storedHash(made, head.email);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await verifyPassword(hash, password)).toBe(true);
  expect(await verifyPassword(hash, `${password} `)).toBe(false);
});

test("a stored hash that can't be read admits nobody", async () => {
  expect(await verifyPassword("", "")).toBe(false);
  expect(await verifyPassword("$argon2id$v=19$m=19456,t=2,p=1$$", "")).toBe(false);
});

test("an e-mail address is one person however it is spelled", async (t) => {
  const { registry } = await withKitchen(t);
  await registry.addUser({ ...head, email: " Head@Example.org" }, "cli");
  await expect(registry.addUser(head, "cli")).rejects.toMatchObject({
    code: "REGISTRY_USER_EXISTS",
  });
  expect((await registry.listUsers()).map(({ email }) => email)).toEqual([head.email]);
});

test("an operator names no kitchen, any other those that are there", async (t) => {
  const { registry } = await withKitchen(t);
  const invalid = { code: "REGISTRY_INPUT_INVALID", facts: { field: "kitchens" } };
  const operator = { ...head, role: "operator" } as const;
  await expect(registry.addUser(operator, "cli")).rejects.toMatchObject(invalid);
  await expect(registry.addUser({ ...head, kitchens: [] }, "cli")).rejects.toMatchObject(invalid);
  const elsewhere = { ...head, kitchens: [kitchen.sppgId, "sppg-nowhere-1"] };
  await expect(registry.addUser(elsewhere, "cli")).rejects.toMatchObject({
    code: "REGISTRY_KITCHEN_UNKNOWN",
  });
  expect(await registry.listUsers()).toEqual([]);
});

test("nobody becomes a kiosk, nor a person without an e-mail address", async (t) => {
  const { registry } = await withKitchen(t);
  const kiosk = { ...head, role: "kiosk" } as unknown as typeof head;
  await expect(registry.addUser(kiosk, "cli")).rejects.toMatchObject({ facts: { field: "role" } });
  await expect(registry.addUser({ ...head, email: "head" }, "cli")).rejects.toMatchObject({
    facts: { field: "email" },
  });
});

test("people are listed with their kitchens and without a trace of their password", async (t) => {
  const { registry } = await withKitchen(t);
  await registry.addKitchen({ ...kitchen, sppgId: "sppg-ambon-001" }, "cli");
  await registry.addUser({ ...head, kitchens: [kitchen.sppgId, "sppg-ambon-001"] }, "cli");
  await registry.addUser({ email: "a@example.org", role: "operator" }, "cli");
  const users = await registry.listUsers();
  expect(users.map(({ email, kitchens }) => [email, kitchens])).toEqual([
    ["a@example.org", []],
    ["head@example.org", ["sppg-ambon-001", "sppg-jakarta-001"]],
  ]);
  expect(Object.keys(users[0] ?? {}).toSorted()).toEqual([
    "createdAtMs",
    "email",
    "enabled",
    "kitchens",
    "role",
    "version",
  ]);
});

test("a reset ends the old password at once", async (t) => {
  const made = await withKitchen(t);
  const first = await made.registry.addUser(head, "cli");
  const second = await made.registry.resetUserPassword("HEAD@example.org", "cli");
  expect(second.user).toEqual({ ...first.user, version: 2 });
  const hash = await storedHash(made, head.email);
  expect(await verifyPassword(hash, first.password)).toBe(false);
  expect(await verifyPassword(hash, second.password)).toBe(true);
  await expect(made.registry.resetUserPassword("x@example.org", "cli")).rejects.toMatchObject({
    code: "REGISTRY_USER_UNKNOWN",
  });
});
