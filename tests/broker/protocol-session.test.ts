import { expect, test } from "vitest";
import { createTestBroker, settle, type TestBroker } from "../support/broker.ts";
import { packets, type PacketOf, type RawClient } from "../support/mqtt-wire.ts";

function send(made: TestBroker, payload: string, qos: 0 | 1 | 2 = 1): void {
  made.broker.edge.publish({ topicName: "t", payload: Buffer.from(payload), qos, retain: false });
}

const kept = { clientId: "kept", clean: false };

/** A kept session with a subscription to `t`; its connection is left open. */
async function keep(made: TestBroker, qos = 2): Promise<RawClient> {
  const client = await made.connect(kept);
  client.send(packets.subscribe({ filters: [{ topicFilter: "t", qos }] }));
  await client.next("suback");
  return client;
}

async function leave(made: TestBroker, client: RawClient): Promise<void> {
  client.send(packets.disconnect());
  await client.closed;
  // The broker has seen the end when a takeover would find nobody.
  const witness = await made.connect({ clientId: "witness" });
  await settle(witness);
  await witness.end();
}

async function texts(client: RawClient, count: number): Promise<string[]> {
  const got: string[] = [];
  while (got.length < count) got.push((await client.next("publish")).payload.toString());
  return got;
}

test("sessionPresent is truthful, also for a session without subscriptions", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const present = async (clean: boolean): Promise<boolean> => {
    const client = await made.open();
    const connack = await client.connect({ clientId: "kept", clean });
    await leave(made, client);
    return connack.sessionPresent;
  };
  expect(await present(false)).toBe(false);
  expect(await present(false)).toBe(true);
  expect(await present(true)).toBe(false);
  expect(await present(false)).toBe(false);
});

test("MQTT 3.1 has no session-present bit: its CONNACK is 0, and the session is kept", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const fields = { clientId: "old", clean: false, protocolVersion: 3 };
  const first = await made.connect(fields);
  first.send(packets.subscribe({ filters: [{ topicFilter: "kept/a", qos: 1 }] }));
  await first.next("suback");
  await leave(made, first);
  const again = await made.open();
  again.send(packets.connect(fields));
  expect(await again.next()).toMatchObject({ type: "connack", sessionPresent: false });
  made.broker.edge.publish({
    topicName: "kept/a",
    payload: Buffer.from("x"),
    qos: 1,
    retain: false,
  });
  expect(await again.next("publish")).toMatchObject({ topicName: "kept/a", qos: 1 });
});

test("a kept session gets what was queued, in order, and its subscriptions back", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  await leave(made, await keep(made));
  for (const payload of ["1", "2", "3"]) send(made, payload);
  send(made, "not kept", 0);
  const again = await made.connect(kept);
  expect(await texts(again, 3)).toEqual(["1", "2", "3"]);
  send(made, "live", 0);
  expect(await texts(again, 1)).toEqual(["live"]);
});

test("what was not acknowledged comes again with DUP and the same id", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await keep(made);
  send(made, "one", 1);
  send(made, "two", 2);
  const first = await client.next("publish");
  const second = await client.next("publish");
  expect([first.dup, second.dup]).toEqual([false, false]);
  client.socket.destroy();
  await client.closed;
  const again = await made.connect(kept);
  const repeats: PacketOf<"publish">[] = [await again.next("publish"), await again.next("publish")];
  expect(repeats).toMatchObject([
    { dup: true, qos: 1, messageId: first.messageId },
    { dup: true, qos: 2, messageId: second.messageId },
  ]);
  again.send(packets.puback(first.messageId), packets.pubrec(second.messageId));
  expect((await again.next("pubrel")).messageId).toBe(second.messageId);
  again.send(packets.pubcomp(second.messageId));
  await settle(again);
  await leave(made, again);
  const last = await made.connect(kept);
  expect(await settle(last)).toEqual([]);
});

test("after PUBREC only PUBREL comes again", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await keep(made);
  send(made, "two", 2);
  const { messageId } = await client.next("publish");
  client.send(packets.pubrec(messageId));
  await client.next("pubrel");
  client.socket.destroy();
  const again = await made.connect(kept);
  expect(await again.next()).toMatchObject({ type: "pubrel", messageId });
});

