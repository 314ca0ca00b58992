/** Digits of an epoch time in ms; they last until the year 2286. */
const tsDigits = 13;
/** A sequence number is padded with blanks to this width, which JSON allows before a number. */
const seqDigits = 10;
const zero = 48;

export interface LoadDevice {
  clientId: string;
  username?: string;
  password?: string;
  topicName: string;
  /** To connect from, e.g. `127.0.0.2`: one address has some 28,000 ports for one server. */
  localAddress?: string;
}

export function buildConnect(
  device: LoadDevice,
  options: { keepAliveSeconds: number; cleanSession: boolean },
): Buffer {
  const { username, password } = device;
  const flags =
    (options.cleanSession ? 2 : 0) |
    (password === undefined ? 0 : 64) |
    (username === undefined ? 0 : 128);
  const fields = [device.clientId, username, password].filter((text) => text !== undefined);
  return packet(0x10, [
    text("MQTT"),
    Buffer.from([4, flags]),
    uint16(options.keepAliveSeconds),
    ...fields.map(text),
  ]);
}

export const pingreq: Buffer = Buffer.from([0xc0, 0]);
export const disconnect: Buffer = Buffer.from([0xe0, 0]);

/** Where the fields that change lie in a PUBLISH, in bytes from its start. */
interface PublishLayout {
  template: Buffer;
  /** −1 at QoS 0, which has no message id. */
  messageIdAt: number;
  tsAt: number;
  celsiusAt: number;
  seqAt: number;
}

/**
 * A ring of complete PUBLISH packets, one slot for each message in flight. A slot keeps its bytes
 * until it is acknowledged, so it is also what a reconnect sends again, and a slot is never written
 * to while the socket may still hold it.
 */
export interface PublishSlots {
  readonly bytes: Buffer;
  readonly packetBytes: number;
  /** Writes the message with this `seq` into its slot. */
  fill(slot: number, seq: number, tsMs: number): void;
  markDuplicate(slot: number): void;
}

/** Message ids are 1 to 65,535. */
export const messageIdCount = 65_535;

/** They follow the sequence number, so an ack says which message it is for without a table. */
export function messageIdOf(seq: number): number {
  return (seq % messageIdCount) + 1;
}

export function createPublishSlots(options: {
  topicName: string;
  qos: 0 | 1;
  count: number;
  /** Put into the payload as `boot` when it is given. */
  boot?: number | undefined;
}): PublishSlots {
  const { template, messageIdAt, tsAt, celsiusAt, seqAt } = layOut(options);
  const packetBytes = template.length;
  const bytes = Buffer.alloc(packetBytes * options.count);
  for (let slot = 0; slot < options.count; slot += 1) template.copy(bytes, slot * packetBytes);
  const firstByte = 0x30 | (options.qos << 1);

  return {
    bytes,
    packetBytes,
    fill(slot, seq, tsMs) {
      const start = slot * packetBytes;
      bytes[start] = firstByte;
      if (messageIdAt >= 0) {
        const messageId = messageIdOf(seq);
        bytes[start + messageIdAt] = messageId >> 8;
        bytes[start + messageIdAt + 1] = messageId & 255;
      }
      writeDigits(bytes, start + tsAt, { value: tsMs, width: tsDigits });
      // 70.0 to 74.9 and on again: plausible for a pot that is kept hot.
      const tenths = 700 + (seq % 50);
      bytes[start + celsiusAt + 1] = zero + (Math.floor(tenths / 10) % 10);
      bytes[start + celsiusAt + 3] = zero + (tenths % 10);
      writeDigits(bytes, start + seqAt, { value: seq, width: seqDigits });
    },
    markDuplicate(slot) {
      bytes[slot * packetBytes] = firstByte | 8;
    },
  };
}

function layOut(options: {
  topicName: string;
  qos: 0 | 1;
  boot?: number | undefined;
}): PublishLayout {
  const boot = options.boot === undefined ? "" : `"boot":${options.boot},`;
  const head = '{"ts":';
  const middle = ',"celsius":';
  const tail = `,${boot}"seq":`;
  const payload = `${head}${"0".repeat(tsDigits)}${middle}70.0${tail}${" ".repeat(seqDigits)}}`;
  const template = packet(0x30 | (options.qos << 1), [
    text(options.topicName),
    Buffer.alloc(options.qos === 0 ? 0 : 2),
    Buffer.from(payload),
  ]);
  const payloadAt = template.length - payload.length;
  const tsAt = payloadAt + head.length;
  const celsiusAt = tsAt + tsDigits + middle.length;
  return {
    template,
    messageIdAt: options.qos === 0 ? -1 : payloadAt - 2,
    tsAt,
    celsiusAt,
    seqAt: celsiusAt + 4 + tail.length,
  };
}

/** Right-aligned; what lies to the left of the number becomes blank. */
function writeDigits(bytes: Buffer, at: number, number: { value: number; width: number }): void {
  let rest = number.value;
  let position = at + number.width - 1;
  do {
    const tenth = Math.floor(rest / 10);
    bytes[position] = zero + (rest - tenth * 10);
    rest = tenth;
    position -= 1;
  } while (rest > 0 && position >= at);
  for (; position >= at; position -= 1) bytes[position] = 32;
}

function packet(firstByte: number, body: readonly Buffer[]): Buffer {
  const joined = Buffer.concat(body);
  const header = [firstByte];
  let rest = joined.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) header.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...header, rest]), joined]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}
