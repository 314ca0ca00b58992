import { expect, test } from "vitest";
import { packets, remainingLength } from "../../support/mqtt-wire.ts";
import { cutIntoBytes, passAfterConnect, passGate } from "./drive-gate.ts";

/** Bytes that are given as they are. */
function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

const publish = packets.publish({ topicName: "a/b", payload: "x", qos: 1, messageId: 7 });
const id7 = bytes(0, 7);

/** Rule, a twin that keeps it, a packet that breaks it, and the fault that it is counted under. */
const rows: [string, Buffer, Buffer, string][] = [
  [
    "a PUBLISH has a topic length",
    packets.publish({ topicName: "a" }),
    packets.raw(0x30),
    "packet-length",
  ],
  [
    "a PUBLISH holds its whole topic",
    packets.raw(0x30, bytes(0, 1, 97)),
    packets.raw(0x30, bytes(0, 2, 97)),
    "packet-length",
  ],
  [
    "a QoS 1 PUBLISH holds its id [MQTT-2.3.1-1]",
    packets.raw(0x32, bytes(0, 1, 97), id7),
    packets.raw(0x32, bytes(0, 1, 97, 0)),
    "packet-length",
  ],
  [
    "a QoS 1 PUBLISH has an id at all",
    packets.raw(0x32, bytes(0, 1, 97), id7),
    packets.raw(0x32, bytes(0, 1, 97)),
    "packet-length",
  ],
  [
    "the id of a PUBLISH is not 0",
    publish,
    packets.publish({ topicName: "a/b", qos: 1, messageId: 0 }),
    "packet-id",
  ],
  [
    "the id of a QoS 2 PUBLISH is not 0",
    packets.publish({ topicName: "a", qos: 2 }),
    packets.publish({ topicName: "a", qos: 2, messageId: 0 }),
    "packet-id",
  ],
  [
    "QoS is 2 at most [MQTT-3.3.1-4]",
    packets.publish({ topicName: "a", qos: 2 }),
    packets.publish({ topicName: "a", qos: 3 }),
    "fixed-header-flags",
  ],
  [
    "QoS 0 has no DUP [MQTT-3.3.1-2]",
    packets.publish({ topicName: "a", qos: 1, dup: true }),
    packets.publish({ topicName: "a", dup: true }),
    "fixed-header-flags",
  ],
  [
    "a topic is not empty [MQTT-4.7.3-1]",
    packets.publish({ topicName: "/" }),
    packets.publish({ topicName: "" }),
    "topic-invalid",
  ],
  [
    "a topic has no # [MQTT-3.3.2-2]",
    packets.publish({ topicName: "a/b" }),
    packets.publish({ topicName: "a/#" }),
    "topic-invalid",
  ],
  [
    "a topic has no + [MQTT-3.3.2-2]",
    packets.publish({ topicName: "a/b" }),
    packets.publish({ topicName: "+/b" }),
    "topic-invalid",
  ],
  [
    "a topic has at most 8 levels",
    packets.publish({ topicName: "/".repeat(7) }),
    packets.publish({ topicName: "/".repeat(8) }),
    "topic-invalid",
  ],
  [
    "a topic has at most 1024 bytes",
    packets.publish({ topicName: "a".repeat(1024) }),
    packets.publish({ topicName: "a".repeat(1025) }),
    "topic-invalid",
  ],
  [
    "a topic of 3-byte characters too",
    packets.publish({ topicName: "あ".repeat(341) }),
    packets.publish({ topicName: "あ".repeat(342) }),
    "topic-invalid",
  ],
  [
    "a topic has no U+0000 [MQTT-1.5.3-2]",
    packets.publish({ topicName: "a b" }),
    packets.publish({ topicName: "a\0b" }),
    "string-invalid",
  ],
  [
    "a topic has no control character",
    packets.publish({ topicName: "a b" }),
    packets.publish({ topicName: "a\nb" }),
    "string-invalid",
  ],
  [
    "a topic has no C1 control character",
    packets.publish({ topicName: "a\u00a0" }),
    packets.publish({ topicName: "a\u0085" }),
    "string-invalid",
  ],
  [
    "a topic is UTF-8 [MQTT-1.5.3-1]",
    packets.publish({ topicName: "\u{10ffff}" }),
    packets.publish({ topicName: bytes(0xf4, 0x90, 0x80, 0x80) }),
    "string-invalid",
  ],
  [
    "a topic has no surrogate",
    packets.publish({ topicName: "\ud7ff" }),
    packets.publish({ topicName: bytes(0xed, 0xa0, 0x80) }),
    "string-invalid",
  ],
  [
    "a topic has no overlong form",
    packets.publish({ topicName: "/" }),
    packets.publish({ topicName: bytes(0xc0, 0xaf) }),
    "string-invalid",
  ],

  ["PUBACK is 2 bytes", packets.puback(7), packets.raw(0x40), "packet-length"],
  [
    "PUBACK is no more than 2 bytes",
    packets.puback(7),
    packets.raw(0x40, id7, id7),
    "packet-length",
  ],
  ["PUBACK has an id", packets.puback(7), packets.puback(0), "packet-id"],
  [
    "PUBACK has no flags [MQTT-2.2.2-1]",
    packets.puback(7),
    packets.raw(0x42, id7),
    "fixed-header-flags",
  ],
  ["PUBREC is 2 bytes", packets.pubrec(7), packets.raw(0x50, bytes(7)), "packet-length"],
  ["PUBREC has an id", packets.pubrec(7), packets.pubrec(0), "packet-id"],
  ["PUBREC has no flags", packets.pubrec(7), packets.raw(0x51, id7), "fixed-header-flags"],
  ["PUBREL is 2 bytes", packets.pubrel(7), packets.raw(0x62, bytes(0, 7, 0)), "packet-length"],
  ["PUBREL has an id", packets.pubrel(7), packets.pubrel(0), "packet-id"],
  [
    "PUBREL has the flags 2 [MQTT-3.6.1-1]",
    packets.pubrel(7),
    packets.raw(0x60, id7),
    "fixed-header-flags",
  ],
  ["PUBCOMP is 2 bytes", packets.pubcomp(7), packets.raw(0x70), "packet-length"],
  ["PUBCOMP has an id", packets.pubcomp(7), packets.pubcomp(0), "packet-id"],
  ["PUBCOMP has no flags", packets.pubcomp(7), packets.raw(0x78, id7), "fixed-header-flags"],
  ["PINGREQ is empty", packets.pingreq(), packets.raw(0xc0, bytes(1)), "packet-length"],
  ["PINGREQ has no flags", packets.pingreq(), packets.raw(0xc1), "fixed-header-flags"],
  ["DISCONNECT is empty", packets.disconnect(), packets.raw(0xe0, bytes(0, 0)), "packet-length"],
  [
    "DISCONNECT has no flags [MQTT-3.14.1-1]",
    packets.disconnect(),
    packets.raw(0xe2),
    "fixed-header-flags",
  ],

  [
    "SUBSCRIBE has an id",
    packets.subscribe({ filters: ["a"] }),
    packets.subscribe({ messageId: 0, filters: ["a"] }),
    "packet-id",
  ],
  [
    "SUBSCRIBE has room for its id",
    packets.subscribe({ filters: ["a"] }),
    packets.raw(0x82, bytes(1)),
    "packet-length",
  ],
  [
    "SUBSCRIBE has a filter [MQTT-3.8.3-3]",
    packets.subscribe({ filters: ["a"] }),
    packets.subscribe({ filters: [] }),
    "packet-length",
  ],
  [
    "SUBSCRIBE has at most 1,000 filters",
    packets.subscribe({ filters: Array.from({ length: 1000 }, (_, index) => `a${index}`) }),
    packets.subscribe({ filters: Array.from({ length: 1001 }, (_, index) => `a${index}`) }),
    "too-many-filters",
  ],
  [
    "SUBSCRIBE has the flags 2 [MQTT-3.8.1-1]",
    packets.subscribe({ filters: ["a"] }),
    packets.raw(0x80, id7, bytes(0, 1, 97, 0)),
    "fixed-header-flags",
  ],
  [
    "SUBSCRIBE asks for QoS 2 at most [MQTT-3.8.3-4]",
    packets.subscribe({ filters: [{ topicFilter: "a", qos: 2 }] }),
    packets.subscribe({ filters: [{ topicFilter: "a", qos: 3 }] }),
    "filter-invalid",
  ],
  [
    "SUBSCRIBE leaves reserved bits 0",
    packets.subscribe({ filters: ["a"] }),
    packets.subscribe({ filters: [{ topicFilter: "a", qos: 4 }] }),
    "filter-invalid",
  ],
  [
    "a filter of SUBSCRIBE has its QoS byte",
    packets.raw(0x82, id7, bytes(0, 1, 97, 0)),
    packets.raw(0x82, id7, bytes(0, 1, 97)),
    "packet-length",
  ],
  [
    "a filter of SUBSCRIBE is whole",
    packets.raw(0x82, id7, bytes(0, 1, 97, 0)),
    packets.raw(0x82, id7, bytes(0, 3, 97, 0)),
    "packet-length",
  ],
  [
    "a later filter has a whole length",
    packets.subscribe({ filters: ["a", "b"] }),
    packets.raw(0x82, id7, bytes(0, 1, 97, 0, 0)),
    "packet-length",
  ],
  [
    "a filter is not empty",
    packets.subscribe({ filters: ["/"] }),
    packets.subscribe({ filters: [""] }),
    "filter-invalid",
  ],
  [
    "# is the last level [MQTT-4.7.1-2]",
    packets.subscribe({ filters: ["a/#"] }),
    packets.subscribe({ filters: ["a/#/b"] }),
    "filter-invalid",
  ],
  [
    "# fills its level",
    packets.subscribe({ filters: ["a/#"] }),
    packets.subscribe({ filters: ["a#"] }),
    "filter-invalid",
  ],
  [
    "+ fills its level [MQTT-4.7.1-3]",
    packets.subscribe({ filters: ["a/+"] }),
    packets.subscribe({ filters: ["a/+b"] }),
    "filter-invalid",
  ],
  [
    "every filter counts",
    packets.subscribe({ filters: ["a", "b"] }),
    packets.subscribe({ filters: ["a", "+b"] }),
    "filter-invalid",
  ],
  [
    "a filter has at most 8 levels",
    packets.subscribe({ filters: ["/".repeat(7)] }),
    packets.subscribe({ filters: ["/".repeat(8)] }),
    "filter-invalid",
  ],
  [
    "a filter has at most 1024 bytes",
    packets.subscribe({ filters: ["あ".repeat(341)] }),
    packets.subscribe({ filters: ["あ".repeat(342)] }),
    "filter-invalid",
  ],
  [
    "a filter has no U+0000",
    packets.subscribe({ filters: ["a"] }),
    packets.subscribe({ filters: ["a\0"] }),
    "string-invalid",
  ],
  [
    "a filter has no control character",
    packets.subscribe({ filters: ["a"] }),
    packets.subscribe({ filters: ["a\u007f"] }),
    "string-invalid",
  ],
  [
    "a filter is UTF-8",
    packets.subscribe({ filters: ["é"] }),
    packets.subscribe({ filters: [bytes(0xe9)] }),
    "string-invalid",
  ],
  [
    "UNSUBSCRIBE has an id",
    packets.unsubscribe({ filters: ["a"] }),
    packets.unsubscribe({ messageId: 0, filters: ["a"] }),
    "packet-id",
  ],
  [
    "UNSUBSCRIBE has a filter [MQTT-3.10.3-2]",
    packets.unsubscribe({ filters: ["a"] }),
    packets.unsubscribe({ filters: [] }),
    "packet-length",
  ],
  [
    "UNSUBSCRIBE has the flags 2 [MQTT-3.10.1-1]",
    packets.unsubscribe({ filters: ["a"] }),
    packets.raw(0xa0, id7, bytes(0, 1, 97)),
    "fixed-header-flags",
  ],
  [
    "a filter of UNSUBSCRIBE is whole",
    packets.unsubscribe({ filters: ["a"] }),
    packets.raw(0xa2, id7, bytes(0, 2, 97)),
    "packet-length",
  ],
  [
    "a filter of UNSUBSCRIBE is UTF-8",
    packets.unsubscribe({ filters: ["é"] }),
    packets.unsubscribe({ filters: [bytes(0xff)] }),
    "string-invalid",
  ],
  [
    "a filter of UNSUBSCRIBE is valid",
    packets.unsubscribe({ filters: ["+/a"] }),
    packets.unsubscribe({ filters: ["+a"] }),
    "filter-invalid",
  ],

  ["no second CONNECT [MQTT-3.1.0-2]", packets.pingreq(), packets.connect(), "second-connect"],
  [
    "no CONNACK from a client",
    packets.pingreq(),
    packets.raw(0x20, bytes(0, 0)),
    "packet-type-not-allowed",
  ],
  [
    "no SUBACK from a client",
    packets.pingreq(),
    packets.raw(0x90, id7, bytes(0)),
    "packet-type-not-allowed",
  ],
  [
    "no UNSUBACK from a client",
    packets.pingreq(),
    packets.raw(0xb0, id7),
    "packet-type-not-allowed",
  ],
  ["no PINGRESP from a client", packets.pingreq(), packets.raw(0xd0), "packet-type-not-allowed"],
  ["no type 0", packets.pingreq(), packets.raw(0x00), "packet-type-not-allowed"],
  ["no type 15", packets.pingreq(), packets.raw(0xf0), "packet-type-not-allowed"],
  [
    "a Remaining Length has at most 4 bytes",
    bytes(0xc0, 0x80, 0x80, 0x80, 0),
    bytes(0xc0, 0x80, 0x80, 0x80, 0x80, 0),
    "remaining-length-invalid",
  ],
];

