import { expect, test } from "vitest";
import { Gate, GateError } from "../../../broker/edge/gate.ts";
import { packets, remainingLength } from "../../support/mqtt-wire.ts";
import { cut, cutIntoBytes, gateLimits, passAfterConnect, passGate } from "./drive-gate.ts";

function header(firstByte: number, length: number): Buffer {
  return Buffer.concat([Buffer.from([firstByte]), remainingLength(length)]);
}

test("each kind of packet is handed on in its own shape", () => {
  const pingreq = packets.pingreq();
  const pubrel = packets.pubrel(3);
  const unsubscribe = packets.unsubscribe({ messageId: 5, filters: ["a", "b/#"] });
  const filters = ["a", { topicFilter: "b/+/#", qos: 2 }, { topicFilter: "a", qos: 1 }];
  const { packets: passed } = passAfterConnect(
    packets.publish({ topicName: "a/b", payload: "now" }),
    packets.publish({ topicName: "c", qos: 2, dup: true, retain: true, messageId: 65_535 }),
    packets.subscribe({ messageId: 258, filters }),
    packets.puback(1),
    packets.pubrec(2),
    packets.pubcomp(515),
    pubrel,
    unsubscribe,
    pingreq,
    packets.disconnect(),
  );
  const flags = { cmd: "publish", dup: false, retain: false };
  expect(passed).toEqual([
    {
      kind: "publish",
      packet: { ...flags, topic: "a/b", payload: Buffer.from("now"), qos: 0, messageId: undefined },
    },
    {
      kind: "publish",
      packet: {
        cmd: "publish",
        topic: "c",
        payload: Buffer.alloc(0),
        qos: 2,
        dup: true,
        retain: true,
        messageId: 65_535,
      },
    },
    {
      kind: "subscribe",
      messageId: 258,
      subscriptions: [
        { topic: "a", qos: 0 },
        { topic: "b/+/#", qos: 2 },
        { topic: "a", qos: 1 },
      ],
    },
    { kind: "ack", type: 4, messageId: 1 },
    { kind: "ack", type: 5, messageId: 2 },
    { kind: "ack", type: 7, messageId: 515 },
    { kind: "other", bytes: pubrel },
    { kind: "other", bytes: unsubscribe },
    { kind: "other", bytes: pingreq },
    { kind: "disconnect", bytes: packets.disconnect() },
  ]);
});

const conversation = Buffer.concat([
  packets.connect({ clientId: "c", username: "u", password: "p" }),
  packets.publish({ topicName: "a/b", payload: "x".repeat(150), qos: 1, messageId: 9 }),
  packets.publish({ topicName: "a/b", payload: "", qos: 0 }),
  packets.publish({ topicName: "a/é", payload: "y", qos: 2, messageId: 10 }),
  packets.subscribe({ filters: ["a/#", "b"] }),
  packets.puback(4),
  packets.pingreq(),
  packets.disconnect(),
]);

test("a conversation passes the same however it is cut in two", () => {
  const whole = passGate([conversation]);
  expect(whole.packets).toHaveLength(8);
  expect(whole.fault).toBeNull();
  for (let position = 0; position <= conversation.length; position++) {
    expect(passGate(cut(conversation, position)).packets).toEqual(whole.packets);
  }
});

test("a conversation passes the same byte by byte, with empty chunks between", () => {
  const drip = cutIntoBytes(conversation).flatMap((byte) => [byte, Buffer.alloc(0)]);
  expect(passGate(drip).packets).toEqual(passGate([conversation]).packets);
});

test("a packet is cut in three anywhere in its header and Remaining Length", () => {
  const publish = packets.publish({ topicName: "a", payload: "z".repeat(20_000), qos: 1 });
  const whole = passAfterConnect(publish).packets;
  const pairs = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((first) =>
    [1, 2, 3, 4, 5, 6, 7, 8, publish.length].map((second) => [first, Math.max(first, second)]),
  );
  for (const pair of pairs) {
    expect(passAfterConnect(...cut(publish, ...pair)).packets).toEqual(whole);
  }
});

test("a change of topic is seen, also to one of the same length", () => {
  const topicNames = ["a/b", "a/c", "a/b", "abc/d", "a/b"];
  const { packets: passed } = passAfterConnect(
    ...topicNames.map((topicName) => packets.publish({ topicName })),
  );
  expect(passed.map((each) => each.kind === "publish" && each.packet.topic)).toEqual(topicNames);
});

test("a leading U+FEFF belongs to the topic [MQTT-1.5.3-3]", () => {
  const { packets: passed } = passAfterConnect(packets.publish({ topicName: "\ufeffa" }));
  expect(passed).toMatchObject([{ packet: { topic: "\ufeffa" } }]);
});

test("the last topic outlives the chunk that it came in", () => {
  const gate = new Gate(gateLimits);
  const chunk = Buffer.concat([packets.connect(), packets.publish({ topicName: "a/b" })]);
  gate.push(chunk);
  gate.next();
  gate.next();
  expect(gate.next()).toBeNull();
  chunk.fill(0);
  gate.push(packets.publish({ topicName: "a/b" }));
  expect(gate.next()).toMatchObject({ packet: { topic: "a/b" } });
});

