import * as fc from "fast-check";
import mqttPacket from "mqtt-packet";
import { expect, test } from "vitest";
import { Gate, GateError, type GatePacket } from "../../../broker/edge/gate.ts";
import { packets } from "../../support/mqtt-wire.ts";
import { cut, gateLimits, passAfterConnect } from "./drive-gate.ts";
import { qualities, topicFilters, topicNames } from "./topic-cases.ts";

const messageId = fc.integer({ min: 1, max: 65_535 });
const payload = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

const publish = fc
  .record({
    cmd: fc.constant("publish" as const),
    topic: topicNames,
    payload,
    qos: qualities,
    retain: fc.boolean(),
    dup: fc.boolean(),
    messageId,
  })
  .map((packet) => ({ ...packet, dup: packet.qos > 0 && packet.dup }));
const subscribe = fc.record({
  cmd: fc.constant("subscribe" as const),
  messageId,
  subscriptions: fc.array(fc.record({ topic: topicFilters, qos: qualities }), {
    minLength: 1,
    maxLength: 4,
  }),
});
const unsubscribe = fc.record({
  cmd: fc.constant("unsubscribe" as const),
  messageId,
  unsubscriptions: fc.array(topicFilters, { minLength: 1, maxLength: 4 }),
});
const acknowledgement = fc.record({
  cmd: fc.constantFrom("puback" as const, "pubrec" as const, "pubrel" as const, "pubcomp" as const),
  messageId,
});
const pingreq = fc.constant({ cmd: "pingreq" as const });
const clientPackets = fc.array(
  fc.oneof({ arbitrary: publish, weight: 4 }, subscribe, unsubscribe, acknowledgement, pingreq),
  { minLength: 1, maxLength: 8 },
);

type ClientPacket = mqttPacket.Packet;

function encode(list: readonly ClientPacket[]): Buffer {
  return Buffer.concat(list.map((packet) => mqttPacket.generate(packet)));
}

/** Anywhere, however often; equal positions make empty chunks. */
const positions = fc.array(fc.nat(5000), { maxLength: 12 });

function chunksOf(bytes: Buffer, wanted: readonly number[]): Uint8Array[] {
  const inside = wanted.map((position) => position % (bytes.length + 1));
  return cut(bytes, ...inside.toSorted((a, b) => a - b));
}

function parseAll(bytes: Uint8Array): ClientPacket[] {
  const parsed: ClientPacket[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet: ClientPacket) => parsed.push(packet));
  parser.on("error", (error: Error) => {
    throw error;
  });
  parser.parse(Buffer.from(bytes));
  return parsed;
}

const acknowledgements = { 4: "puback", 5: "pubrec", 7: "pubcomp" } as const;

/** What Aedes would see: our own decoding, or its parser's of the bytes that pass as they are. */
function seenByAedes(packet: GatePacket): object | undefined {
  switch (packet.kind) {
    case "publish":
      return packet.packet;
    case "subscribe":
      return {
        cmd: "subscribe",
        messageId: packet.messageId,
        subscriptions: packet.subscriptions,
      };
    case "ack":
      return { cmd: acknowledgements[packet.type], messageId: packet.messageId };
    case "disconnect":
    case "other":
      break;
  }
  return parseAll(packet.bytes).map(facts)[0];
}

function facts(packet: ClientPacket): object {
  switch (packet.cmd) {
    case "publish": {
      const { cmd, topic, payload, qos, retain, dup } = packet;
      return { cmd, topic, payload, qos, retain, dup, messageId: packet.messageId };
    }
    case "subscribe": {
      const subscriptions = packet.subscriptions.map(({ topic, qos }) => ({ topic, qos }));
      return { cmd: packet.cmd, messageId: packet.messageId, subscriptions };
    }
    case "unsubscribe": {
      const { cmd, messageId, unsubscriptions } = packet;
      return { cmd, messageId, unsubscriptions };
    }
    case "puback":
    case "pubrec":
    case "pubrel":
    case "pubcomp":
      return { cmd: packet.cmd, messageId: packet.messageId };
    case "pingreq":
    case "connect":
    case "connack":
    case "suback":
    case "unsuback":
    case "pingresp":
    case "disconnect":
    case "auth":
      return { cmd: packet.cmd };
    default:
      throw new Error("no such packet type");
  }
}