test.for(rows)("%s: the twin passes, the violation closes", ([, twin, violation, fault]) => {
  const passed = passAfterConnect(twin);
  expect(passed.fault).toBeNull();
  expect(passed.packets).toHaveLength(1);

  const refused = passAfterConnect(violation);
  expect(refused).toMatchObject({ packets: [], fault, returnCode: null });
  const dripped = passAfterConnect(...cutIntoBytes(violation));
  expect(dripped).toMatchObject({ packets: [], fault });
});

test("what came before a violation passes, and nothing after it does", () => {
  const { packets: passed, fault } = passAfterConnect(
    Buffer.concat([publish, packets.puback(0), publish]),
  );
  expect(passed).toHaveLength(1);
  expect(fault).toBe("packet-id");
});

test.for([
  ["PINGREQ", packets.pingreq()],
  ["a second DISCONNECT", packets.disconnect()],
  ["PUBLISH", publish],
  ["one byte of anything", bytes(0)],
] as const)("after DISCONNECT %s closes, in the same chunk and in the next", ([, extra]) => {
  const together = passAfterConnect(Buffer.concat([packets.disconnect(), extra]));
  const apart = passAfterConnect(packets.disconnect(), extra);
  for (const passage of [together, apart]) {
    expect(passage.packets).toMatchObject([{ kind: "disconnect" }]);
    expect(passage.fault).toBe("after-disconnect");
  }
});

