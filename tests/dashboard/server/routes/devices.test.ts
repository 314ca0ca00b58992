import { expect, test } from "vitest";
import {
  deviceStatusesSchema,
  devicesSchema,
  issuedDeviceSchema,
} from "../../../../dashboard/contract/index.ts";
import { deadLetter } from "../../../ingest/desk/factories.ts";
import { connectAs, createDeviceSite, type DeviceSite } from "../device-site.ts";
import { sppgId, startMs } from "../kitchen-api.ts";

const probe = { deviceId: "probe-2", kind: "temperature-probe", place: "freezer" };

async function auditOf(site: DeviceSite, action: string) {
  return site.records.db
    .withTables<{ audit_log: Record<"action" | "actor" | "address" | "subject", string> }>()
    .selectFrom("audit_log")
    .select(["actor", "address", "subject"])
    .where("action", "=", action)
    .where("actor", "!=", "cli")
    .execute();
}

test("a head adds a device: its login is told once, and lets it in", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const added = await head.send("POST", site.devices, {
    body: { ...probe, name: " Freezer daging ", expectedIntervalSeconds: 30 },
  });
  expect(added.statusCode).toBe(200);
  expect(added.headers["etag"]).toBe('"1"');
  const { device, login } = issuedDeviceSchema.parse(added.json());
  expect(device).toMatchObject({ ...probe, name: "Freezer daging", enabled: true, version: 1 });
  expect(login).toMatchObject({
    clientId: `${sppgId}.probe-2`,
    username: `${sppgId}.probe-2`,
    topic: `sppg/${sppgId}/telemetry/probe-2/temperature`,
  });
  expect(Buffer.from(login.password, "base64url").length).toBeGreaterThanOrEqual(16);
  const client = await connectAs(site, login);
  expect(client.socket.destroyed).toBe(false);
  const listed = await head.get(site.devices);
  expect(listed.body).not.toContain(login.password);
  expect(devicesSchema.parse(listed.json()).devices).toContainEqual(device);
  expect(await auditOf(site, "device.add")).toEqual([
    { actor: `user:${head.email}`, address: "127.0.0.1", subject: "probe-2" },
  ]);
});

test("what a device can't be is refused with where; an id that is taken is a conflict", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const add = (body: object) => head.send("POST", site.devices, { body: { ...probe, ...body } });
  const wrong: readonly [object, string][] = [
    [{ deviceId: "a/b" }, "body.deviceId"],
    [{ deviceId: "x".repeat(65) }, "body.deviceId"],
    [{ kind: "toaster" }, "body.kind"],
    [{ place: "attic" }, "body.place"],
    [{ name: "" }, "body.name"],
    [{ name: "two\nlines" }, "body.name"],
    [{ name: "x".repeat(61) }, "body.name"],
    [{ expectedIntervalSeconds: 0 }, "body.expectedIntervalSeconds"],
    [{ secret: "mine" }, "body"],
    [{ gatewayId: "probe-1" }, "body.gatewayId"],
    [{ gatewayId: "nobody" }, "body.gatewayId"],
  ];
  for (const [body, path] of wrong) {
    const answer = await add(body);
    expect([body, answer.json()]).toMatchObject([body, { status: 400, issues: [{ path }] }]);
  }
  expect((await add({ deviceId: "probe-1" })).json()).toMatchObject({
    status: 409,
    code: "REGISTRY_DEVICE_EXISTS",
  });
});

test("a rotation keeps the old secret for a while, or ends its connection now", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const { login: first } = (await head.send("POST", site.devices, { body: probe })).json();
  const client = await connectAs(site, first);
  const rotate = async (body: object) => {
    const answer = await head.send("POST", `${site.devices}/probe-2/rotate`, { body });
    return issuedDeviceSchema.parse(answer.json()).login;
  };
  const second = await rotate({});
  expect(second.password).not.toBe(first.password);
  await connectAs(site, { ...first, clientId: first.clientId });
  await client.closed;
  const third = await rotate({ overlapSeconds: 0 });
  await expect(connectAs(site, second)).rejects.toThrow("CONNACK");
  await connectAs(site, third);
  expect(await auditOf(site, "device.rotate")).toHaveLength(2);
});

test("a revoked device's connection closes, and only a new secret lets it in again", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const { login } = (await head.send("POST", site.devices, { body: probe })).json();
  const client = await connectAs(site, login);
  const act = (act: string) => head.send("POST", `${site.devices}/probe-2/${act}`, { body: {} });
  expect((await act("enable")).json()).toMatchObject({ code: "REGISTRY_DEVICE_ENABLED" });
  expect((await act("revoke")).json()).toMatchObject({ enabled: false, version: 2 });
  // The answer comes when the broker knows.
  await client.closed;
  // Said again it changes nothing.
  expect((await act("revoke")).json()).toMatchObject({ enabled: false, version: 2 });
  await expect(connectAs(site, login)).rejects.toThrow("CONNACK");
  expect((await act("rotate")).json()).toMatchObject({ code: "REGISTRY_DEVICE_REVOKED" });
  const enabled = issuedDeviceSchema.parse((await act("enable")).json());
  expect(enabled.device).toMatchObject({ enabled: true, version: 3 });
  await expect(connectAs(site, login)).rejects.toThrow("CONNACK");
  await connectAs(site, enabled.login);
});

