import { expect, test } from "vitest";
import { createTestRegistry, kitchen } from "../records/factories.ts";

const cook = { email: "a_1@example.org", role: "cook", kitchens: [kitchen.sppgId] } as const;
const second = { ...kitchen, sppgId: "sppg-ambon-001" };

test("people are searched literally and by kitchen, and changed under their version", async (t) => {
  const { registry } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  await registry.addKitchen(second, "cli");
  await registry.addUser(cook, "cli");
  await registry.addUser({ ...cook, email: "a-1@example.org", kitchens: [second.sppgId] }, "cli");
  const find = async (query: { search?: string; kitchens?: readonly string[]; after?: string }) =>
    (await registry.searchUsers({ kitchens: "all", limit: 10, ...query })).map(
      ({ email }) => email,
    );
  expect(await find({ search: "A_1" })).toEqual([cook.email]);
  expect(await find({ search: "%" })).toEqual([]);
  expect(await find({ kitchens: [kitchen.sppgId] })).toEqual([cook.email]);
  const all = await find({});
  expect(await find({ after: all[0] ?? "" })).toEqual(all.slice(1));
  const change = { email: cook.email, role: "driver", expectedVersion: 1 } as const;
  expect(await registry.updateUser(change, "cli")).toMatchObject({ role: "driver", version: 2 });
  await expect(registry.updateUser(change, "cli")).rejects.toMatchObject({
    code: "REGISTRY_VERSION_STALE",
    facts: { version: 2 },
  });
  const disabled = await registry.updateUser({ email: cook.email, enabled: false }, "cli");
  expect(await registry.findUser(cook.email)).toEqual(disabled);
  expect(disabled).toMatchObject({ enabled: false, version: 3, kitchens: cook.kitchens });
});

test("the audit log is read newest first, page by page, by kitchen and kind", async (t) => {
  const { registry, clock } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  clock.ms += 1_000;
  await registry.addUser(cook, { actor: "user:head@example.org", address: "192.0.2.7" });
  clock.ms += 1_000;
  await registry.updateKitchen({ ...kitchen, name: "Menteng" }, "cli");
  const first = await registry.readAudit({ kitchens: "all", limit: 2 });
  expect(first.events.map(({ action }) => action)).toEqual(["kitchen.update", "user.add"]);
  const before = first.next ?? undefined;
  const rest = await registry.readAudit({ kitchens: "all", limit: 2, before });
  expect(rest.events.map(({ action }) => action)).toEqual(["kitchen.add"]);
  expect(rest.next).toBeNull();
  const users = await registry.readAudit({ kitchens: [kitchen.sppgId], kind: "user", limit: 9 });
  expect(users.events).toMatchObject([
    { actor: "user:head@example.org", address: "192.0.2.7", subject: cook.email },
  ]);
});
