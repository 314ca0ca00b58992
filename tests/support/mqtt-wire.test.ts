import net, { type AddressInfo } from "node:net";
import { Aedes } from "aedes";
import mqttPacket from "mqtt-packet";
import { expect, test, type TestContext } from "vitest";
import { connectRaw, packets, remainingLength } from "./mqtt-wire.ts";

function parseAll(bytes: Buffer): mqttPacket.Packet[] {
  const parsed: mqttPacket.Packet[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet: mqttPacket.Packet) => parsed.push(packet));
  parser.on("error", (error: Error) => {
    throw error;
  });
  parser.parse(bytes);
  return parsed;
}

async function listen(t: TestContext): Promise<number> {
  const broker = await Aedes.createBroker();
  const server = net.createServer((socket) => broker.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.onTestFinished(() => {
    server.close();
    return new Promise<void>((resolve) => broker.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

test("the client packets are what mqtt-packet reads", () => {
  const parsed = parseAll(
    Buffer.concat([
      packets.connect({
        clientId: "c1",
        clean: false,
        username: "u",
        password: "p",
        keepAlive: 7,
        will: { topicName: "w/t", payload: "gone", qos: 1, retain: true },
      }),
      packets.publish({ topicName: "a/b", payload: "x".repeat(200), qos: 1, messageId: 300 }),
      packets.subscribe({ messageId: 2, filters: ["a/#", { topicFilter: "b/+", qos: 1 }] }),
      packets.unsubscribe({ messageId: 3, filters: ["a/#"] }),
      packets.puback(4),
      packets.pubrec(5),
      packets.pubrel(6),
      packets.pubcomp(7),
      packets.pingreq(),
      packets.disconnect(),
    ]),
  );
  expect(parsed[0]).toMatchObject({
    cmd: "connect",
    clientId: "c1",
    clean: false,
    username: "u",
    password: Buffer.from("p"),
    keepalive: 7,
    will: { topic: "w/t", payload: Buffer.from("gone"), qos: 1, retain: true },
  });
  expect(parsed[1]).toMatchObject({ cmd: "publish", topic: "a/b", qos: 1, messageId: 300 });
  expect(parsed[2]).toMatchObject({
    subscriptions: [
      { topic: "a/#", qos: 0 },
      { topic: "b/+", qos: 1 },
    ],
  });
  expect(parsed.slice(3).map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
    ["unsubscribe", 3],
    ["puback", 4],
    ["pubrec", 5],
    ["pubrel", 6],
    ["pubcomp", 7],
    ["pingreq", undefined],
    ["disconnect", undefined],
  ]);
});

test("a remaining length can be padded beyond what it needs", () => {
  expect([...remainingLength(2)]).toEqual([2]);
  expect([...remainingLength(321)]).toEqual([193, 2]);
  expect([...remainingLength(2, 5)]).toEqual([130, 128, 128, 128, 0]);
});

test("a raw client subscribes, publishes to itself and reads what the broker sends", async (t) => {
  const client = await connectRaw({ port: await listen(t), t });
  const connack = await client.connect({ clientId: "c1" });
  expect(connack).toMatchObject({ sessionPresent: false, returnCode: 0 });
  client.send(packets.subscribe({ messageId: 9, filters: [{ topicFilter: "a/+", qos: 1 }] }));
  expect(await client.next("suback")).toMatchObject({ messageId: 9, granted: [1] });
  client.send(
    packets.publish({ topicName: "a/b", payload: "21.5", qos: 1, messageId: 77 }),
    packets.pingreq(),
  );
  const published = await client.next("publish");
  expect(published).toMatchObject({ topicName: "a/b", qos: 1, retain: false, dup: false });
  expect(published.payload.toString()).toBe("21.5");
  expect(await client.next("puback")).toMatchObject({ messageId: 77 });
  expect((await client.next()).type).toBe("pingresp");
});

test("who waits for a packet learns that the connection has closed", async (t) => {
  const client = await connectRaw({ port: await listen(t), t });
  await client.connect({ clientId: "c1" });
  const waiting = client.next("suback");
  client.send(packets.disconnect());
  await expect(waiting).rejects.toThrow("the connection closed");
  await client.closed;
  await expect(client.next()).rejects.toThrow("the connection");
  for await (const packet of client) expect.unreachable(`nothing can come: ${packet.type}`);
});
