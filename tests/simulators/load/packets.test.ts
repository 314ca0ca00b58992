import mqttPacket from "mqtt-packet";
import { expect, test } from "vitest";
import {
  buildConnect,
  createPublishSlots,
  disconnect,
  pingreq,
} from "../../../simulators/load/packets.ts";

const topicName = "sppg/sppg-jakarta-001/telemetry/probe-1/temperature";

function parse(bytes: Buffer): mqttPacket.Packet[] {
  const parsed: mqttPacket.Packet[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet: mqttPacket.Packet) => parsed.push(packet));
  parser.on("error", (error: Error) => {
    throw error;
  });
  parser.parse(bytes);
  return parsed;
}

function parsePublishes(bytes: Buffer): mqttPacket.IPublishPacket[] {
  return parse(bytes) as mqttPacket.IPublishPacket[];
}

test("a prebuilt CONNECT carries client id, login, keep-alive and clean session", () => {
  const device = { clientId: "k.p1", username: "k.p1", password: "secret", topicName };
  const bytes = buildConnect(device, { keepAliveSeconds: 300, cleanSession: false });
  expect(parse(bytes)).toMatchObject([
    {
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId: "k.p1",
      username: "k.p1",
      password: Buffer.from("secret"),
      keepalive: 300,
      clean: false,
    },
  ]);
});

test("a CONNECT without a login has neither username nor password", () => {
  const device = { clientId: "anonymous", topicName };
  const [packet] = parse(buildConnect(device, { keepAliveSeconds: 60, cleanSession: true }));
  expect(packet).toMatchObject({ clientId: "anonymous", clean: true });
  expect(packet).not.toHaveProperty("username");
  expect(packet).not.toHaveProperty("password");
});

test("PINGREQ and DISCONNECT are whole packets", () => {
  expect(parse(Buffer.concat([pingreq, disconnect])).map(({ cmd }) => cmd)).toEqual([
    "pingreq",
    "disconnect",
  ]);
});

test("the slots hold consecutive valid packets with their own id, time and sequence", () => {
  const slots = createPublishSlots({ topicName, qos: 1, count: 3, boot: 4 });
  slots.fill(0, 0, 1_795_300_000_000);
  slots.fill(1, 65_534, 1_795_300_000_999);
  slots.fill(2, 4_294_967_296, 9_999_999_999_999);
  const publishes = parsePublishes(slots.bytes);
  expect(publishes.map(({ topic }) => topic)).toEqual([topicName, topicName, topicName]);
  expect(publishes.map(({ messageId }) => messageId)).toEqual([1, 65_535, 2]);
  expect(publishes.map(({ payload }) => JSON.parse(payload.toString()))).toEqual([
    { ts: 1_795_300_000_000, celsius: 70, boot: 4, seq: 0 },
    { ts: 1_795_300_000_999, celsius: 73.4, boot: 4, seq: 65_534 },
    { ts: 9_999_999_999_999, celsius: 74.6, boot: 4, seq: 4_294_967_296 },
  ]);
});

test("a slot that is filled again keeps nothing of the message before", () => {
  const slots = createPublishSlots({ topicName, qos: 1, count: 1 });
  slots.fill(0, 123_456_789, 1_795_300_000_123);
  slots.markDuplicate(0);
  slots.fill(0, 7, 1_795_300_000_456);
  const [publish] = parsePublishes(slots.bytes);
  expect(publish).toMatchObject({ dup: false, qos: 1, messageId: 8 });
  expect(JSON.parse(String(publish?.payload))).toEqual({
    ts: 1_795_300_000_456,
    celsius: 70.7,
    seq: 7,
  });
});

test("a duplicate differs from its first sending only in the DUP flag", () => {
  const slots = createPublishSlots({ topicName, qos: 1, count: 1 });
  slots.fill(0, 41, 1_795_300_000_000);
  const first = Buffer.from(slots.bytes);
  slots.markDuplicate(0);
  expect(parsePublishes(slots.bytes)[0]).toMatchObject({ dup: true, messageId: 42 });
  expect(slots.bytes.subarray(1)).toEqual(first.subarray(1));
});

test("QoS 0 packets have no message id", () => {
  const slots = createPublishSlots({ topicName, qos: 0, count: 1 });
  slots.fill(0, 5, 1_795_300_000_000);
  const [publish] = parsePublishes(slots.bytes);
  expect(publish).toMatchObject({ qos: 0, topic: topicName });
  expect(publish).not.toHaveProperty("messageId");
  expect(JSON.parse(String(publish?.payload))).toMatchObject({ seq: 5 });
});
