import * as fc from "fast-check";
import mqttPacket from "mqtt-packet";
import { expect, test } from "vitest";
import { encodeConnack, encodePublish, encodePubrel } from "../../../broker/edge/encode.ts";
import { qualities, topicNames } from "./topic-cases.ts";

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

const message = fc.record({
  topicName: topicNames,
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  qos: qualities,
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 65_535 }),
});

test("any PUBLISH is read back as what it was made of", () => {
  fc.assert(
    fc.property(message, ({ topicName, messageId, ...rest }) => {
      const dup = rest.qos > 0 && rest.dup;
      const [parsed, ...more] = parse(encodePublish({ ...rest, topicName, messageId, dup }));
      expect(more).toEqual([]);
      const ids = rest.qos > 0 ? { messageId } : {};
      expect(parsed).toMatchObject({ cmd: "publish", ...rest, dup, topic: topicName, ...ids });
    }),
  );
});

test.for([0, 121, 122, 16_377, 16_378, 2_097_145, 2_097_146])(
  "a payload of %i bytes around a length boundary is read back whole",
  (payloadBytes) => {
    const payload = Buffer.alloc(payloadBytes, "x");
    const message = { topicName: "a/b", payload, retain: false, dup: false, messageId: 0 };
    const [parsed] = parse(encodePublish({ ...message, qos: 0 }));
    expect(parsed).toMatchObject({ cmd: "publish", length: payloadBytes + 5 });
    expect(parsed?.cmd === "publish" && payload.equals(parsed.payload as Buffer)).toBe(true);
  },
);

test("PUBREL has its fixed flags [MQTT-3.6.1-1], and CONNACK its code", () => {
  expect(parse(encodePubrel(513))).toMatchObject([{ cmd: "pubrel", qos: 1, messageId: 513 }]);
  const connack = { cmd: "connack", returnCode: 2, sessionPresent: false };
  expect(parse(encodeConnack(2))).toMatchObject([connack]);
});
