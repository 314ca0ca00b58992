import { expect, test, type TestContext } from "vitest";
import type { Registry } from "../../../devices/registry/registry.ts";
import { createTestRegistry, kitchen, probe } from "../records/factories.ts";

async function withKitchen(t: TestContext): Promise<Registry> {
  const { registry } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  return registry;
}

test("a kitchen is added once and listed by id", async (t) => {
  const { registry, clock } = await createTestRegistry(t);
  const second = { ...kitchen, sppgId: "sppg-ambon-001", timeZone: "Asia/Jayapura" } as const;
  const added = await registry.addKitchen(kitchen, "cli");
  await registry.addKitchen(second, "cli");
  expect(added).toEqual({
    ...kitchen,
    createdAtMs: clock.ms,
    version: 1,
    latitude: null,
    longitude: null,
  });
  expect((await registry.listKitchens()).map(({ sppgId }) => sppgId)).toEqual([
    "sppg-ambon-001",
    "sppg-jakarta-001",
  ]);
  await expect(registry.addKitchen(kitchen, "cli")).rejects.toMatchObject({
    code: "REGISTRY_KITCHEN_EXISTS",
    facts: { sppgId: kitchen.sppgId },
  });
});

test.for([
  ["an upper-case id", { sppgId: "SPPG-1" }, "sppgId"],
  ["an id with a slash", { sppgId: "sppg/1" }, "sppgId"],
  ["an empty name", { name: "  " }, "name"],
  ["a name of two lines", { name: "a\nb" }, "name"],
  ["a time zone elsewhere", { timeZone: "Europe/Berlin" }, "timeZone"],
] as const)("a kitchen with %s is refused", async ([, change, field], t) => {
  const { registry } = await createTestRegistry(t);
  const input = { ...kitchen, ...change } as unknown as typeof kitchen;
  await expect(registry.addKitchen(input, "cli")).rejects.toMatchObject({
    code: "REGISTRY_INPUT_INVALID",
    facts: { field },
  });
  expect(await registry.listKitchens()).toEqual([]);
});

test("all that is wrong with an input is told at once", async (t) => {
  const { registry } = await createTestRegistry(t);
  const input = { ...probe, deviceId: "a.b", expectedIntervalSeconds: 0 };
  await expect(registry.addDevice(input, "cli")).rejects.toThrow(
    /deviceId must .*; expectedIntervalSeconds must be at least 1 second/,
  );
});

test("a device takes interval and place from its kind unless it is told otherwise", async (t) => {
  const registry = await withKitchen(t);
  const { sppgId } = kitchen;
  const kinds = [
    ["temperature-probe", 10, null],
    ["gps-tracker", 10, "vehicle"],
    ["smart-scale", 30, "stockScale"],
    ["climate-sensor", 60, null],
    ["door-sensor", 60, null],
    ["gateway", 60, null],
  ] as const;
  for (const [kind, expectedIntervalSeconds, place] of kinds) {
    const { device } = await registry.addDevice({ sppgId, deviceId: kind, kind }, "cli");
    expect(device).toMatchObject({ expectedIntervalSeconds, place, codec: null, enabled: true });
  }
  const own = {
    sppgId,
    deviceId: "tracker-2",
    kind: "gps-tracker",
    place: null,
    codec: "traccar",
    gatewayId: "gateway",
    expectedIntervalSeconds: 5,
  } as const;
  const { device } = await registry.addDevice(own, "cli");
  expect(device).toMatchObject(own);
  expect(await registry.listDevices(sppgId)).toContainEqual(device);
});

test("a device id is unique in its kitchen only", async (t) => {
  const registry = await withKitchen(t);
  await registry.addKitchen({ ...kitchen, sppgId: "sppg-ambon-001" }, "cli");
  await registry.addDevice(probe, "cli");
  await registry.addDevice({ ...probe, sppgId: "sppg-ambon-001" }, "cli");
  await expect(registry.addDevice(probe, "cli")).rejects.toMatchObject({
    code: "REGISTRY_DEVICE_EXISTS",
  });
});

