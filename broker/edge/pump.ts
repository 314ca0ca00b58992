import type { Duplex } from "node:stream";
import {
  type AedesClient,
  feedBytes,
  feedPacket,
  isPaused,
  refreshKeepAlive,
  takeOverReading,
} from "./aedes-private.ts";
import type { Connection } from "./connection.ts";
import { FairShare } from "./fair-share.ts";
import { type Gate, GateError, type GateLimits, type GatePacket } from "./gate.ts";
import { type GateFault, packetTypes } from "./packet-types.ts";

export interface PumpLimits extends GateLimits {
  /** Unread bytes towards a client above which it is not read any more. */
  unreadBytesMax: number;
}

/** What one pump needs from the whole. */
export interface PumpHost {
  readonly limits: PumpLimits;
  readonly shares: FairShare;
  /** The journal holds as many bytes under way as it may: no message is taken meanwhile. */
  readonly isSaturated: boolean;
  /** Milliseconds until this connection may be read again, by its device's and kitchen's rates. */
  waitMs(connection: Connection): number;
  onFault(connection: Connection, fault: GateFault): void;
  onAcknowledged(connection: Connection, type: 4 | 5 | 7, messageId: number): void;
  /** The pump holds its client back, or does not any more: Aedes' keep-alive must not fire. */
  setHeldBack(pump: Pump, isHeldBack: boolean): void;
}

/** What the entrance hands over: the gate and the CONNECT that it has let through. */
export interface PumpStart {
  client: AedesClient;
  gate: Gate;
  connect: GatePacket;
}

/** Earlier ones of equal filters in one SUBSCRIBE ride through Aedes under such a name. */
export const markerPrefix = "$nadi/";

/** The place of a marked filter in its SUBSCRIBE. */
export function markedIndex(filter: string): number {
  return Number(filter.slice(markerPrefix.length));
}

/**
 * Feeds one client's packets to Aedes, one at a time and at most K under way. Stock Aedes
 * dispatches a whole chunk at once, and one packet a TCP segment without any limit
 * (`aedes.md` section 3).
 */
export class Pump {
  readonly client: AedesClient;
  readonly #connection: Connection;
  readonly #conn: Duplex;
  readonly #host: PumpHost;
  readonly #gate: Gate;
  /** The CONNECT, until it is fed. */
  #first: GatePacket | null;
  readonly #share = FairShare.newcomer();
  #inFlight = 0;
  #isRunning = false;
  #isHeldBack = false;
  #isConnectFed = false;
  #isOpen = false;
  #rateTimer: NodeJS.Timeout | null = null;
  readonly #run: () => void;

