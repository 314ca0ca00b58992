import {
  connect,
  type IClientOptions,
  type IPublishPacket,
  type MqttClient,
  type Packet,
} from "mqtt";
import type { FilterPlan } from "./filters.ts";

/** 5 as the cluster speaks it; 4 is MQTT 3.1.1. */
export type ProtocolVersion = 4 | 5;

export interface ClusterMessage {
  readonly topicName: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly isRetained: boolean;
  readonly isDup: boolean;
  /** 0 for QoS 0. */
  readonly messageId: number;
}

export type EndReason =
  | { kind: "lost"; detail: string }
  /** The cluster does not speak MQTT 5. */
  | { kind: "version" }
  | { kind: "refused"; detail: string }
  | { kind: "subscription"; detail: string };

export interface ConnectionOptions {
  host: string;
  port: number;
  isTls: boolean;
  ca: Buffer | undefined;
  username: string | undefined;
  password: string | undefined;
  clientId: string;
  protocolVersion: ProtocolVersion;
  filters: FilterPlan;
  /** `false`: the session of this client id ends with the connection, with all that waits in it. */
  keepsSession: boolean;
  /** Messages that the cluster may send without an acknowledgement; MQTT 5 only. */
  inFlightMax: number;
  /** MQTT 5 only. */
  packetBytesMax: number;
  /** A peer that is frozen or gone without a word is found after one and a half of it. */
  keepAliveSeconds: number;
  /** `false` while no more may be taken; `resume` goes on. */
  mayRead(): boolean;
  onMessage(message: ClusterMessage): void;
  /** All filters are granted. */
  onReady(facts: { hasSession: boolean }): void;
  /** Once. */
  onEnd(reason: EndReason): void;
}

export interface OutgoingMessage {
  topicName: string;
  payload: Buffer;
  /** MQTT 5 only: how long it may wait for its device. */
  lifeSeconds: number;
}

export const connectionLimits = {
  connackMsMax: 10_000,
  /** The device's own time is believed so long; what waits longer would be flagged. */
  sessionSeconds: 7 * 86_400,
  /** A goodbye that nobody takes. */
  endMsMax: 1_000,
} as const;

/**
 * mqtt.js 5.16 handles one packet at a time and writes the PUBACK when `handleMessage` calls back.
 * Calling back late would stop all that comes behind, PINGRESP too, until it gives the connection
 * up (mqtt.js#1935). An error makes it go on without a PUBACK, which is what we want: ours is
 * written when the message is on disk.
 */
const acknowledgedLater = new Error("acknowledged when it is on disk");

/** MQTT 5 section 3.4.2.1. */
const noMatchingSubscribers = 16;

const returnCodes = { versionOfMqtt3: 1, versionOfMqtt5: 132 } as const;

/**
 * One connection to the cluster, once: it never comes back by itself. mqtt.js parses, pings and
 * subscribes; acknowledgements of what comes in are ours.
 */
