import { once } from "node:events";
import { expect, test } from "vitest";
import { createTestBroker, credentialsOf, settle } from "../support/broker.ts";
import { packets } from "../support/mqtt-wire.ts";

test("CONNECT of 3.1 and of 3.1.1 is accepted without a session", async (t) => {
  const { open } = await createTestBroker(t, { isConformance: true });
  for (const protocolVersion of [3, 4]) {
    const client = await open();
    const connack = await client.connect({ protocolVersion, clientId: `v${protocolVersion}` });
    expect(connack).toMatchObject({ returnCode: 0, sessionPresent: false });
  }
});

test("a client of MQTT 5 is told by return code 1, and closed", async (t) => {
  const { open, count } = await createTestBroker(t, { isConformance: true });
  const client = await open();
  expect(await client.connect({ protocolVersion: 5, clientId: "five" })).toMatchObject({
    returnCode: 1,
    sessionPresent: false,
  });
  await client.closed;
  expect(count("protocol-level")).toBe(1);
});

test("an empty client id gets an id with clean session 1 and code 2 with 0", async (t) => {
  const { open } = await createTestBroker(t, { isConformance: true });
  const clean = await open();
  expect((await clean.connect({ clientId: "" })).returnCode).toBe(0);
  const kept = await open();
  expect((await kept.connect({ clientId: "", clean: false })).returnCode).toBe(2);
  await kept.closed;
});

test("MQTT 3.1 asks for a client id of 1 to 23 characters", async (t) => {
  const { open } = await createTestBroker(t, { isConformance: true });
  for (const clientId of ["", "x".repeat(24)]) {
    const client = await open();
    expect((await client.connect({ protocolVersion: 3, clientId })).returnCode).toBe(2);
    await client.closed;
  }
});

test("each refusal of a device has its return code", async (t) => {
  const { open, logins } = await createTestBroker(t);
  const device = logins.add("sppg-a", "probe-1");
  const good = credentialsOf(device);
  const noUser = { clientId: "x" };
  const cases = [
    { fields: good, returnCode: 0 },
    { fields: { ...good, password: "wrong" }, returnCode: 4 },
    { fields: { ...good, username: "sppg-a.probe-2" }, returnCode: 4 },
    { fields: { ...good, username: "nonsense" }, returnCode: 4 },
    { fields: noUser, returnCode: 4 },
    { fields: { clientId: "x", username: device.username }, returnCode: 4 },
    { fields: { ...good, clientId: "a/b" }, returnCode: 2 },
    { fields: { ...good, will: { topicName: "sppg/sppg-b/telemetry/x/y" } }, returnCode: 5 },
  ];
  for (const { fields, returnCode } of cases) {
    const client = await open();
    expect((await client.connect(fields)).returnCode, JSON.stringify(fields)).toBe(returnCode);
    if (returnCode !== 0) await client.closed;
  }
  logins.revoke(device);
  const revoked = await open();
  expect((await revoked.connect(good)).returnCode).toBe(5);
  await revoked.closed;
});

test("a second connection with the id closes the first [MQTT-3.1.4-2]", async (t) => {
  const { connect, broker } = await createTestBroker(t, { isConformance: true });
  const first = await connect({ clientId: "same" });
  const second = await connect({ clientId: "same" });
  await first.closed;
  expect(await settle(second)).toEqual([]);
  expect(broker.edge.connectionCount).toBe(1);
});

test("a silent client is closed after one and a half keep-alives, a pinging one is not", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const startedAt = performance.now();
  const silent = await connect({ clientId: "silent", keepAlive: 1 });
  const pinging = await connect({ clientId: "pinging", keepAlive: 1 });
  const patient = await connect({ clientId: "patient", keepAlive: 0 });
  const timer = setInterval(() => pinging.send(packets.pingreq()), 400);
  t.onTestFinished(() => clearInterval(timer));
  await silent.closed;
  const elapsedMs = performance.now() - startedAt;
  expect(elapsedMs).toBeGreaterThan(1_400);
  expect(elapsedMs).toBeLessThan(3_500);
  expect(pinging.socket.closed).toBe(false);
  await settle(patient);
});