test("a device of an unknown kitchen or gateway is refused", async (t) => {
  const registry = await withKitchen(t);
  const elsewhere = { ...probe, sppgId: "sppg-nowhere-1" };
  const code = "REGISTRY_KITCHEN_UNKNOWN";
  await expect(registry.addDevice(elsewhere, "cli")).rejects.toMatchObject({ code });
  await expect(registry.listDevices(elsewhere.sppgId)).rejects.toMatchObject({ code });
  await expect(registry.revokeDevice(elsewhere, "cli")).rejects.toMatchObject({ code });
  await registry.addDevice(probe, "cli");
  const child = { ...probe, deviceId: "child-1", gatewayId: probe.deviceId };
  await expect(registry.addDevice(child, "cli")).rejects.toMatchObject({
    code: "REGISTRY_GATEWAY_UNKNOWN",
  });
  expect(await registry.listDevices(kitchen.sppgId)).toHaveLength(1);
});

test("a kitchen without devices has an empty list", async (t) => {
  const registry = await withKitchen(t);
  expect(await registry.listDevices(kitchen.sppgId)).toEqual([]);
});

test("the devices of all kitchens are listed in pages, in the order of their ids", async (t) => {
  const registry = await withKitchen(t);
  const second = { ...kitchen, sppgId: "sppg-ambon-001", timeZone: "Asia/Jayapura" } as const;
  await registry.addKitchen(second, "cli");
  const all = [
    { sppgId: "sppg-ambon-001", deviceId: "probe-1" },
    { sppgId: "sppg-ambon-001", deviceId: "probe-2" },
    { sppgId: "sppg-jakarta-001", deviceId: "probe-1" },
  ];
  for (const ids of all) await registry.addDevice({ ...probe, ...ids }, "cli");
  const first = await registry.listAllDevices(null, 2);
  const rest = await registry.listAllDevices(all[1] ?? null, 2);
  expect([...first, ...rest].map(({ sppgId, deviceId }) => ({ sppgId, deviceId }))).toEqual(all);
  expect(await registry.listAllDevices(all[2] ?? null, 2)).toEqual([]);
});

test("a kitchen is found by its id, and one that nobody added is null", async (t) => {
  const registry = await withKitchen(t);
  expect(await registry.findKitchen(kitchen.sppgId)).toMatchObject(kitchen);
  expect(await registry.findKitchen("sppg-bogor-001")).toBeNull();
});

test("an edit changes what it names, once per version, and names what in the audit log", async (t) => {
  const registry = await withKitchen(t);
  await registry.addDevice({ ...probe, name: "Kulkas" }, "cli");
  const { sppgId, deviceId } = probe;
  const edit = { sppgId, deviceId, expectedVersion: 1, name: null, expectedIntervalSeconds: 60 };
  const device = await registry.editDevice(edit, "cli");
  expect(device).toMatchObject({ name: null, expectedIntervalSeconds: 60, version: 2 });
  expect(await registry.listDevices(sppgId)).toEqual([device]);
  await expect(registry.editDevice(edit, "cli")).rejects.toMatchObject({
    code: "REGISTRY_DEVICE_CONFLICT",
    facts: { version: 2 },
  });
  const unknown = { ...edit, deviceId: "nobody" };
  await expect(registry.editDevice(unknown, "cli")).rejects.toMatchObject({
    code: "REGISTRY_DEVICE_UNKNOWN",
  });
  const [change] = await registry.readChanges((await registry.lastChangeSeq()) - 1, 1);
  expect(change).toMatchObject({ kind: "device", sppgId, subject: deviceId });
});

test("a kitchen's place stays through other changes, is changed, and is taken away", async (t) => {
  const { registry } = await createTestRegistry(t);
  const place = { latitude: -6.1966, longitude: 106.8362 };
  await registry.addKitchen({ ...kitchen, ...place }, "cli");
  const renamed = await registry.updateKitchen({ ...kitchen, name: "Menteng" }, "cli");
  expect(renamed).toMatchObject({ ...place, name: "Menteng", version: 2 });
  const moved = { latitude: -6.2, longitude: 106.84 };
  expect(await registry.updateKitchen({ ...renamed, ...moved }, "cli")).toMatchObject(moved);
  const half = { ...renamed, latitude: -6.2, longitude: null };
  await expect(registry.updateKitchen(half, "cli")).rejects.toThrow(/belong together/);
  const nowhere = { latitude: null, longitude: null };
  expect(await registry.updateKitchen({ ...renamed, ...nowhere }, "cli")).toMatchObject(nowhere);
  expect(await registry.findKitchen(kitchen.sppgId)).toMatchObject({ ...nowhere, version: 4 });
});