export class ClusterConnection {
  readonly #options: ConnectionOptions;
  readonly #client: MqttClient;
  #isEnded = false;
  #isReady = false;
  /** The packet that mqtt.js may not go on from. */
  #heldBack: (() => void) | null = null;
  #heldTimer: NodeJS.Timeout | null = null;
  #acks: number[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const client = connect(clientOptions(options));
    this.#client = client;
    client.handleMessage = (packet, callback) => this.#take(packet, callback);
    client.on("connect", ({ sessionPresent }) => this.#subscribe(sessionPresent));
    client.on("error", (error) => this.#end(reasonOf(error, options.protocolVersion)));
    client.on("disconnect", ({ reasonCode }) =>
      this.#end({ kind: "lost", detail: `the cluster has disconnected us (${reasonCode ?? 0})` }),
    );
    client.on("close", () => this.#end({ kind: "lost", detail: "the connection was closed" }));
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** PUBACK for a message that is on disk. Those of one turn leave with one write. */
  acknowledge(messageId: number): void {
    if (this.#isEnded) return;
    if (this.#acks.push(messageId) === 1) queueMicrotask(() => this.flush());
  }

  /** Writes what is acknowledged. */
  flush(): void {
    const ids = this.#acks;
    this.#acks = [];
    if (this.#isEnded || ids.length === 0) return;
    const bytes = Buffer.allocUnsafe(ids.length * 4);
    for (const [index, id] of ids.entries()) {
      // [MQTT-3.4]: the same four bytes in MQTT 5, where they mean success.
      bytes.writeUInt16BE(0x4002, index * 4);
      bytes.writeUInt16BE(id, index * 4 + 2);
    }
    this.#client.stream.write(bytes);
  }

  /** There is room again. */
  resume(): void {
    const goOn = this.#heldBack;
    if (goOn === null || !this.#options.mayRead()) return;
    this.#release();
    goOn();
  }

  /** `true` at the cluster's PUBACK, `false` if it says that nobody listens; else rejects. */
  async publish(message: OutgoingMessage): Promise<boolean> {
    const { topicName, payload, lifeSeconds } = message;
    const isMqtt5 = this.#options.protocolVersion === 5;
    const client = this.#client;
    let reasonCode: number | undefined;
    // The answer to a publish comes without its reason.
    const note = (packet: Packet): void => {
      if (packet.cmd === "puback" && packet.messageId === messageId) reasonCode = packet.reasonCode;
    };
    const answered = client.publishAsync(
      topicName,
      payload,
      isMqtt5 ? { qos: 1, properties: { messageExpiryInterval: lifeSeconds } } : { qos: 1 },
    );
    const messageId = client.getLastMessageId();
    client.on("packetreceive", note);
    try {
      await answered;
    } finally {
      client.off("packetreceive", note);
    }
    return reasonCode !== noMatchingSubscribers;
  }

  /** With a DISCONNECT where the peer takes one; the session stays. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.flush();
    this.#isEnded = true;
    this.#release();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, connectionLimits.endMsMax);
    await Promise.race([this.#client.endAsync(!this.#client.connected), tooLong]);
    clearTimeout(timer);
    this.#client.stream.destroy();
  }

  /** Without a word: what is not acknowledged comes again. */
  reset(detail: string): void {
    this.#end({ kind: "lost", detail });
  }

  #take(packet: IPublishPacket, callback: (error?: Error) => void): void {
    if (this.#isEnded) return;
    const { qos, messageId = 0 } = packet;
    // A payload is a slice of the chunk that it came in; the journal copies it at once.
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    this.#options.onMessage({
      topicName: packet.topic,
      payload,
      qos,
      isRetained: packet.retain,
      isDup: packet.dup,
      messageId,
    });
    // QoS 2 can't come to a subscription of QoS 1 [MQTT-3.8.4-6].
    const goOn = (): void => callback(qos === 1 ? acknowledgedLater : undefined);
    if (this.#options.mayRead()) goOn();
    else this.#hold(goOn);
  }

  /**
   * Reads no further. The cluster's PINGRESPs stay unread too: our PINGREQs go out all the same,
   * and their answers are not missed meanwhile.
   */
  #hold(goOn: () => void): void {
    this.#heldBack = goOn;
    this.#heldTimer ??= setInterval(
      () => {
        this.#client.sendPing();
        this.#client.reschedulePing(true);
      },
      (this.#options.keepAliveSeconds * 1_000) / 2,
    );
  }

  #release(): void {
    this.#heldBack = null;
    if (this.#heldTimer !== null) clearInterval(this.#heldTimer);
    this.#heldTimer = null;
  }

  #subscribe(hasSession: boolean): void {
    const { wanted, unwanted } = this.#options.filters;
    if (wanted.length === 0) {
      this.#client.unsubscribe([...unwanted], () => this.#ready(hasSession));
      return;
    }
    this.#client.unsubscribe([...unwanted]);
    // Also in a session that has them: a filter may be new, or have been forgotten in a restart.
    // 2: retained messages are old ones.
    this.#client.subscribe([...wanted], { qos: 1, rh: 2 }, (error) => {
      // Also if one of the filters alone is refused.
      if (error === null) this.#ready(hasSession);
      else this.#end({ kind: "subscription", detail: error.message });
    });
  }

  #ready(hasSession: boolean): void {
    if (this.#isEnded) return;
    this.#isReady = true;
    this.#options.onReady({ hasSession });
  }

  #end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#isReady = false;
    this.#release();
    // Nothing of the client may outlive it: not its timers, not its store.
    this.#client.end(true);
    this.#options.onEnd(reason);
  }
}

function clientOptions(options: ConnectionOptions): IClientOptions {
  const { host, port, isTls, ca, username, password, clientId, protocolVersion } = options;
  const sessionExpiryInterval = options.keepsSession ? connectionLimits.sessionSeconds : 0;
  return {
    host,
    port,
    protocol: isTls ? "mqtts" : "mqtt",
    ...(ca === undefined ? {} : { ca }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clientId,
    protocolVersion,
    ...(protocolVersion === 5
      ? {
          properties: {
            sessionExpiryInterval,
            receiveMaximum: options.inFlightMax,
            maximumPacketSize: options.packetBytesMax,
          },
        }
      : {}),
    clean: !options.keepsSession,
    resubscribe: false,
    // A new attempt is a new connection, after a pause that is not the same for all.
    reconnectPeriod: 0,
    keepalive: options.keepAliveSeconds,
    connectTimeout: connectionLimits.connackMsMax,
    timerVariant: "native",
  };
}

/** The code of a refused CONNECT is a number; a socket's is a word. */
function reasonOf(error: Error, protocolVersion: ProtocolVersion): EndReason {
  const code = "code" in error ? error.code : undefined;
  if (typeof code !== "number") return { kind: "lost", detail: error.message };
  const { versionOfMqtt3, versionOfMqtt5 } = returnCodes;
  const isVersion = code === versionOfMqtt3 || code === versionOfMqtt5;
  if (protocolVersion === 5 && isVersion) return { kind: "version" };
  return { kind: "refused", detail: error.message };
}
