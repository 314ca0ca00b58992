import { checkConnect } from "./connect-check.ts";
import { decodeMqttString } from "./mqtt-string.ts";
import { packetTypes, type GateFault, type QoS } from "./packet-types.ts";
import { isTopicFilter, isTopicName, topicBytesMax } from "./topic-rules.ts";

/** A PUBLISH in the shape that mqtt-packet gives to Aedes. */
export interface PublishPacket {
  cmd: "publish";
  topic: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  messageId: number | undefined;
}

/** One filter of a SUBSCRIBE or UNSUBSCRIBE; the QoS is 0 in the latter. */
export interface RequestedSubscription {
  topic: string;
  qos: QoS;
}

/** What the gate lets through, one at a time. `bytes` is a whole packet for Aedes' parser. */
export type GatePacket =
  | { kind: "publish"; packet: PublishPacket }
  | { kind: "ack"; type: 4 | 5 | 7; messageId: number }
  | { kind: "subscribe"; messageId: number; subscriptions: RequestedSubscription[] }
  | { kind: "disconnect"; bytes: Buffer }
  | { kind: "other"; bytes: Buffer };

/** A fault ends the connection; `returnCode` is sent in a CONNACK before, if there is one. */
export class GateError extends Error {
  readonly fault: GateFault;
  readonly returnCode: number | null;

  constructor(fault: GateFault, returnCode: number | null = null) {
    super(`malformed packet: ${fault}`);
    this.name = "GateError";
    this.fault = fault;
    this.returnCode = returnCode;
  }
}

export interface GateLimits {
  /** Largest packet before CONNECT is accepted: a CONNECT with a will fits well. */
  packetBytesBeforeConnect: number;
  /** Largest packet afterwards. */
  packetBytes: number;
}

const noBytes = Buffer.alloc(0);
const continuationBit = 0x80;
const dupFlag = 8;
/** Of one SUBSCRIBE or UNSUBSCRIBE: 256 KB would hold 60,000, and a session keeps far fewer. */
const filtersMax = 1000;
/** [MQTT-2.2.2-1]: the flags that each type must carry; PUBLISH has its own. */
const requiredFlags = new Map<number, number>([
  [packetTypes.connect, 0],
  [packetTypes.puback, 0],
  [packetTypes.pubrec, 0],
  [packetTypes.pubrel, 2],
  [packetTypes.pubcomp, 0],
  [packetTypes.subscribe, 2],
  [packetTypes.unsubscribe, 2],
  [packetTypes.pingreq, 0],
  [packetTypes.disconnect, 0],
]);

/**
 * The byte gate: cuts a client's bytes into packets and refuses at the first fault, before Aedes
 * sees anything. Stock Aedes buffers whatever a Remaining Length of up to 256 MB declares and
 * checks little else (`aedes.md` section 4).
 */
export class Gate {
  readonly #limits: GateLimits;
  #packetBytesMax: number;
  #isConnected = false;
  /** The client speaks MQTT 3.1. */
  #isLegacy = false;
  #isEnded = false;
  /** The chunk being cut, from `#position` on. */
  #chunk: Buffer = noBytes;
  #position = 0;
  /**
   * A packet that spans chunks. It grows by doubling, so that a byte drip costs linear time, and
   * never beyond the declared size, which alone would let a header of 4 bytes take 256 KB.
   */
  #carry: Buffer = noBytes;
  #carryBytes = 0;
  /** The total size of the carried packet, 0 while its header is incomplete. */
  #carryNeeded = 0;
  #isCarryWhole = false;
  /** The last topic, by bytes and decoded: devices repeat theirs. */
  #topicBytes: Buffer = noBytes;
  #topic = "";

  constructor(limits: GateLimits) {
    this.#limits = limits;
    this.#packetBytesMax = limits.packetBytesBeforeConnect;
  }

  /** CONNECT was accepted: the larger packet limit holds from now on. */
  markAccepted(): void {
    this.#packetBytesMax = this.#limits.packetBytes;
  }

  /** Bytes of an incomplete packet that are held. */
  get heldBytes(): number {
    return this.#carryBytes;
  }

  /** What they take in memory: never twice as much, and never more than their packet's size. */
  get reservedBytes(): number {
    return this.#carry.length;
  }

