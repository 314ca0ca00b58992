import { expect, test } from "vitest";
import { sentCommandSchema } from "../../../../dashboard/contract/index.ts";
import { packets } from "../../../support/mqtt-wire.ts";
import { connectAs, createDeviceSite, type DeviceSite } from "../device-site.ts";
import { sppgId, startMs } from "../kitchen-api.ts";

async function createListener(site: DeviceSite, body: object = {}) {
  const head = await site.signIn("head");
  const probe = { deviceId: "probe-2", kind: "temperature-probe", ...body };
  const { login } = (await head.send("POST", site.devices, { body: probe })).json();
  const listen = async (clean: boolean) => {
    const client = await connectAs(site, login, clean);
    const filters = [{ topicFilter: `sppg/${sppgId}/command/probe-2/#`, qos: 1 }];
    client.send(packets.subscribe({ filters }));
    await client.next("suback");
    return client;
  };
  const send = async (command: object, deviceId = "probe-2") => {
    const answer = await head.send("POST", `${site.devices}/${deviceId}/commands`, {
      body: command,
    });
    return answer;
  };
  return { head, login, listen, send };
}

test("a command is handed to the connected device, with its id, its end and its audit", async (t) => {
  const site = await createDeviceSite(t);
  const { head, listen, send } = await createListener(site);
  const client = await listen(true);
  const sent = await send({ name: "blink", payload: { times: 3 }, expiresInSeconds: 30 });
  const told = sentCommandSchema.parse(sent.json());
  expect(told).toMatchObject({
    topic: `sppg/${sppgId}/command/probe-2/blink`,
    expiresAtMs: startMs + 30_000,
    delivery: "handed",
  });
  const got = await client.next("publish");
  expect(got).toMatchObject({ topicName: told.topic, qos: 1, retain: false });
  expect(JSON.parse(got.payload.toString())).toEqual({
    id: told.commandId,
    expiresAt: told.expiresAtMs,
    payload: { times: 3 },
  });
  expect(site.audit).toContainEqual(
    expect.objectContaining({
      actor: `user:${head.email}`,
      action: "device.command",
      subject: "probe-2",
      outcome: "done",
      detail: expect.objectContaining({ name: "blink", delivery: "handed" }),
    }),
  );
});

test("nobody listens, a session waits, and what has expired is never delivered", async (t) => {
  const site = await createDeviceSite(t);
  const { listen, send, login } = await createListener(site);
  expect((await send({ name: "a" })).json()).toMatchObject({ delivery: "nobody" });
  const client = await listen(false);
  await client.end();
  await client.closed;
  await expect
    .poll(async () => (await send({ name: "short", expiresInSeconds: 10 })).json().delivery)
    .toBe("waiting");
  expect((await send({ name: "long", expiresInSeconds: 60 })).json().delivery).toBe("waiting");
  site.pass(10_000);
  const again = await connectAs(site, login, false);
  const first = await again.next("publish");
  expect(first.topicName).toBe(`sppg/${sppgId}/command/probe-2/long`);
  expect(site.made.broker.edge.sessions.counters.droppedExpired).toBeGreaterThanOrEqual(1);
});

test("a gateway hears its child's commands below its own topic", async (t) => {
  const site = await createDeviceSite(t);
  const { head, listen, send } = await createListener(site, { kind: "gateway" });
  const child = { deviceId: "child-1", kind: "smart-scale", gatewayId: "probe-2" };
  await head.send("POST", site.devices, { body: child });
  const gateway = await listen(true);
  expect((await send({ name: "tare" }, "child-1")).json()).toMatchObject({ delivery: "handed" });
  const got = await gateway.next("publish");
  expect(got.topicName).toBe(`sppg/${sppgId}/command/probe-2/child-1/tare`);
});

test("no command to a revoked device, to none, or of what no device could read", async (t) => {
  const site = await createDeviceSite(t);
  const { head, listen, send } = await createListener(site);
  const client = await listen(true);
  const issues = async (command: object) => (await send(command)).json().issues?.[0].path;
  expect(await issues({ name: "a/b" })).toBe("body.name");
  expect(await issues({ name: "#" })).toBe("body.name");
  expect(await issues({ name: "x", expiresInSeconds: 0 })).toBe("body.expiresInSeconds");
  expect(await issues({ name: "x", expiresInSeconds: 86_401 })).toBe("body.expiresInSeconds");
  expect(await issues({ name: "x", payload: "y".repeat(4_095) })).toBe("body.payload");
  const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;
  expect(await issues({ name: "x", payload: deep(17) })).toBe("body.payload");
  expect((await send({ name: "x" }, "nobody")).statusCode).toBe(404);
  await head.send("POST", `${site.devices}/probe-2/revoke`, { body: {} });
  expect((await send({ name: "x" })).json()).toMatchObject({ code: "REGISTRY_DEVICE_REVOKED" });
  expect(client.queued().filter(({ type }) => type === "publish")).toEqual([]);
});

test("a device is not flooded with commands, whoever sends them", async (t) => {
  const site = await createDeviceSite(t);
  const { send } = await createListener(site);
  const other = await site.signIn("operator");
  for (let count = 0; count < 10; count += 1) {
    expect((await send({ name: "x" })).statusCode).toBe(200);
  }
  const url = `${site.devices}/probe-2/commands`;
  const limited = await other.send("POST", url, { body: { name: "x" } });
  expect(limited.json()).toMatchObject({ status: 429, code: "DASHBOARD_ACTIONS_LIMITED" });
  expect(limited.headers["retry-after"]).toBe("3");
  expect((await send({ name: "x" }, "probe-1")).statusCode).toBe(200);
});

test("the same command with its key is sent once, and a login told again is the same", async (t) => {
  const site = await createDeviceSite(t);
  const { head, listen } = await createListener(site);
  const client = await listen(true);
  const headers = { "idempotency-key": "8e03978e-40d5-43e8-bc93-6894a57f9324" };
  const url = `${site.devices}/probe-2/commands`;
  const send = () => head.send("POST", url, { body: { name: "tare" }, headers });
  const [first, again] = [await send(), await send()];
  expect(again.headers["idempotency-replayed"]).toBe("true");
  expect(again.json()).toEqual(first.json());
  await client.next("publish");
  expect(client.queued().filter(({ type }) => type === "publish")).toEqual([]);
  const otherKey = { "idempotency-key": "another-key-of-16-or-more" };
  const rotate = () =>
    head.send("POST", `${site.devices}/probe-2/rotate`, { body: {}, headers: otherKey });
  const [rotated, told] = [await rotate(), await rotate()];
  expect(told.json()).toEqual(rotated.json());
});