test("PINGREQ is answered, and DISCONNECT closes", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const client = await connect({ clientId: "ping" });
  client.send(packets.pingreq());
  expect((await client.next()).type).toBe("pingresp");
  client.send(packets.disconnect());
  await client.closed;
});

test("a second CONNECT, or another packet before the first, closes without an answer", async (t) => {
  const { connect, open, count } = await createTestBroker(t, { isConformance: true });
  const twice = await connect({ clientId: "twice" });
  twice.send(packets.connect({ clientId: "twice" }));
  await twice.closed;
  const early = await open();
  early.send(packets.pingreq());
  await early.closed;
  expect(count("second-connect")).toBe(1);
  expect(count("connect-expected")).toBe(1);
});

test("packets behind CONNECT in one segment wait for the sign-in and are served", async (t) => {
  const { open, logins, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "probe-1");
  const gate = Promise.withResolvers<void>();
  logins.delay = () => gate.promise;
  const client = await open();
  const topicName = "sppg/sppg-a/telemetry/probe-1/temperature";
  const publishes = [1, 2, 3].map((messageId) =>
    packets.publish({ topicName, payload: `${messageId}`, qos: 1, messageId }),
  );
  // Larger than a packet may be before sign-in: the larger limit must hold by then.
  const large = packets.publish({ topicName, payload: "x".repeat(20_000), qos: 1, messageId: 4 });
  client.send(packets.connect(credentialsOf(device)), ...publishes, large, packets.pingreq());
  expect(journal.published).toHaveLength(0);
  gate.resolve();
  expect((await client.next()).type).toBe("connack");
  for (const messageId of [1, 2, 3, 4]) {
    expect((await client.next("puback")).messageId).toBe(messageId);
  }
  await client.next("pingresp");
  expect(journal.payloads(topicName).slice(0, 3)).toEqual(["1", "2", "3"]);
});

test("what follows DISCONNECT is not served, and the will is not sent", async (t) => {
  const { broker, connect, journal, count } = await createTestBroker(t, { isConformance: true });
  const client = await connect({ clientId: "bye", will: { topicName: "will", payload: "w" } });
  const gone = Promise.withResolvers<void>();
  const witness = await connect({ clientId: "witness" });
  witness.send(packets.subscribe({ filters: ["#"] }));
  await witness.next("suback");
  client.socket.once("close", () => gone.resolve());
  client.send(
    packets.publish({ topicName: "a", payload: "before" }),
    packets.disconnect(),
    packets.publish({ topicName: "a", payload: "after" }),
  );
  await gone.promise;
  expect((await witness.next("publish")).payload.toString()).toBe("before");
  broker.edge.publish({ topicName: "z", payload: Buffer.from("end"), qos: 0, retain: false });
  expect((await witness.next("publish")).payload.toString()).toBe("end");
  expect(journal.published.map(({ topicName }) => topicName)).toEqual(["a"]);
  expect(count("after-disconnect")).toBe(1);
});

test("a QoS 1 message in front of DISCONNECT is journaled and routed", async (t) => {
  const { connect } = await createTestBroker(t, { isConformance: true });
  const witness = await connect({ clientId: "witness" });
  witness.send(packets.subscribe({ filters: [{ topicFilter: "a", qos: 1 }] }));
  await witness.next("suback");
  for (const qos of [0, 1, 2]) {
    const client = await connect({ clientId: `hasty${qos}` });
    client.send(packets.publish({ topicName: "a", payload: `${qos}`, qos }), packets.disconnect());
    client.socket.end();
    expect((await witness.next("publish")).payload.toString()).toBe(`${qos}`);
  }
});

test("a CONNECT that is not answered in time is closed", async (t) => {
  const { open, logins, count } = await createTestBroker(t);
  const device = logins.add("sppg-a", "probe-1");
  logins.delay = () => new Promise(() => {});
  const client = await open();
  const startedAt = performance.now();
  client.send(packets.connect(credentialsOf(device)));
  await once(client.socket, "close");
  expect(performance.now() - startedAt).toBeLessThan(6_000);
  expect(count("connect-deadline")).toBe(1);
});
