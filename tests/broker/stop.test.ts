import { once } from "node:events";
import { expect, test } from "vitest";
import { createTestBroker } from "../support/broker.ts";
import { connectRaw, packets } from "../support/mqtt-wire.ts";

const topicName = "sppg/sppg-a/telemetry/dev/temperature";

test("a stop acknowledges what is under way, then closes, and sends no will", async (t) => {
  const { broker, logins, signIn, journal } = await createTestBroker(t);
  const device = logins.add("sppg-a", "dev");
  const client = await signIn(device, { will: { topicName, payload: "will" } });
  journal.hold();
  for (let messageId = 1; messageId <= 50; messageId++) {
    client.send(packets.publish({ topicName, payload: "x", qos: 1, messageId }));
  }
  await journal.appended(50);
  const stopping = broker.stop();
  expect(broker.stop()).toBe(stopping);
  // What comes from now on is neither journaled nor acknowledged.
  client.send(packets.publish({ topicName, payload: "late", qos: 1, messageId: 99 }));
  setImmediate(() => journal.release());
  for (let messageId = 1; messageId <= 50; messageId++) {
    expect((await client.next("puback")).messageId).toBe(messageId);
  }
  await client.closed;
  await stopping;
  expect(client.queued()).toEqual([]);
  expect(journal.published).toHaveLength(50);
  await broker.stop();
});

test("no connection is accepted once a stop has begun", async (t) => {
  const { broker, port, logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "dev"));
  journal.hold();
  client.send(packets.publish({ topicName, payload: "x", qos: 1 }));
  await journal.appended(1);
  broker.stopAccepting();
  await expect(connectRaw({ port, t })).rejects.toThrow("ECONNREFUSED");
  const stopping = broker.stop();
  await expect(connectRaw({ port, t })).rejects.toThrow("ECONNREFUSED");
  journal.release();
  await client.next("puback");
  await stopping;
});

test("a stop beside a disk that never syncs ends within 5 s, without acknowledging", async (t) => {
  const { broker, logins, signIn, journal } = await createTestBroker(t);
  const client = await signIn(logins.add("sppg-a", "dev"));
  journal.hold();
  client.send(packets.publish({ topicName, payload: "x", qos: 1 }));
  await journal.appended(1);
  const startedAt = performance.now();
  await broker.stop();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  await client.closed;
  expect(client.queued()).toEqual([]);
});

test("a stop with 1,000 connections, some of which never read, ends within 5 s", async (t) => {
  const { broker, port, logins, signIn } = await createTestBroker(t);
  const clients = [];
  for (let index = 0; index < 1_000; index++) {
    clients.push(await signIn(logins.add("sppg-a", `dev-${index}`)));
  }
  for (const client of clients.slice(0, 20)) client.socket.pause();
  const idle = await connectRaw({ port, t });
  const startedAt = performance.now();
  await broker.stop();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  for (const client of clients.slice(20)) if (!client.socket.closed) await client.closed;
  if (!idle.socket.closed) await once(idle.socket, "close");
  expect(broker.edge.connectionCount).toBe(0);
});
