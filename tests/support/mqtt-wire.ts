import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

/** Text as it should be, or bytes that are deliberately not valid UTF-8. */
export type WireText = string | Uint8Array;

export interface ConnectFields {
  clientId?: WireText;
  /** Default `true`. */
  clean?: boolean;
  username?: WireText;
  password?: WireText;
  /** Seconds; default 60. */
  keepAlive?: number;
  will?: { topicName: WireText; payload?: WireText; qos?: number; retain?: boolean };
  /** 3 is MQTT 3.1 (`MQIsdp`), 4 is 3.1.1 (default), 5 sends empty properties. */
  protocolVersion?: number;
  protocolName?: WireText;
  /** Replaces the computed connect flags, for CONNECTs that lie about their content. */
  connectFlags?: number;
}

export interface PublishFields {
  topicName: WireText;
  payload?: WireText;
  qos?: number;
  /** Default 1 where `qos` is above 0. 0 is sent as it is: that is a malformed PUBLISH. */
  messageId?: number;
  dup?: boolean;
  retain?: boolean;
}

export interface SubscribeFields {
  messageId?: number;
  /** A plain filter asks for QoS 0. */
  filters: readonly (WireText | { topicFilter: WireText; qos: number })[];
}

interface PacketBase {
  /** The lower four bits of the first byte. */
  flags: number;
  /** The whole packet as it came. */
  bytes: Buffer;
}

/** What a 3.1.1 server may send. */
export type ServerPacket =
  | (PacketBase & { type: "connack"; sessionPresent: boolean; returnCode: number })
  | (PacketBase & {
      type: "publish";
      topicName: string;
      payload: Buffer;
      qos: number;
      retain: boolean;
      dup: boolean;
      /** 0 at QoS 0, which has none. */
      messageId: number;
    })
  | (PacketBase & {
      type: "puback" | "pubrec" | "pubrel" | "pubcomp" | "unsuback";
      messageId: number;
    })
  | (PacketBase & { type: "suback"; messageId: number; granted: number[] })
  | (PacketBase & { type: "pingresp" });

export type ServerPacketType = ServerPacket["type"];
export type PacketOf<T extends ServerPacketType> = Narrowed<ServerPacket, T>;
/** One member of the union covers several types, so `Extract` would find none. */
type Narrowed<P, T> = P extends { type: infer U } ? (T extends U ? P & { type: T } : never) : never;

/** The MQTT remaining length; `width` pads it to more bytes than needed (5 is malformed). */
export function remainingLength(length: number, width = 1): Buffer {
  const bytes: number[] = [];
  let rest = length;
  while (rest > 127 || bytes.length < width - 1) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A string or bytes behind its two-byte length. */
export function lengthPrefixed(text: WireText): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

function uint16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 255, value & 255]);
}

/** Any first byte before any body, with a remaining length that is true. */
function raw(firstByte: number, ...body: readonly Uint8Array[]): Buffer {
  const joined = Buffer.concat(body);
  return Buffer.concat([Buffer.from([firstByte]), remainingLength(joined.length), joined]);
}

function connect(fields: ConnectFields = {}): Buffer {
  const { will, username, password } = fields;
  const version = fields.protocolVersion ?? 4;
  const flags =
    ((fields.clean ?? true) ? 2 : 0) |
    (will === undefined ? 0 : 4 | ((will.qos ?? 0) << 3) | (will.retain === true ? 32 : 0)) |
    (password === undefined ? 0 : 64) |
    (username === undefined ? 0 : 128);
  const properties = version === 5 ? [Buffer.from([0])] : [];
  const body = [
    lengthPrefixed(fields.protocolName ?? (version === 3 ? "MQIsdp" : "MQTT")),
    Buffer.from([version, fields.connectFlags ?? flags]),
    uint16(fields.keepAlive ?? 60),
    ...properties,
    lengthPrefixed(fields.clientId ?? ""),
  ];
  if (will !== undefined) {
    body.push(...properties, lengthPrefixed(will.topicName), lengthPrefixed(will.payload ?? ""));
  }
  if (username !== undefined) body.push(lengthPrefixed(username));
  if (password !== undefined) body.push(lengthPrefixed(password));
  return raw(0x10, ...body);
}

function publish(fields: PublishFields): Buffer {
  const qos = fields.qos ?? 0;
  const flags = (fields.dup === true ? 8 : 0) | (qos << 1) | (fields.retain === true ? 1 : 0);
  return raw(
    0x30 | flags,
    lengthPrefixed(fields.topicName),
    qos > 0 ? uint16(fields.messageId ?? 1) : Buffer.alloc(0),
    Buffer.from(fields.payload ?? ""),
  );
}