  constructor(connection: Connection, start: PumpStart, host: PumpHost) {
    this.client = start.client;
    this.#connection = connection;
    this.#conn = start.client.conn;
    this.#host = host;
    this.#gate = start.gate;
    this.#first = start.connect;
    this.#run = () => this.run();
    this.#takeOver();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** CONNACK is out: the next packets may come. */
  open(): void {
    this.#isOpen = true;
    this.#gate.markAccepted();
    this.run();
  }

  /** Feeds packets until something holds it back or the bytes run out. */
  run(): void {
    if (this.#isRunning || this.client.closed) return;
    this.#isRunning = true;
    try {
      const isHeldBack = this.#feed();
      if (isHeldBack !== this.#isHeldBack) {
        this.#isHeldBack = isHeldBack;
        this.#host.setHeldBack(this, isHeldBack);
      }
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      this.#refuse(error);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Called for a client that is held back, because it may well send PINGREQ that nobody reads. */
  refreshKeepAlive(): void {
    refreshKeepAlive(this.client);
  }

  /** Releases what outlives no connection. Idempotent. */
  stop(): void {
    if (this.#rateTimer !== null) clearTimeout(this.#rateTimer);
    this.#rateTimer = null;
    this.#conn.removeListener("drain", this.#run);
    if (this.#isHeldBack) this.#host.setHeldBack(this, false);
    this.#isHeldBack = false;
  }

  #takeOver(): void {
    takeOverReading(this.client, {
      onDone: (error) => {
        this.#inFlight--;
        if (error !== null) this.client.emit("error", error);
        else this.run();
      },
      onResumed: this.#run,
    });
    this.#conn.on("readable", this.#run);
    this.#conn.on("drain", this.#run);
    queueMicrotask(this.#run);
  }

  /** `true`: packets may be waiting that must not be fed now. */
  #feed(): boolean {
    while (!this.client.closed) {
      if (!this.#mayFeed()) return true;
      const packet = this.#first ?? this.#gate.next();
      this.#first = null;
      if (packet !== null) {
        this.#dispatch(packet);
        continue;
      }
      const chunk = this.#conn.read() as Buffer | null;
      if (chunk === null) return false;
      this.#gate.push(chunk);
      this.#connection.spend(0, chunk.length);
    }
    return false;
  }

  #mayFeed(): boolean {
    if (!this.#isOpen) return !this.#isConnectFed;
    if (isPaused(this.client)) return false;
    const { unreadBytesMax } = this.#host.limits;
    const inFlightMax = this.#host.shares.inFlightMaxOf(this.#share);
    if (this.#inFlight >= inFlightMax || this.#host.isSaturated) {
      if (this.#inFlight >= inFlightMax) this.#host.shares.noteFull(this.#share);
      // Only messages wait for the disk: a stalled one must cost no client its PINGRESP.
      const isMessage = this.#gate.nextType === packetTypes.publish;
      if (isMessage || this.#inFlight >= inFlightMax * 2) return false;
    }
    if (this.#conn.writableLength > unreadBytesMax) return false;
    return this.#isWithinRate();
  }

  #isWithinRate(): boolean {
    if (this.#rateTimer !== null) return false;
    if (!this.#connection.isSpent) return true;
    const waitMs = this.#host.waitMs(this.#connection);
    if (waitMs === 0) return true;
    this.#rateTimer = setTimeout(() => {
      this.#rateTimer = null;
      this.run();
    }, waitMs);
    return false;
  }

  #dispatch(packet: GatePacket): void {
    const { client } = this;
    switch (packet.kind) {
      case "publish":
        this.#connection.spend(1, 0);
        this.#host.shares.noteActive(this.#share);
        this.#inFlight++;
        feedPacket(client, packet.packet);
        return;
      case "ack":
        // Sessions are ours; Aedes has no window and answers anything (`aedes.md` section 10).
        this.refreshKeepAlive();
        this.#host.onAcknowledged(this.#connection, packet.type, packet.messageId);
        return;
      case "subscribe":
        this.#inFlight++;
        // Aedes asks for each filter's right before `feedPacket` returns.
        this.#connection.requested = packet.subscriptions;
        feedPacket(client, {
          cmd: "subscribe",
          qos: 1,
          retain: false,
          dup: false,
          messageId: packet.messageId,
          subscriptions: markDuplicates(packet.subscriptions),
        });
        this.#connection.requested = [];
        return;
      case "disconnect":
      case "other":
        this.#isConnectFed = true;
        this.#inFlight++;
        feedBytes(client, packet.bytes);
    }
  }

  #refuse(error: GateError): void {
    this.#host.onFault(this.#connection, error.fault);
    this.client.emit("error", error);
  }
}

/**
 * SUBACK must answer every filter [MQTT-3.8.4-5], but Aedes merges equal ones. The last of equal
 * filters counts; the earlier ones become markers that nothing matches. So does a filter that
 * looks like a marker, to be judged by what it is.
 */
function markDuplicates<T extends { topic: string }>(subscriptions: readonly T[]): T[] {
  const lastIndex = new Map(subscriptions.map(({ topic }, index) => [topic, index]));
  return subscriptions.map((subscription, index) =>
    lastIndex.get(subscription.topic) === index && !subscription.topic.startsWith(markerPrefix)
      ? subscription
      : { ...subscription, topic: `${markerPrefix}${index}` },
  );
}