test("a CONNECT of 4 KB passes, and a larger one closes at its header", () => {
  const empty = packets.connect({ username: "u", password: "" });
  const room = gateLimits.packetBytesBeforeConnect - (empty.length - 2);
  const fits = packets.connect({ username: "u", password: "p".repeat(room) });
  const tooLarge = packets.connect({ username: "u", password: "p".repeat(room + 1) });
  expect(passGate([fits])).toMatchObject({ packets: [{ kind: "other" }], fault: null });
  expect(passGate([tooLarge.subarray(0, 3)])).toMatchObject({ fault: "packet-too-large" });
  expect(passGate([header(0x10, 268_435_455)]).fault).toBe("packet-too-large");
});

test("a packet of 256 KB passes, and a larger one closes at its header", () => {
  const payload = "x".repeat(gateLimits.packetBytes - 3);
  const fits = packets.publish({ topicName: "a", payload });
  expect(passAfterConnect(fits).packets).toHaveLength(1);
  expect(passAfterConnect(header(0x30, gateLimits.packetBytes)).fault).toBeNull();
  const refused = passAfterConnect(header(0x30, gateLimits.packetBytes + 1));
  expect(refused).toMatchObject({ fault: "packet-too-large", packets: [] });
});

test("until CONNECT is accepted, what follows it is held to the small limit", () => {
  const gate = new Gate(gateLimits);
  gate.push(packets.connect());
  expect(gate.next()).toMatchObject({ kind: "other" });
  gate.push(header(0x30, gateLimits.packetBytesBeforeConnect + 1));
  expect(() => gate.next()).toThrow(GateError);
});

test("a header that is hostile is refused in whichever byte shows it", () => {
  for (const chunks of [
    [Buffer.from([0x10, 0xff, 0xff])],
    cutIntoBytes(Buffer.from([0x10, 0xff, 0xff])),
  ]) {
    expect(passGate(chunks).fault).toBe("packet-too-large");
  }
});

test("256 KB byte by byte pass, and never more than them is held", () => {
  const payload = "x".repeat(gateLimits.packetBytes - 3);
  const publish = packets.publish({ topicName: "a", payload });
  const passage = passGate([packets.connect(), ...cutIntoBytes(publish)]);
  const { packets: passed, heldBytesMax } = passage;
  expect(passed).toMatchObject([
    { kind: "other" },
    { packet: { topic: "a", payload: Buffer.from(payload) } },
  ]);
  expect(heldBytesMax).toBeLessThan(publish.length);
});

test("a declared size alone takes no memory", () => {
  const gate = new Gate(gateLimits);
  gate.push(packets.connect());
  gate.next();
  gate.markAccepted();
  gate.push(header(0x30, gateLimits.packetBytes));
  gate.next();
  expect(gate.reservedBytes).toBeLessThanOrEqual(64);
  gate.push(Buffer.alloc(100));
  gate.next();
  expect(gate.heldBytes).toBe(104);
  expect(gate.reservedBytes).toBeLessThanOrEqual(2 * gate.heldBytes);
});

test("the room for a packet never outgrows its size", () => {
  const publish = packets.publish({ topicName: "a", payload: "x".repeat(150_000) });
  const gate = new Gate(gateLimits);
  gate.push(packets.connect());
  gate.next();
  gate.markAccepted();
  for (const chunk of cut(publish, 100_000, publish.length - 1).slice(0, -1)) {
    gate.push(Buffer.from(chunk));
    expect(gate.next()).toBeNull();
  }
  expect(gate.reservedBytes).toBe(publish.length);
  gate.push(publish.subarray(-1));
  expect(gate.next()).toMatchObject({ kind: "publish" });
  expect(gate.heldBytes).toBe(0);
  expect(gate.reservedBytes).toBe(0);
});

function withDup(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(bytes[0] ?? 0) | 8]), bytes.subarray(1)]);
}

test("MQTT 3.1 repeats PUBREL, SUBSCRIBE and UNSUBSCRIBE with DUP; 3.1.1 may not", () => {
  const repeats = [
    packets.pubrel(3),
    packets.unsubscribe({ messageId: 5, filters: ["a"] }),
    packets.subscribe({ messageId: 6, filters: ["a"] }),
  ];
  const old = packets.connect({ clientId: "old", protocolVersion: 3 });
  const plain = passGate([old, ...repeats]).packets.slice(1);
  expect(passGate([old, ...repeats.map(withDup)]).packets.slice(1)).toEqual(plain);
  for (const repeat of repeats) {
    expect(passAfterConnect(withDup(repeat)).fault).toBe("fixed-header-flags");
    const otherBit = Buffer.concat([Buffer.from([(repeat[0] ?? 0) | 1]), repeat.subarray(1)]);
    expect(passGate([old, otherBit]).fault).toBe("fixed-header-flags");
  }
});