function subscribe({ messageId = 1, filters }: SubscribeFields): Buffer {
  const body = filters.flatMap((entry) => {
    const { topicFilter, qos } =
      typeof entry === "string" || entry instanceof Uint8Array
        ? { topicFilter: entry, qos: 0 }
        : entry;
    return [lengthPrefixed(topicFilter), Buffer.from([qos])];
  });
  return raw(0x82, uint16(messageId), ...body);
}

function unsubscribe(fields: { messageId?: number; filters: readonly WireText[] }): Buffer {
  return raw(0xa2, uint16(fields.messageId ?? 1), ...fields.filters.map(lengthPrefixed));
}

/**
 * Client packets as bytes. Nothing is checked, so that a test can also build what the standard
 * forbids: a message id of 0, QoS 3, an empty filter list, invalid UTF-8, lying connect flags.
 */
export const packets = {
  raw,
  connect,
  publish,
  subscribe,
  unsubscribe,
  puback: (messageId: number): Buffer => raw(0x40, uint16(messageId)),
  pubrec: (messageId: number): Buffer => raw(0x50, uint16(messageId)),
  pubrel: (messageId: number): Buffer => raw(0x62, uint16(messageId)),
  pubcomp: (messageId: number): Buffer => raw(0x70, uint16(messageId)),
  pingreq: (): Buffer => raw(0xc0),
  disconnect: (): Buffer => raw(0xe0),
};

/** The packet at the start of `bytes`, or `null` while it is not complete. */
export function decodePacket(bytes: Buffer): ServerPacket | null {
  let bodyBytes = 0;
  let bodyStart = 1;
  let more = true;
  for (let shift = 0; more; shift += 7) {
    const digit = bytes[bodyStart];
    if (digit === undefined) return null;
    if (shift > 21) throw new Error("the server sent a remaining length of more than 4 bytes");
    bodyBytes += (digit & 127) << shift;
    bodyStart += 1;
    more = digit > 127;
  }
  if (bytes.length < bodyStart + bodyBytes) return null;
  const whole = bytes.subarray(0, bodyStart + bodyBytes);
  return decodeBody(whole, whole.subarray(bodyStart));
}

function decodeBody(bytes: Buffer, body: Buffer): ServerPacket {
  const first = bytes.readUInt8(0);
  const base: PacketBase = { flags: first & 15, bytes };
  switch (first >> 4) {
    case 2: {
      const sessionPresent = body.readUInt8(0) === 1;
      return { ...base, type: "connack", sessionPresent, returnCode: body.readUInt8(1) };
    }
    case 3:
      return decodePublish(base, body);
    case 4:
      return { ...base, type: "puback", messageId: body.readUInt16BE(0) };
    case 5:
      return { ...base, type: "pubrec", messageId: body.readUInt16BE(0) };
    case 6:
      return { ...base, type: "pubrel", messageId: body.readUInt16BE(0) };
    case 7:
      return { ...base, type: "pubcomp", messageId: body.readUInt16BE(0) };
    case 9:
      return {
        ...base,
        type: "suback",
        messageId: body.readUInt16BE(0),
        granted: [...body.subarray(2)],
      };
    case 11:
      return { ...base, type: "unsuback", messageId: body.readUInt16BE(0) };
    case 13:
      return { ...base, type: "pingresp" };
    default:
      throw new Error(`no server may send packet type ${first >> 4}`);
  }
}

function decodePublish(base: PacketBase, body: Buffer): PacketOf<"publish"> {
  const qos = (base.flags >> 1) & 3;
  const topicEnd = 2 + body.readUInt16BE(0);
  return {
    ...base,
    type: "publish",
    topicName: body.toString("utf8", 2, topicEnd),
    qos,
    retain: (base.flags & 1) === 1,
    dup: (base.flags & 8) === 8,
    messageId: qos > 0 ? body.readUInt16BE(topicEnd) : 0,
    payload: body.subarray(qos > 0 ? topicEnd + 2 : topicEnd),
  };
}

