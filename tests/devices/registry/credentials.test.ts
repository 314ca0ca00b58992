import { createHash } from "node:crypto";
import { expect, test, type TestContext } from "vitest";
import { secretsPerDeviceMax } from "../../../devices/registry/credentials.ts";
import type { DeviceLogin } from "../../../devices/registry/model.ts";
import { createTestRegistry, kitchen, probe, type TestRegistry } from "../records/factories.ts";

const ids = { sppgId: probe.sppgId, deviceId: probe.deviceId };

async function withProbe(t: TestContext): Promise<TestRegistry & { secret: string }> {
  const made = await createTestRegistry(t);
  await made.registry.addKitchen(kitchen, "cli");
  const { secret } = await made.registry.addDevice(probe, "cli");
  return { ...made, secret: secret.secret };
}

function accepts(login: DeviceLogin | null, secret: string): boolean {
  const hash = createHash("sha256").update(secret).digest();
  return login?.secrets.some(({ sha256 }) => hash.equals(sha256)) ?? false;
}

function find({ registry }: TestRegistry): Promise<DeviceLogin | null> {
  return registry.findDeviceLogin(ids.sppgId, ids.deviceId);
}

test("a login carries the hash of the one secret that was issued", async (t) => {
  const made = await withProbe(t);
  const login = await find(made);
  expect(login).toMatchObject({ ...ids, codec: null, enabled: true });
  expect(login?.secrets).toHaveLength(1);
  expect(login?.secrets[0]?.expiresAtMs).toBeNull();
  expect(accepts(login, made.secret)).toBe(true);
  expect(Buffer.from(made.secret, "base64url").length * 8).toBeGreaterThanOrEqual(128);
});

test("an unknown device or a malformed id has no login", async (t) => {
  const { registry } = await withProbe(t);
  expect(await registry.findDeviceLogin(ids.sppgId, "probe-2")).toBeNull();
  expect(await registry.findDeviceLogin("sppg-nowhere-1", ids.deviceId)).toBeNull();
  expect(await registry.findDeviceLogin("' or 1=1 --", "\0")).toBeNull();
});

test("after a rotation the old secret lives ten minutes and not a moment longer", async (t) => {
  const made = await withProbe(t);
  const { secret } = await made.registry.rotateDevice({ ...ids, overlapSeconds: 600 }, "cli");
  const endMs = made.clock.ms + 600_000;
  made.clock.ms = endMs - 1;
  const before = await find(made);
  expect(accepts(before, made.secret)).toBe(true);
  expect(accepts(before, secret)).toBe(true);
  expect(before?.secrets.map(({ expiresAtMs }) => expiresAtMs)).toEqual([null, endMs]);
  made.clock.ms = endMs;
  const after = await find(made);
  expect(accepts(after, made.secret)).toBe(false);
  expect(accepts(after, secret)).toBe(true);
});

test("a rotation without overlap ends the old secret at once", async (t) => {
  const made = await withProbe(t);
  const { secret } = await made.registry.rotateDevice({ ...ids, overlapSeconds: 0 }, "cli");
  const login = await find(made);
  expect(accepts(login, made.secret)).toBe(false);
  expect(accepts(login, secret)).toBe(true);
});

test("a second rotation never lengthens the life of a secret", async (t) => {
  const made = await withProbe(t);
  await made.registry.rotateDevice({ ...ids, overlapSeconds: 60 }, "cli");
  made.clock.ms += 30_000;
  await made.registry.rotateDevice({ ...ids, overlapSeconds: 600 }, "cli");
  made.clock.ms += 30_000;
  expect(accepts(await find(made), made.secret)).toBe(false);
});

test("rotating again and again keeps a bounded number of secrets, the newest", async (t) => {
  const made = await withProbe(t);
  const issued: string[] = [];
  for (let round = 0; round < secretsPerDeviceMax + 3; round += 1) {
    const { secret } = await made.registry.rotateDevice({ ...ids, overlapSeconds: 600 }, "cli");
    issued.push(secret);
  }
  const login = await find(made);
  expect(login?.secrets).toHaveLength(secretsPerDeviceMax);
  expect(issued.filter((secret) => accepts(login, secret))).toEqual(
    issued.slice(-secretsPerDeviceMax),
  );
});

test("a revoked device has no secret and gets a new one only when enabled", async (t) => {
  const made = await withProbe(t);
  await made.registry.revokeDevice(ids, "cli");
  expect(await find(made)).toEqual({ ...ids, codec: null, enabled: false, secrets: [] });
  const rotation = { ...ids, overlapSeconds: 0 };
  await expect(made.registry.rotateDevice(rotation, "cli")).rejects.toMatchObject({
    code: "REGISTRY_DEVICE_REVOKED",
    message: expect.stringContaining("device enable"),
  });
  const { secret } = await made.registry.enableDevice(ids, "cli");
  const login = await find(made);
  expect(login?.enabled).toBe(true);
  expect(accepts(login, secret)).toBe(true);
  expect(accepts(login, made.secret)).toBe(false);
  await expect(made.registry.enableDevice(ids, "cli")).rejects.toMatchObject({
    code: "REGISTRY_DEVICE_ENABLED",
  });
});

test("an unknown device is neither revoked nor rotated, nor is an odd overlap taken", async (t) => {
  const { registry } = await withProbe(t);
  const other = { ...ids, deviceId: "probe-2" };
  const code = "REGISTRY_DEVICE_UNKNOWN";
  await expect(registry.revokeDevice(other, "cli")).rejects.toMatchObject({ code });
  const rotation = { ...other, overlapSeconds: 0 };
  await expect(registry.rotateDevice(rotation, "cli")).rejects.toMatchObject({ code });
  await expect(registry.rotateDevice({ ...ids, overlapSeconds: -1 }, "cli")).rejects.toMatchObject({
    code: "REGISTRY_INPUT_INVALID",
  });
});
