import { expect, test } from "vitest";
import { createTestBroker, settle, type TestBroker } from "../support/broker.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";

const will = { topicName: "will", payload: "gone", qos: 1 };

async function watch(made: TestBroker, filter = "will"): Promise<RawClient> {
  const witness = await made.connect({ clientId: "witness" });
  witness.send(packets.subscribe({ filters: [{ topicFilter: filter, qos: 2 }] }));
  await witness.next("suback");
  return witness;
}

test("a will is sent when the connection breaks, at its QoS, and kept if it says so", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const witness = await watch(made);
  for (const qos of [0, 1, 2]) {
    const client = await made.connect({ clientId: "c", will: { ...will, qos, retain: true } });
    client.socket.destroy();
    expect(await witness.next("publish")).toMatchObject({ qos, retain: false });
  }
  const late = await made.connect({ clientId: "late" });
  late.send(packets.subscribe({ filters: ["will"] }));
  expect(await late.next("publish")).toMatchObject({ retain: true, payload: Buffer.from("gone") });
});

test("a will is sent after a protocol error, a keep-alive timeout and a takeover", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const witness = await watch(made);
  const broken = await made.connect({ clientId: "broken", will });
  broken.send(Buffer.from([0xf0, 0]));
  await witness.next("publish");
  await made.connect({ clientId: "silent", will, keepAlive: 1 });
  await witness.next("publish");
  await made.connect({ clientId: "taken", will });
  await made.connect({ clientId: "taken" });
  expect((await witness.next("publish")).topicName).toBe("will");
});

test("no will is sent after DISCONNECT", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const witness = await watch(made);
  const polite = await made.connect({ clientId: "polite", will });
  polite.send(packets.disconnect());
  await polite.closed;
  const rude = await made.connect({ clientId: "rude", will: { ...will, payload: "rude" } });
  rude.socket.destroy();
  expect((await witness.next("publish")).payload.toString()).toBe("rude");
});

test("a will of QoS 3, with a wildcard, on $ topics or without a topic is refused", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  for (const bad of [
    { topicName: "will", qos: 3 },
    { topicName: "will/#" },
    { topicName: "+" },
    { topicName: "$SYS/x/new/clients" },
    { topicName: "" },
  ]) {
    const client = await made.open();
    client.send(packets.connect({ clientId: "bad", will: bad }));
    await client.closed;
    expect(client.queued()).toEqual([]);
  }
  expect(made.count("will-invalid")).toBe(5);
});

const own = "sppg/sppg-a/telemetry/dev/state";

test("a device's will on its own topic is journaled as its own message", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "dev");
  const client = await signIn(device, { will: { topicName: own, payload: "w", qos: 1 } });
  client.socket.destroy();
  await journal.appended(1);
  expect(journal.published).toMatchObject([{ principal: device.username, topicName: own, qos: 1 }]);
});

test("a will on a foreign topic is refused at CONNECT with code 5", async (t) => {
  const { logins, open, count } = await createTestBroker(t);
  const { username, password } = logins.add("sppg-a", "dev");
  for (const topicName of [
    "sppg/sppg-b/telemetry/dev/state",
    "sppg/sppg-a/telemetry/dev2/state",
    "sppg/sppg-a/presence/dev",
    "sppg/sppg-a/command/dev/x",
  ]) {
    const client = await open();
    const connack = await client.connect({
      clientId: "x",
      username,
      password,
      will: { topicName },
    });
    expect(connack.returnCode).toBe(5);
  }
  expect(count("will-topic")).toBe(4);
});

test("a revoked device sends no will", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "dev");
  const other = logins.add("sppg-a", "other");
  const client = await signIn(device, { will: { topicName: own, payload: "w", qos: 1 } });
  const witness = await signIn(other);
  logins.revoke(device);
  await client.closed;
  await settle(witness);
  expect(journal.published).toEqual([]);
});