test.for([
  ["PUBLISH", publish],
  ["PINGREQ", packets.pingreq()],
  ["DISCONNECT", packets.disconnect()],
  ["SUBSCRIBE", packets.subscribe({ filters: ["a"] })],
] as const)("%s before CONNECT closes at its first byte [MQTT-3.1.0-1]", ([, early]) => {
  expect(passGate([early])).toMatchObject({ packets: [], fault: "connect-expected" });
  expect(passGate([early.subarray(0, 1)])).toMatchObject({ fault: "connect-expected" });
});

test("an HTTP request closes at its first byte", () => {
  expect(passGate([Buffer.from("G")]).fault).toBe("fixed-header-flags");
});

test("a TLS hello closes at its first byte", () => {
  expect(passGate([bytes(0x16)]).fault).toBe("fixed-header-flags");
});

test("a Remaining Length that is longer than it must be passes: 3.1.1 allows it", () => {
  const body = Buffer.concat([bytes(0, 1, 97), id7, Buffer.from("xyz")]);
  const padded = Buffer.concat([bytes(0x32), remainingLength(body.length, 4), body]);
  expect(passAfterConnect(padded).packets).toMatchObject([
    { kind: "publish", packet: { topic: "a", messageId: 7, payload: Buffer.from("xyz") } },
  ]);
});