test("a clean session ends what was kept: nothing is delivered later", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  await leave(made, await keep(made));
  send(made, "queued");
  const clean = await made.connect({ clientId: "kept", clean: true });
  expect(await settle(clean)).toEqual([]);
  await leave(made, clean);
  const again = await made.connect(kept);
  send(made, "later");
  expect(await settle(again)).toEqual([]);
});

test("a takeover keeps the session, its subscriptions and the order", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const first = await keep(made);
  send(made, "a");
  await first.next("publish");
  const second = await made.connect(kept);
  await first.closed;
  send(made, "b");
  const got = [await second.next("publish"), await second.next("publish")];
  expect(got.map(({ payload, dup }) => [payload.toString(), dup])).toEqual([
    ["a", true],
    ["b", false],
  ]);
});

test("CONNACK is the first packet, whatever is routed during the sign-in", async (t) => {
  const made = await createTestBroker(t);
  const device = made.logins.add("sppg-a", "dev");
  const topicName = "sppg/sppg-a/command/dev/set";
  const first = await made.signIn(device, { clean: false });
  first.send(packets.subscribe({ filters: [{ topicFilter: topicName, qos: 1 }] }));
  await first.next("suback");
  // Presence is told between registration and CONNACK: a command may be sent just there.
  made.broker.onPresence(({ online }) => {
    if (!online) return;
    for (const qos of [0, 1] as const) {
      made.broker.edge.publish({ topicName, payload: Buffer.from("now"), qos, retain: false });
    }
  });
  first.send(packets.disconnect());
  await first.closed;
  const second = await made.open();
  const { username, password } = device;
  second.send(packets.connect({ clientId: username, username, password, clean: false }));
  expect(await second.next()).toMatchObject({ type: "connack", sessionPresent: true });
  expect(await second.next()).toMatchObject({ type: "publish", qos: 1, dup: false });
});

test("the queue of one session is bounded: what is beyond is dropped and counted", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  await leave(made, await keep(made));
  const payload = "x".repeat(1_000);
  for (let sent = 0; sent < 1_000; sent++) send(made, payload);
  const { droppedQueueFull } = made.broker.edge.sessions.counters;
  expect(droppedQueueFull).toBeGreaterThan(700);
  const again = await made.connect(kept);
  for (let got = 0; got < 1_000 - droppedQueueFull; got++) {
    again.send(packets.puback((await again.next("publish")).messageId));
  }
  expect(await settle(again)).toEqual([]);
});

test("a device keeps two sessions; the longest away yields to a third", async (t) => {
  const made = await createTestBroker(t);
  const device = made.logins.add("sppg-a", "dev");
  for (const clientId of ["one", "two", "three"]) {
    const client = await made.signIn(device, { clientId, clean: false });
    await leaveDevice(client);
  }
  const present: boolean[] = [];
  for (const clientId of ["three", "two", "one"]) {
    const client = await made.open();
    const { username, password } = device;
    const fields = { clientId, username, password, clean: false };
    present.push((await client.connect(fields)).sessionPresent);
    await leaveDevice(client);
  }
  expect(present).toEqual([true, true, false]);
});

async function leaveDevice(client: RawClient): Promise<void> {
  client.send(packets.disconnect());
  await client.closed;
}

test("equal client ids of two devices are two sessions", async (t) => {
  const made = await createTestBroker(t);
  const mine = made.logins.add("sppg-a", "dev");
  const other = made.logins.add("sppg-b", "dev");
  const first = await made.signIn(mine, { clientId: "same", clean: false });
  first.send(packets.subscribe({ filters: ["sppg/sppg-a/command/dev/#"] }));
  await first.next("suback");
  const thief = await made.open();
  const { username, password } = other;
  const connack = await thief.connect({ clientId: "same", username, password, clean: false });
  expect(connack).toMatchObject({ returnCode: 0, sessionPresent: false });
  for (const client of [first, thief]) await settle(client);
  expect(first.socket.closed).toBe(false);
});

test("a SUBSCRIBE whose connection was taken over leaves nothing in the router", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  for (let round = 0; round < 50; round++) {
    const client = await made.connect({ clientId: "churn" });
    client.send(packets.subscribe({ filters: ["t", "u"] }));
  }
  const last = await made.connect({ clientId: "churn" });
  await settle(last);
  await leave(made, last);
  expect(made.broker.edge.sessions.hasSubscriber("t")).toBe(false);
});
