import { decodeMqttString } from "./mqtt-string.ts";
import type { GateFault } from "./packet-types.ts";
import { isTopicName } from "./topic-rules.ts";

/** CONNACK return codes of MQTT 3.1.1 table 3.1 that the gate sends itself. */
export const connackProtocolLevel = 1;
export const connackIdentifierRejected = 2;

export interface ConnectFault {
  fault: GateFault;
  /** The CONNACK to send before closing, where the standard asks for one. */
  returnCode: number | null;
}

const flagBits = { reserved: 0x01, clean: 0x02, will: 0x04, password: 0x40, userName: 0x80 };

function fault(name: GateFault, returnCode: number | null = null): ConnectFault {
  return { fault: name, returnCode };
}

/** A cursor over length-prefixed fields; every read answers `null` when it runs past the end. */
class FieldReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  position: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.position = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.position === this.#end;
  }

  byte(): number | null {
    if (this.position >= this.#end) return null;
    return this.#bytes[this.position++] ?? null;
  }

  skip(count: number): boolean {
    if (this.position + count > this.#end) return false;
    this.position += count;
    return true;
  }

  field(): { start: number; end: number } | null {
    if (this.position + 2 > this.#end) return null;
    const start = this.position + 2;
    const end = start + this.#bytes.readUInt16BE(this.position);
    if (end > this.#end) return null;
    this.position = end;
    return { start, end };
  }

  string(): string | null {
    const range = this.field();
    return range === null ? null : decodeMqttString(this.#bytes, range.start, range.end);
  }
}

function checkFlags(flags: number): ConnectFault | null {
  // [MQTT-3.1.2-3]
  if ((flags & flagBits.reserved) !== 0) return fault("connect-malformed");
  const willQos = (flags >> 3) & 3;
  const hasWill = (flags & flagBits.will) !== 0;
  // [MQTT-3.1.2-13, -14, -15]: without a will its QoS and retain bits are 0; QoS 3 never.
  if (willQos === 3 || (!hasWill && (flags & 0x38) !== 0)) return fault("will-invalid");
  // [MQTT-3.1.2-22]
  if ((flags & flagBits.password) !== 0 && (flags & flagBits.userName) === 0) {
    return fault("connect-malformed");
  }
  return null;
}

function checkPayload(reader: FieldReader, flags: number, level: number): ConnectFault | null {
  const clientId = reader.string();
  if (clientId === null) return fault("string-invalid");
  // [MQTT-3.1.3-7, -8]: a server answers 2 and closes.
  // MQTT 3.1 knows no empty client id at all.
  if (clientId === "" && (level === 3 || (flags & flagBits.clean) === 0)) {
    return fault("client-id", connackIdentifierRejected);
  }
  if ((flags & flagBits.will) !== 0) {
    const willTopic = reader.string();
    if (willTopic === null) return fault("string-invalid");
    if (!isTopicName(willTopic) || willTopic.startsWith("$")) return fault("will-invalid");
    if (reader.field() === null) return fault("connect-malformed");
  }
  if ((flags & flagBits.userName) !== 0 && reader.string() === null) {
    return fault("string-invalid");
  }
  if ((flags & flagBits.password) !== 0 && reader.field() === null) {
    return fault("connect-malformed");
  }
  return reader.isAtEnd ? null : fault("connect-malformed");
}

/** The user name of a whole CONNECT that `checkConnect` has let through; `null`: it has none. */
export function connectUserName(packet: Buffer): string | null {
  let body = 1;
  while (((packet[body] ?? 0) & 0x80) !== 0) body++;
  const reader = new FieldReader(packet, body + 1, packet.length);
  reader.field();
  reader.skip(1);
  const flags = reader.byte() ?? 0;
  reader.skip(2);
  reader.field();
  if ((flags & flagBits.will) !== 0) {
    reader.field();
    reader.field();
  }
  return (flags & flagBits.userName) === 0 ? null : reader.string();
}

/**
 * Checks a whole CONNECT, from its variable header on, as MQTT 3.1.1 section 3.1 and 3.1 ask.
 * Answers `null` when Aedes may see it.
 */
export function checkConnect(bytes: Buffer, start: number, end: number): ConnectFault | null {
  const reader = new FieldReader(bytes, start, end);
  const name = reader.string();
  // [MQTT-3.1.2-1]: another protocol gets no answer.
  if (name !== "MQTT" && name !== "MQIsdp") return fault("protocol-name");
  const level = reader.byte();
  if (level === null) return fault("connect-malformed");
  // [MQTT-3.1.2-2]: a level that we do not speak is answered with 1; 0x80 marks a bridge.
  if (level !== (name === "MQTT" ? 4 : 3)) {
    return fault("protocol-level", connackProtocolLevel);
  }
  const flags = reader.byte();
  if (flags === null || !reader.skip(2)) return fault("connect-malformed");
  return checkFlags(flags) ?? checkPayload(reader, flags, level);
}