test("any packets, cut anyhow, are what mqtt-packet reads of them", () => {
  fc.assert(
    fc.property(clientPackets, positions, (list, wanted) => {
      const bytes = encode(list);
      const { packets: passed, fault } = passAfterConnect(...chunksOf(bytes, wanted));
      expect(fault).toBeNull();
      expect(passed.map(seenByAedes)).toEqual(parseAll(bytes).map(facts));
    }),
    { numRuns: 1000 },
  );
});

/** Drives a gate over hostile bytes and checks every promise that does not depend on their kind. */
function survive(chunks: readonly Uint8Array[], isAccepted: boolean): string {
  const gate = new Gate(gateLimits);
  const limit = isAccepted ? gateLimits.packetBytes : gateLimits.packetBytesBeforeConnect;
  const offered = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const log: string[] = [];
  if (isAccepted) {
    gate.push(packets.connect());
    gate.next();
    gate.markAccepted();
  }
  try {
    for (const chunk of chunks) {
      gate.push(Buffer.from(chunk));
      for (let packet = gate.next(); packet !== null; packet = gate.next()) {
        log.push(JSON.stringify(packet));
        // Each packet has two bytes at least, so more of them would be a loop.
        expect(log.length).toBeLessThanOrEqual(offered / 2);
      }
      expect(gate.heldBytes).toBeLessThan(limit + 5);
      expect(gate.reservedBytes).toBeLessThanOrEqual(Math.max(64, limit + 5));
    }
    log.push(`waiting for more than ${gate.heldBytes}`);
  } catch (error) {
    // Anything else is a bug.
    if (!(error instanceof GateError)) throw error;
    log.push(error.fault);
  }
  return log.join("\n");
}

/** Mutations by name: each takes a packet apart at a position, with a random byte to use. */
const mutations = {
  flip: (head: Buffer, tail: Buffer, value: number) => [head, Buffer.of(value), tail.subarray(1)],
  insert: (head: Buffer, tail: Buffer, value: number) => [head, Buffer.of(value), tail],
  remove: (head: Buffer, tail: Buffer, value: number) => [head, tail.subarray(1 + (value & 7))],
  cut: (head: Buffer) => [head],
};
const mutation = fc.record({
  kind: fc.constantFrom("flip" as const, "insert" as const, "remove" as const, "cut" as const),
  at: fc.nat(),
  value: fc.nat(255),
});

function mutate(bytes: Buffer, by: { kind: keyof typeof mutations; at: number; value: number }) {
  const position = by.at % Math.max(1, bytes.length);
  const [head, tail] = [bytes.subarray(0, position), bytes.subarray(position)];
  return Buffer.concat(mutations[by.kind](head, tail, by.value));
}

const hostile = fc
  .tuple(clientPackets, fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([list, applied, isAccepted]) => {
    const greeting = isAccepted ? [] : [packets.connect({ clientId: "c", username: "u" })];
    const bytes = Buffer.concat([...greeting, encode(list)]);
    return { bytes: applied.reduce(mutate, bytes), isAccepted };
  });

test("mutated packets pass or are refused, within bounds, the same however they are cut", () => {
  fc.assert(
    fc.property(hostile, positions, ({ bytes, isAccepted }, wanted) => {
      const whole = survive([bytes], isAccepted);
      expect(survive(chunksOf(bytes, wanted), isAccepted)).toBe(whole);
    }),
    { numRuns: 4000 },
  );
});

test("random bytes pass or are refused, within bounds, the same however they are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), positions, fc.boolean(), (...args) => {
      const [bytes, wanted, isAccepted] = args;
      const buffer = Buffer.from(bytes);
      const whole = survive([buffer], isAccepted);
      expect(survive(chunksOf(buffer, wanted), isAccepted)).toBe(whole);
    }),
    { numRuns: 2000 },
  );
});

test("what passes of mutated packets, mqtt-packet reads the same way", () => {
  fc.assert(
    fc.property(hostile, ({ bytes, isAccepted }) => {
      fc.pre(isAccepted);
      const { packets: passed } = passAfterConnect(bytes);
      const seen = passed.map(seenByAedes);
      const parsed: unknown[] = [];
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on("packet", (packet: ClientPacket) => parsed.push(facts(packet)));
      // What the gate refuses may well be an error here, but never before what it let through.
      parser.on("error", (error: Error) => parsed.push(error.message));
      parser.parse(bytes);
      expect(seen).toEqual(parsed.slice(0, seen.length));
    }),
    { numRuns: 1000 },
  );
});
