import { expect, test } from "vitest";
import { createTestBroker, settle } from "../support/broker.ts";
import { packets, type RawClient } from "../support/mqtt-wire.ts";

const topicName = "sppg/sppg-a/telemetry/probe-1/temperature";

test("QoS 0, 1 and 2 are journaled, and acknowledged as each asks", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  client.send(
    packets.publish({ topicName, payload: "zero" }),
    packets.publish({ topicName, payload: "one", qos: 1, messageId: 7 }),
    packets.publish({ topicName, payload: "two", qos: 2, messageId: 8 }),
  );
  expect(await client.next()).toMatchObject({ type: "puback", messageId: 7 });
  expect(await client.next()).toMatchObject({ type: "pubrec", messageId: 8 });
  client.send(packets.pubrel(8));
  expect(await client.next()).toMatchObject({ type: "pubcomp", messageId: 8 });
  expect(journal.published).toMatchObject([
    { principal: "sppg-a.probe-1", topicName, qos: 0, offset: 1 },
    { qos: 1, offset: 2 },
    { qos: 2, offset: 3 },
  ]);
  expect(journal.payloads(topicName)).toEqual(["zero", "one", "two"]);
});

test("nothing is acknowledged before the journal has synced", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  journal.hold();
  client.send(
    packets.publish({ topicName, payload: "one", qos: 1, messageId: 1 }),
    packets.publish({ topicName, payload: "two", qos: 2, messageId: 2 }),
  );
  await journal.appended(2);
  expect(await settle(client)).toEqual([]);
  journal.release(1);
  expect((await client.next()).type).toBe("puback");
  expect(await settle(client)).toEqual([]);
  journal.release();
  expect((await client.next()).type).toBe("pubrec");
});

test("a journal that fails never acknowledges: the client is closed", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  journal.fail(new Error("fenced"));
  client.send(packets.publish({ topicName, payload: "one", qos: 1 }));
  await client.closed;
  expect(client.queued()).toEqual([]);
});

test("a QoS 2 duplicate before PUBREL is journaled once, and acknowledged", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  const first = { topicName, payload: "two", qos: 2, messageId: 5 };
  client.send(packets.publish(first));
  await client.next("pubrec");
  client.send(packets.publish({ ...first, dup: true }));
  expect((await client.next("pubrec")).messageId).toBe(5);
  expect(journal.published).toHaveLength(1);
  client.send(packets.pubrel(5));
  await client.next("pubcomp");
  client.send(packets.publish(first));
  await client.next("pubrec");
  expect(journal.published).toHaveLength(2);
});

test("a QoS 2 duplicate that comes while the first is under way is journaled once", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  const first = { topicName, payload: "two", qos: 2, messageId: 5 };
  journal.hold();
  client.send(packets.publish(first), packets.publish({ ...first, dup: true }));
  await settle(client);
  expect(journal.published).toHaveLength(1);
  expect(client.queued()).toEqual([]);
  journal.release();
  await client.next("pubrec");
  await client.next("pubrec");
});

test("a reused QoS 2 id with other content is another reading: it is journaled", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "probe-1");
  const client = await signIn(device, { clean: false });
  client.send(packets.publish({ topicName, payload: "old", qos: 2, messageId: 5 }));
  await client.next("pubrec");
  client.socket.destroy();
  // The device has restarted and forgotten its ids, but its session here has not.
  const again = await signIn(device, { clean: false });
  again.send(packets.publish({ topicName, payload: "new", qos: 2, messageId: 5 }));
  await again.next("pubrec");
  expect(journal.payloads(topicName)).toEqual(["old", "new"]);
});

test("ids that a restarted device never releases do not lock it out", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "probe-1");
  let messageId = 0;
  for (let start = 0; start < 5; start++) {
    const client = await signIn(device, { clean: false });
    for (let sent = 0; sent < 20; sent++) {
      client.send(packets.publish({ topicName, payload: "x", qos: 2, messageId: ++messageId }));
      await client.next("pubrec");
    }
    client.socket.destroy();
    await client.closed;
  }
  expect(journal.published).toHaveLength(100);
});

test("more QoS 2 messages than the window without PUBREL close the connection", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  for (let messageId = 1; messageId <= 70; messageId++) {
    client.send(packets.publish({ topicName, payload: "x", qos: 2, messageId }));
  }
  await client.closed;
  expect(journal.published.length).toBeLessThanOrEqual(64);
});

test("PUBREL of an unknown id is answered with PUBCOMP", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const client = await connect({ clientId: "a" });
  client.send(packets.pubrel(99));
  expect(await client.next()).toMatchObject({ type: "pubcomp", messageId: 99 });
});

test("a device's retain flag is cleared: nothing is kept for later subscribers", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  client.send(packets.publish({ topicName, payload: "x", qos: 1, retain: true }));
  await client.next("puback");
  expect(journal.published).toHaveLength(1);
  expect("retain" in (journal.published[0] ?? {})).toBe(false);
});

test("the journal gets its own copy of payloads, whatever follows in the socket", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "probe-1"));
  const payloads = Array.from({ length: 300 }, (_, index) => `payload ${index}`.repeat(20));
  client.send(
    ...payloads.map((payload, index) =>
      packets.publish({ topicName, payload, qos: 1, messageId: index + 1 }),
    ),
  );
  for (const [index] of payloads.entries()) {
    expect((await client.next("puback")).messageId).toBe(index + 1);
  }
  expect(journal.payloads(topicName)).toEqual(payloads);
});

test("a packet that comes byte by byte is served", async (t) => {
  const { logins, signIn, journal } = await createTestBroker(t);
  const client: RawClient = await signIn(logins.add("sppg-a", "probe-1"));
  const bytes = packets.publish({ topicName, payload: "drip", qos: 1, messageId: 3 });
  for (const byte of bytes) {
    await new Promise<void>((resolve) =>
      client.socket.write(Buffer.from([byte]), () => setImmediate(resolve)),
    );
  }
  expect((await client.next("puback")).messageId).toBe(3);
  expect(journal.payloads(topicName)).toEqual(["drip"]);
});

test("an empty topic, a wildcard or QoS 3 in a PUBLISH closes the connection", async (t) => {
  const { connect, journal } = await createTestBroker(t, { isConformance: true });
  for (const fields of [
    { topicName: "" },
    { topicName: "a/#" },
    { topicName: "a/+" },
    { topicName: "a", qos: 3 },
    { topicName: "a", qos: 1, messageId: 0 },
    { topicName: "a\u0000b" },
    { topicName: Buffer.from([0xff, 0xfe]) },
    { topicName: "a/b/c/d/e/f/g/h/i" },
    { topicName: "$SYS/x/new/clients", payload: "victim" },
    { topicName: "$nadi/session" },
  ]) {
    const client = await connect({ clientId: "offender" });
    client.send(packets.publish(fields));
    await client.closed;
  }
  expect(journal.published).toEqual([]);
});
