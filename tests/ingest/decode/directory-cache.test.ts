import { expect, test } from "vitest";
import { createDirectory } from "../../../ingest/decode/directory-cache.ts";
import { createTestRegistry, kitchen, probe } from "../../devices/records/factories.ts";

const { sppgId } = kitchen;

test("the directory answers what the registry has, without secrets or codecs", async (t) => {
  const { registry, clock } = await createTestRegistry(t);
  await registry.addKitchen(kitchen, "cli");
  await registry.addDevice({ ...probe, codec: "tasmota", place: "freezer" }, "cli");
  await registry.addDevice({ ...probe, deviceId: "a-probe" }, "cli");
  const directory = createDirectory(registry);
  await directory.load();
  expect(directory.kitchens()).toEqual([sppgId]);
  expect(directory.timeZone(sppgId)).toBe("Asia/Jakarta");
  expect(directory.timeZone("sppg-bogor-001")).toBeNull();
  expect(directory.devices(sppgId).map(({ deviceId }) => deviceId)).toEqual(["a-probe", "probe-1"]);
  expect(directory.device(sppgId, "probe-1")).toEqual({
    ...probe,
    place: "freezer",
    gatewayId: null,
    enabled: true,
    expectedIntervalSeconds: 10,
    createdAtMs: clock.ms,
  });
  expect(directory.device(sppgId, "__proto__")).toBeNull();
});

test("a refresh reads the kitchens that it names, also new ones, and raises the version", async (t) => {
  const { registry } = await createTestRegistry(t);
  const directory = createDirectory(registry);
  await directory.load();
  const before = directory.version;
  await registry.addKitchen(kitchen, "cli");
  await registry.addDevice(probe, "cli");
  expect(directory.device(sppgId, "probe-1")).toBeNull();
  await directory.refresh([sppgId, "sppg-bogor-001"]);
  expect(directory.version).toBeGreaterThan(before);
  expect(directory.device(sppgId, "probe-1")).toMatchObject(probe);
  await registry.revokeDevice(probe, "cli");
  await directory.refresh([sppgId]);
  expect(directory.device(sppgId, "probe-1")).toMatchObject({ enabled: false });
  expect(directory.kitchens()).toEqual([sppgId]);
});