test("an edit needs the version that was seen, and leaves what it does not name", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const url = `${site.devices}/probe-1`;
  const put = (body: object, headers: Record<string, string> = {}) =>
    head.send("PUT", url, { body, headers });
  expect((await put({ name: "Kulkas" })).json()).toMatchObject({ status: 428 });
  const named = await put({ name: "Kulkas" }, { "if-match": '"1"' });
  expect(named.headers["etag"]).toBe('"2"');
  expect(named.json()).toMatchObject({ name: "Kulkas", place: "coldStore" });
  const stale = await put({ place: "freezer" }, { "if-match": '"1"' });
  expect(stale.json()).toMatchObject({ status: 412, code: "DASHBOARD_VERSION_STALE" });
  const inBody = await put({ place: "freezer", expectedVersion: 1 });
  expect(inBody.json()).toMatchObject({ status: 409, code: "REGISTRY_DEVICE_CONFLICT" });
  const moved = await put({ place: null, expectedIntervalSeconds: 60, expectedVersion: 2 });
  expect(moved.json()).toMatchObject({
    name: "Kulkas",
    place: null,
    expectedIntervalSeconds: 60,
    version: 3,
  });
  expect((await put({ kind: "gateway", expectedVersion: 3 })).statusCode).toBe(400);
  const nobody = await head.send("PUT", `${site.devices}/nobody`, {
    body: { name: "x", expectedVersion: 1 },
  });
  expect(nobody.statusCode).toBe(404);
});

test("the status of a device tells when it was heard, connected, and what was refused", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const { login } = (await head.send("POST", site.devices, { body: probe })).json();
  await head.send("POST", site.devices, { body: { deviceId: "gw-1", kind: "gateway" } });
  const traffic = {
    deviceId: "probe-2",
    receivedTimeMs: startMs - 4_000,
    eventTimeMs: startMs - 5_000,
    batteryPct: 64,
    messagesPerMinute: 6,
  };
  site.store.snapshot = { sppgId, offset: 7, latest: [], devices: [traffic] };
  const child = (childId: string) =>
    deadLetter(2, {
      deviceId: "gw-1",
      reason: "INGEST_CHILD_UNKNOWN",
      detail: `${childId}: no device below gw-1 (and 2 more of this payload)`,
    });
  await site.ingest.applyEffects([deadLetter(3, { deviceId: "probe-2" }), child("probe-9")]);
  await connectAs(site, login);
  const answer = await head.get(`/api/kitchens/${sppgId}/device-status`, { host: "dapur.lan" });
  const { statuses, unknownChildren, mqtt } = deviceStatusesSchema.parse(answer.json());
  const { deviceId: _id, ...heard } = traffic;
  expect(statuses.find(({ deviceId }) => deviceId === "probe-2")).toMatchObject({
    ...heard,
    presence: { isOnline: true, sinceMs: startMs },
    deadLetters: { total: 3, kept: 1 },
  });
  expect(statuses.find(({ deviceId }) => deviceId === "probe-1")).toEqual({
    deviceId: "probe-1",
    receivedTimeMs: null,
    eventTimeMs: null,
    presence: null,
    batteryPct: null,
    messagesPerMinute: null,
    deadLetters: { total: 0, kept: 0, newestAtMs: null },
  });
  expect(unknownChildren).toMatchObject([{ gatewayId: "gw-1", childId: "probe-9" }]);
  const { port } = site.made;
  expect(mqtt).toEqual({ host: "dapur.lan", port, tlsPort: null, isLoopbackOnly: false });

  await head.send("POST", site.devices, {
    body: { ...probe, deviceId: "probe-9", gatewayId: "gw-1" },
  });
  const after = await head.get(`/api/kitchens/${sppgId}/device-status`);
  expect(after.json().unknownChildren).toEqual([]);
});

test("who changes devices faster than a person is told to wait, and may go on then", async (t) => {
  const site = await createDeviceSite(t);
  const head = await site.signIn("head");
  const revoke = () => head.send("POST", `${site.devices}/probe-1/revoke`, { body: {} });
  for (let count = 0; count < 120; count += 1) expect((await revoke()).statusCode).toBe(200);
  const limited = await revoke();
  expect(limited.json()).toMatchObject({ status: 429, code: "DASHBOARD_ACTIONS_LIMITED" });
  expect(limited.headers["retry-after"]).toBe("1");
  site.pass(1_000);
  expect((await revoke()).statusCode).toBe(200);
});
