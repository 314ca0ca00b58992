import { expect, test } from "vitest";
import { createTestBroker, settle, type TestBroker } from "../support/broker.ts";
import { packets, type PacketOf, type RawClient } from "../support/mqtt-wire.ts";

function send(
  { broker }: TestBroker,
  topicName: string,
  options: { payload?: string; qos?: 0 | 1 | 2; retain?: boolean } = {},
): void {
  const { payload = topicName, qos = 0, retain = false } = options;
  broker.edge.publish({ topicName, payload: Buffer.from(payload), qos, retain });
}

async function subscribe(
  client: RawClient,
  filters: readonly (string | { topicFilter: string; qos: number })[],
): Promise<number[]> {
  client.send(packets.subscribe({ filters }));
  return (await client.next("suback")).granted;
}

async function deliveries(client: RawClient): Promise<PacketOf<"publish">[]> {
  await settle(client);
  return client.queued().filter((packet) => packet.type === "publish");
}

test("SUBACK answers each filter in order, also equal ones and refused ones", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const client = await connect({ clientId: "s" });
  const granted = await subscribe(client, [
    { topicFilter: "a", qos: 0 },
    { topicFilter: "b", qos: 1 },
    { topicFilter: "a", qos: 2 },
    { topicFilter: "$SYS/#", qos: 0 },
    { topicFilter: "$share/g/a", qos: 1 },
    { topicFilter: "a", qos: 1 },
  ]);
  expect(granted).toEqual([0, 1, 2, 128, 128, 1]);
});

test("of equal filters in one SUBSCRIBE the last counts", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await made.connect({ clientId: "s" });
  await subscribe(client, [
    { topicFilter: "a", qos: 2 },
    { topicFilter: "a", qos: 0 },
  ]);
  send(made, "a", { qos: 2 });
  expect(await deliveries(client)).toMatchObject([{ topicName: "a", qos: 0 }]);
});

test("a message arrives at the granted QoS, also through wildcards", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await made.connect({ clientId: "s" });
  await subscribe(client, [
    { topicFilter: "zero/+", qos: 0 },
    { topicFilter: "one/#", qos: 1 },
    { topicFilter: "two", qos: 2 },
  ]);
  for (const topicName of ["zero/x", "one/x/y", "one", "two"]) send(made, topicName, { qos: 2 });
  send(made, "two", { qos: 0, payload: "low" });
  const seen = (await deliveries(client)).map(({ topicName, qos, dup, retain }) => ({
    topicName,
    qos,
    dup,
    retain,
  }));
  const plain = { dup: false, retain: false };
  expect(seen).toEqual([
    { topicName: "zero/x", qos: 0, ...plain },
    { topicName: "one/x/y", qos: 1, ...plain },
    { topicName: "one", qos: 1, ...plain },
    { topicName: "two", qos: 2, ...plain },
    { topicName: "two", qos: 0, ...plain },
  ]);
});

test("overlapping filters give one copy at the highest QoS [MQTT-3.3.5-1]", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await made.connect({ clientId: "s" });
  await subscribe(client, [
    { topicFilter: "a/+", qos: 0 },
    { topicFilter: "a/#", qos: 2 },
    { topicFilter: "a/b", qos: 1 },
  ]);
  send(made, "a/b", { qos: 2 });
  expect(await deliveries(client)).toMatchObject([{ qos: 2 }]);
});

test("retained messages come once for each matching subscription, flagged", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  send(made, "a/b", { qos: 1, retain: true, payload: "kept" });
  const client = await made.connect({ clientId: "s" });
  await subscribe(client, [
    { topicFilter: "a/+", qos: 1 },
    { topicFilter: "a/b", qos: 0 },
  ]);
  send(made, "a/b", { qos: 1, retain: true, payload: "live" });
  const seen = await deliveries(client);
  expect(seen.map(({ payload, retain, qos }) => [payload.toString(), retain, qos])).toEqual([
    ["kept", true, 1],
    ["kept", true, 0],
    ["live", false, 1],
  ]);
  client.send(packets.puback(seen[0]?.messageId ?? 0), packets.puback(seen[2]?.messageId ?? 0));
  // A renewed subscription gets it again [MQTT-3.8.4-3].
  const renewed = await made.connect({ clientId: "t" });
  await subscribe(renewed, ["a/#"]);
  await subscribe(renewed, ["a/#"]);
  expect(await deliveries(renewed)).toMatchObject([
    { payload: Buffer.from("live"), retain: true },
    { payload: Buffer.from("live"), retain: true },
  ]);
});

