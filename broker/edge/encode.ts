import { packetTypes, type QoS } from "./packet-types.ts";

export interface OutgoingPublish {
  topicName: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** Ignored at QoS 0. */
  messageId: number;
}

function lengthBytes(remaining: number): number[] {
  const bytes: number[] = [];
  let rest = remaining;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return bytes;
}

/** A whole PUBLISH in one buffer: encoded once, it goes to any number of QoS 0 subscribers. */
export function encodePublish(message: OutgoingPublish): Buffer {
  const topicBytes = Buffer.byteLength(message.topicName);
  const idBytes = message.qos > 0 ? 2 : 0;
  const length = lengthBytes(2 + topicBytes + idBytes + message.payload.length);
  const bytes = Buffer.allocUnsafe(
    1 + length.length + 2 + topicBytes + idBytes + message.payload.length,
  );
  const flags = (message.dup ? 8 : 0) | (message.qos << 1) | (message.retain ? 1 : 0);
  let position = 0;
  bytes[position++] = (packetTypes.publish << 4) | flags;
  for (const byte of length) bytes[position++] = byte;
  position = bytes.writeUInt16BE(topicBytes, position);
  position += bytes.write(message.topicName, position, "utf8");
  if (idBytes > 0) position = bytes.writeUInt16BE(message.messageId, position);
  message.payload.copy(bytes, position);
  return bytes;
}

/** PUBREL with the flags that [MQTT-3.6.1-1] fixes. */
export function encodePubrel(messageId: number): Buffer {
  return Buffer.from([(packetTypes.pubrel << 4) | 2, 2, messageId >> 8, messageId & 0xff]);
}

/** A CONNACK without a session, for what is refused before Aedes sees it. */
export function encodeConnack(returnCode: number): Buffer {
  return Buffer.from([packetTypes.connack << 4, 2, 0, returnCode]);
}