  /** The type of the packet that comes next, or 0 while no byte of it is here. */
  get nextType(): number {
    if (this.#carryBytes > 0) return (this.#carry[0] ?? 0) >> 4;
    return (this.#chunk[this.#position] ?? 0) >> 4;
  }

  /** Takes the next chunk; only when `next()` has answered `null`. */
  push(chunk: Buffer): void {
    if (this.#carryBytes === 0) {
      this.#chunk = chunk;
      this.#position = 0;
      return;
    }
    let position = 0;
    while (this.#carryNeeded === 0 && position < chunk.length) {
      this.#appendCarry(chunk, position, position + 1);
      position++;
      this.#carryNeeded = this.#measure(this.#carry, 0, this.#carryBytes);
    }
    if (this.#carryNeeded > 0) {
      const end = Math.min(chunk.length, position + this.#carryNeeded - this.#carryBytes);
      this.#appendCarry(chunk, position, end);
      position = end;
      this.#isCarryWhole = this.#carryBytes === this.#carryNeeded;
    }
    this.#chunk = chunk;
    this.#position = position;
  }

  /** The next whole packet, or `null` when more bytes are needed. Throws a `GateError`. */
  next(): GatePacket | null {
    if (this.#isCarryWhole) {
      const bytes = this.#carry.subarray(0, this.#carryNeeded);
      this.#carry = noBytes;
      this.#carryBytes = 0;
      this.#carryNeeded = 0;
      this.#isCarryWhole = false;
      return this.#check(bytes, 0, bytes.length);
    }
    const start = this.#position;
    const available = this.#chunk.length - start;
    if (available === 0) {
      // An idle client must not keep its last chunk alive.
      this.#chunk = noBytes;
      this.#position = 0;
      return null;
    }
    if (this.#isEnded) throw new GateError("after-disconnect");
    const needed = this.#measure(this.#chunk, start, this.#chunk.length);
    if (needed === 0 || needed > available) {
      this.#carryNeeded = needed;
      this.#appendCarry(this.#chunk, start, this.#chunk.length);
      this.#chunk = noBytes;
      this.#position = 0;
      return null;
    }
    this.#position = start + needed;
    return this.#check(this.#chunk, start, start + needed);
  }

  #appendCarry(source: Buffer, start: number, end: number): void {
    const total = this.#carryBytes + end - start;
    if (total > this.#carry.length) {
      const doubled = Math.max(total, this.#carry.length * 2, 64);
      const size = this.#carryNeeded === 0 ? doubled : Math.min(doubled, this.#carryNeeded);
      // Not from the shared pool: a packet may wait for its rest for long.
      const grown = Buffer.allocUnsafeSlow(size);
      this.#carry.copy(grown, 0, 0, this.#carryBytes);
      this.#carry = grown;
    }
    source.copy(this.#carry, this.#carryBytes, start, end);
    this.#carryBytes = total;
  }

  /** The whole size of the packet at `start`, or 0 while its header is incomplete. */
  #measure(bytes: Buffer, start: number, end: number): number {
    this.#checkHeader(bytes[start] ?? 0);
    let remaining = 0;
    for (let index = 0; index < 4; index++) {
      const position = start + 1 + index;
      if (position >= end) return 0;
      const byte = bytes[position] ?? 0;
      remaining += (byte & 0x7f) * 128 ** index;
      if (remaining > this.#packetBytesMax) throw new GateError("packet-too-large");
      if ((byte & continuationBit) === 0) return 2 + index + remaining;
    }
    throw new GateError("remaining-length-invalid");
  }

  #checkHeader(first: number): void {
    const type = first >> 4;
    const flags = first & 0x0f;
    if (type === packetTypes.publish) {
      const qos = (flags >> 1) & 3;
      // [MQTT-3.3.1-4] and, for DUP without QoS, [MQTT-3.3.1-2].
      if (qos === 3 || (qos === 0 && (flags & 8) !== 0)) throw new GateError("fixed-header-flags");
    } else {
      const required = requiredFlags.get(type);
      if (required === undefined) throw new GateError("packet-type-not-allowed");
      // MQTT 3.1 section 2.1: what is sent again at QoS 1 carries DUP, PUBREL and SUBSCRIBE too.
      const isRepeat = this.#isLegacy && required === 2 && flags === (required | dupFlag);
      if (flags !== required && !isRepeat) throw new GateError("fixed-header-flags");
    }
    if (!this.#isConnected && type !== packetTypes.connect) throw new GateError("connect-expected");
    // [MQTT-3.1.0-2]
    if (this.#isConnected && type === packetTypes.connect) throw new GateError("second-connect");
  }

  #check(bytes: Buffer, start: number, end: number): GatePacket {
    const type = (bytes[start] ?? 0) >> 4;
    if (type === packetTypes.publish) return this.#checkPublish(bytes, start, end);
    const body = bodyStart(bytes, start);
    switch (type) {
      case packetTypes.connect: {
        const refused = checkConnect(bytes, body, end);
        if (refused !== null) throw new GateError(refused.fault, refused.returnCode);
        this.#isConnected = true;
        this.#isLegacy = bytes.readUInt16BE(body) === "MQIsdp".length;
        break;
      }
      case packetTypes.puback:
      case packetTypes.pubrec:
      case packetTypes.pubcomp:
        return { kind: "ack", type, messageId: readOnlyMessageId(bytes, body, end) };
      case packetTypes.pubrel:
        readOnlyMessageId(bytes, body, end);
        break;
      case packetTypes.subscribe: {
        const subscriptions = readFilters(bytes, { start: body, end, hasQos: true });
        return { kind: "subscribe", messageId: bytes.readUInt16BE(body), subscriptions };
      }
      case packetTypes.unsubscribe:
        readFilters(bytes, { start: body, end, hasQos: false });
        break;
      case packetTypes.disconnect:
        if (body !== end) throw new GateError("packet-length");
        this.#isEnded = true;
        return { kind: "disconnect", bytes: bytes.subarray(start, end) };
      default:
        // PINGREQ, the only type left, has no body.
        if (body !== end) throw new GateError("packet-length");
    }
    return { kind: "other", bytes: withoutDup(bytes.subarray(start, end)) };
  }

  #checkPublish(bytes: Buffer, start: number, end: number): GatePacket {
    const first = bytes[start] ?? 0;
    const body = bodyStart(bytes, start);
    const qos = ((first >> 1) & 3) as QoS;
    if (body + 2 > end) throw new GateError("packet-length");
    const topicStart = body + 2;
    const topicEnd = topicStart + ((bytes[body] ?? 0) << 8) + (bytes[body + 1] ?? 0);
    if (topicEnd > end) throw new GateError("packet-length");
    const topic = this.#readTopic(bytes, topicStart, topicEnd);
    let payloadStart = topicEnd;
    let messageId: number | undefined;
    if (qos > 0) {
      if (topicEnd + 2 > end) throw new GateError("packet-length");
      messageId = ((bytes[topicEnd] ?? 0) << 8) + (bytes[topicEnd + 1] ?? 0);
      // [MQTT-2.3.1-1]
      if (messageId === 0) throw new GateError("packet-id");
      payloadStart += 2;
    }
    const packet: PublishPacket = {
      cmd: "publish",
      topic,
      payload: bytes.subarray(payloadStart, end),
      qos,
      retain: (first & 1) !== 0,
      dup: (first & 8) !== 0,
      messageId,
    };
    return { kind: "publish", packet };
  }

  #readTopic(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    const last = this.#topicBytes;
    // The empty topic is no repetition of the initial, empty one.
    const isRepeated =
      length > 0 && length === last.length && bytes.compare(last, 0, length, start, end) === 0;
    if (isRepeated) return this.#topic;
    if (length > topicBytesMax) throw new GateError("topic-invalid");
    const topic = decodeMqttString(bytes, start, end);
    if (topic === null) throw new GateError("string-invalid");
    if (!isTopicName(topic)) throw new GateError("topic-invalid");
    // Not from the shared pool: one topic a device would keep a whole pool buffer alive.
    this.#topicBytes = Buffer.allocUnsafeSlow(length);
    bytes.copy(this.#topicBytes, 0, start, end);
    this.#topic = topic;
    return topic;
  }
}

/** mqtt-packet knows 3.1.1 alone, where DUP is PUBLISH's; the meaning is the same without it. */
function withoutDup(bytes: Buffer): Buffer {
  const first = bytes[0] ?? 0;
  if ((first & dupFlag) === 0) return bytes;
  const plain = Buffer.from(bytes);
  plain[0] = first & ~dupFlag;
  return plain;
}

/** Where the variable header begins: after the type byte and the Remaining Length. */
function bodyStart(bytes: Buffer, start: number): number {
  let body = start + 2;
  while (((bytes[body - 1] ?? 0) & continuationBit) !== 0) body++;
  return body;
}

/** The body of an acknowledgement: one packet id, not 0, and nothing else. */
function readOnlyMessageId(bytes: Buffer, body: number, end: number): number {
  if (end - body !== 2) throw new GateError("packet-length");
  const messageId = bytes.readUInt16BE(body);
  if (messageId === 0) throw new GateError("packet-id");
  return messageId;
}

/** The filters of SUBSCRIBE or UNSUBSCRIBE, at least one [MQTT-3.8.3-3, MQTT-3.10.3-2]. */
function readFilters(
  bytes: Buffer,
  range: { start: number; end: number; hasQos: boolean },
): RequestedSubscription[] {
  const { end, hasQos } = range;
  if (range.start + 2 > end) throw new GateError("packet-length");
  if (bytes.readUInt16BE(range.start) === 0) throw new GateError("packet-id");
  const subscriptions: RequestedSubscription[] = [];
  let position = range.start + 2;
  while (position < end) {
    if (position + 2 > end) throw new GateError("packet-length");
    const filterEnd = position + 2 + bytes.readUInt16BE(position);
    if (filterEnd + (hasQos ? 1 : 0) > end) throw new GateError("packet-length");
    const filter = decodeMqttString(bytes, position + 2, filterEnd);
    if (filter === null) throw new GateError("string-invalid");
    if (!isTopicFilter(filter)) throw new GateError("filter-invalid");
    // [MQTT-3.8.3-4]: the upper six bits are reserved, and QoS 3 does not exist.
    const qos = hasQos ? (bytes[filterEnd] ?? 0) : 0;
    if (qos !== 0 && qos !== 1 && qos !== 2) throw new GateError("filter-invalid");
    if (subscriptions.length === filtersMax) throw new GateError("too-many-filters");
    subscriptions.push({ topic: filter, qos });
    position = filterEnd + (hasQos ? 1 : 0);
  }
  if (subscriptions.length === 0) throw new GateError("packet-length");
  return subscriptions;
}