test("a client's own retained message is kept, replaced, and ended by an empty one", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const writer = await connect({ clientId: "w" });
  const kept = async (name: string): Promise<string[]> => {
    const reader = await connect({ clientId: name });
    await subscribe(reader, ["r"]);
    return (await deliveries(reader)).map(({ payload }) => payload.toString());
  };
  const store = async (payload: string): Promise<void> => {
    writer.send(packets.publish({ topicName: "r", payload, qos: 1, retain: true }));
    await writer.next("puback");
  };
  await store("one");
  expect(await kept("r1")).toEqual(["one"]);
  await store("two");
  expect(await kept("r2")).toEqual(["two"]);
  await store("");
  expect(await kept("r3")).toEqual([]);
});

test("wildcards at the first level do not match topics that begin with $", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await made.connect({ clientId: "s" });
  await subscribe(client, ["#", "+/x"]);
  send(made, "$other/x");
  send(made, "plain/x");
  expect(await deliveries(client)).toMatchObject([{ topicName: "plain/x" }]);
});

test("UNSUBSCRIBE ends deliveries and is answered, also for what was not subscribed", async (t) => {
  const made = await createTestBroker(t, { isConformance: true });
  const client = await made.connect({ clientId: "s" });
  await subscribe(client, ["a", "b"]);
  client.send(packets.unsubscribe({ messageId: 9, filters: ["a", "never"] }));
  expect((await client.next("unsuback")).messageId).toBe(9);
  send(made, "a");
  send(made, "b");
  expect(await deliveries(client)).toMatchObject([{ topicName: "b" }]);
});

test("malformed filters close the connection", async (t) => {
  const { connect, broker } = await createTestBroker(t, { isConformance: true });
  const malformed = ["a+", "+a", "a#", "t/+a", "a/#/b", "", "a\u0000", "a/b/c/d/e/f/g/h/i"];
  for (const topicFilter of malformed) {
    const client = await connect({ clientId: "s" });
    client.send(packets.subscribe({ filters: [topicFilter] }));
    await client.closed;
  }
  const empty = await connect({ clientId: "s" });
  empty.send(packets.subscribe({ filters: [] }));
  await empty.closed;
  const third = await connect({ clientId: "s" });
  third.send(packets.subscribe({ filters: [{ topicFilter: "a", qos: 3 }] }));
  await third.closed;
  expect(broker.edge.sessions.hasSubscriber("a")).toBe(false);
});

test("a client's own message comes back to it, at the QoS of both sides", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const client = await connect({ clientId: "echo" });
  await subscribe(client, [{ topicFilter: "a", qos: 1 }]);
  client.send(packets.publish({ topicName: "a", payload: "x", qos: 2, messageId: 1 }));
  const message = await client.next("publish");
  expect(message).toMatchObject({ qos: 1, dup: false, retain: false });
  await client.next("pubrec");
});

test("one SUBSCRIBE can't hold more filters than a session may", async (t) => {
  const made = await createTestBroker(t);
  const client = await made.signIn(made.logins.add("sppg-a", "dev"));
  const filters = Array.from({ length: 500 }, (_, index) => `sppg/sppg-a/command/dev/${index}`);
  const granted = await subscribe(client, filters);
  expect(granted.filter((code) => code !== 128)).toHaveLength(64);
  expect(granted.slice(64).every((code) => code === 128)).toBe(true);
  client.send(packets.unsubscribe({ filters: filters.slice(0, 10) }));
  await client.next("unsuback");
  expect(await subscribe(client, filters.slice(100, 120))).toEqual([
    ...Array.from({ length: 10 }, () => 0),
    ...Array.from({ length: 10 }, () => 128),
  ]);
});

test("a device hears its own commands at QoS 1, in order", async (t) => {
  const made = await createTestBroker(t);
  const client = await made.signIn(made.logins.add("sppg-a", "dev"));
  expect(await subscribe(client, [{ topicFilter: "sppg/sppg-a/command/dev/#", qos: 1 }])).toEqual([
    1,
  ]);
  const payloads = Array.from({ length: 200 }, (_, index) => `${index}`);
  for (const payload of payloads) {
    send(made, "sppg/sppg-a/command/dev/set", { payload, qos: 1 });
    send(made, "sppg/sppg-a/command/dev2/set", { payload, qos: 1 });
  }
  const got: string[] = [];
  while (got.length < payloads.length) {
    const message = await client.next("publish");
    got.push(message.payload.toString());
    client.send(packets.puback(message.messageId));
  }
  expect(got).toEqual(payloads);
});