export interface RawClient extends AsyncIterable<ServerPacket> {
  socket: net.Socket;
  send(...bytes: readonly Uint8Array[]): void;
  /**
   * The next packet, or the next of one type (others stay queued). Rejects when the connection
   * closes first, so that a test never waits for what can't come.
   */
  next(): Promise<ServerPacket>;
  next<T extends ServerPacketType>(type: T): Promise<PacketOf<T>>;
  /** Sends CONNECT and resolves with the CONNACK. */
  connect(fields?: ConnectFields): Promise<PacketOf<"connack">>;
  /** Packets that have come and that nobody has taken. */
  queued(): readonly ServerPacket[];
  /** Resolves when the socket is closed, by whichever side; never rejects. */
  closed: Promise<void>;
  /** Closes the socket after what was sent has left, and waits for that. */
  end(): Promise<void>;
}

export interface RawClientOptions {
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Connects from this address, e.g. 127.0.0.2: Linux takes the whole of 127.0.0.0/8. */
  localAddress?: string;
  tls?: tls.ConnectionOptions;
  /** A vitest context: the socket is destroyed when its test ends. */
  t?: { onTestFinished(cleanUp: () => void): void };
}

/** The loopback address of a number: to the broker each is somebody else. */
export function loopbackAddress(number: number): string {
  return `127.1.${(number >> 8) & 255}.${number & 255}`;
}

/** A plain socket that speaks MQTT bytes; resolves when it is connected. */
export async function connectRaw(options: RawClientOptions): Promise<RawClient> {
  const { port, host = "127.0.0.1", localAddress, t } = options;
  const from = localAddress === undefined ? {} : { localAddress };
  const socket =
    options.tls === undefined
      ? net.connect({ port, host, noDelay: true, ...from })
      : tls.connect({ ...options.tls, port, host });
  t?.onTestFinished(() => socket.destroy());
  await once(socket, options.tls === undefined ? "connect" : "secureConnect");
  return openRaw(socket);
}

interface Waiter {
  type: ServerPacketType | undefined;
  resolve(packet: ServerPacket): void;
  reject(error: Error): void;
}

/** The same over any connected duplex stream that looks like a socket. */
export function openRaw(socket: net.Socket): RawClient {
  const queue: ServerPacket[] = [];
  const waiters: Waiter[] = [];
  const closing = Promise.withResolvers<void>();
  let end: Error | null = null;
  let rest: Buffer = Buffer.alloc(0);

  const accept = (packet: ServerPacket): void => {
    const index = waiters.findIndex(({ type }) => type === undefined || type === packet.type);
    if (index < 0) queue.push(packet);
    else waiters.splice(index, 1)[0]?.resolve(packet);
  };
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    try {
      for (let packet = decodePacket(rest); packet !== null; packet = decodePacket(rest)) {
        rest = rest.subarray(packet.bytes.length);
        accept(packet);
      }
    } catch (error) {
      // What the server sent is not MQTT: whoever waits for a packet gets this as the cause.
      socket.destroy(error as Error);
    }
  });
  socket.on("error", (error) => {
    end = error;
  });
  socket.on("close", () => {
    const cause = end ?? undefined;
    end = new Error("the connection closed while a test waited for a packet", { cause });
    for (const waiter of waiters.splice(0)) waiter.reject(end);
    closing.resolve();
  });

  const next = (type?: ServerPacketType): Promise<ServerPacket> =>
    new Promise((resolve, reject) => {
      const index = queue.findIndex((packet) => type === undefined || type === packet.type);
      const found = index < 0 ? undefined : queue.splice(index, 1)[0];
      if (found !== undefined) resolve(found);
      else if (socket.closed) reject(end ?? new Error("the connection is closed"));
      else waiters.push({ type, resolve, reject });
    });
  // The overloads tie the result to the type that was asked for; the waiter checked it.
  const typedNext = next as RawClient["next"];

  const nextOrEnd = (): Promise<ServerPacket | null> =>
    new Promise((resolve) => {
      waiters.push({ type: undefined, resolve, reject: () => resolve(null) });
    });

  const send = (...bytes: readonly Uint8Array[]): void => {
    socket.write(Buffer.concat(bytes));
  };
  return {
    socket,
    send,
    next: typedNext,
    connect(fields) {
      send(connect(fields));
      return typedNext("connack");
    },
    queued: () => queue,
    closed: closing.promise,
    async end() {
      socket.destroySoon();
      await closing.promise;
    },
    async *[Symbol.asyncIterator]() {
      // Ends with the connection, after what had come before it closed.
      while (queue.length > 0 || !socket.closed) {
        const packet = queue.shift() ?? (await nextOrEnd());
        if (packet === null) return;
        yield packet;
      }
    },
  };
}
