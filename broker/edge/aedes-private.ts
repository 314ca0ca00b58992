import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import type { Connection } from "./connection.ts";
import type { PublishPacket } from "./gate.ts";
import type { QoS } from "./packet-types.ts";

/**
 * What Nadi uses of Aedes 1.2.0 beyond its published types, all in this one file. Aedes and
 * mqtt-packet are pinned exactly; `tests/broker/aedes-contract.test.ts` fails when any of this
 * changes its meaning.
 */
export interface AedesWill {
  topic: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
}

export interface AedesClient extends EventEmitter {
  id: string;
  clean: boolean;
  version: 3 | 4;
  conn: Duplex;
  /** What `handle(conn, req)` was given: our own record of the connection. */
  req: Connection;
  closed: boolean;
  connected: boolean;
  connackSent: boolean;
  will: AedesWill | null;
  _will: AedesWill | null;
  subscriptions: Record<string, { qos: QoS } | undefined>;
  _paused: boolean;
  _parsingBatch: number;
  _nextBatch: (error?: Error | null) => void;
  _keepaliveTimer: NodeJS.Timeout | null;
  _parser: EventEmitter & { parse(bytes: Buffer): number };
  pause(): void;
  resume(): void;
  close(done?: () => void): void;
}

/** SUBSCRIBE in the shape that mqtt-packet gives to Aedes. */
export interface SubscribePacket {
  cmd: "subscribe";
  qos: 1;
  retain: false;
  dup: false;
  messageId: number;
  subscriptions: { topic: string; qos: QoS }[];
}

/** What Aedes publishes: from a client, a will (which has no `cmd`), or its own `$SYS`. */
export type AedesPublish = Pick<PublishPacket, "topic" | "payload" | "qos" | "retain"> &
  Partial<Pick<PublishPacket, "cmd" | "dup" | "messageId">>;

export interface Subscription {
  topic: string;
  qos: QoS | 128;
}

export type Callback<T = unknown> = (error: Error | null, value?: T) => void;

/** The broker's own private parts. */
export interface AedesInternals {
  clients: Record<string, AedesClient | undefined>;
  handle(conn: Duplex, request: Connection): AedesClient;
}

/** The will of a CONNECT that is being judged. */
export function pendingWill(client: AedesClient): AedesWill | null {
  return client._will ?? null;
}

/** Puts off the keep-alive: packets may be waiting that are not read yet. */
export function refreshKeepAlive(client: AedesClient): void {
  client._keepaliveTimer?.refresh();
}

/** Aedes does not want packets at the moment. */
export function isPaused(client: AedesClient): boolean {
  return client._paused;
}

/**
 * Replaces Aedes' reading of the socket: `onDone` hears when a packet has been dealt with, and
 * `onResumed` when Aedes wants packets again.
 */
export function takeOverReading(
  client: AedesClient,
  hooks: { onDone(error: Error | null): void; onResumed(): void },
): void {
  client.conn.removeListener("readable", client._nextBatch);
  client._parsingBatch = 0;
  client._nextBatch = (error) => {
    client._parsingBatch = 0;
    hooks.onDone(error ?? null);
  };
  // Stock `resume` counts a packet as done that is not.
  client.resume = () => {
    client._paused = false;
    hooks.onResumed();
  };
}

/** Frees what Aedes keeps for a filter; deliveries are our sessions' business. */
export function forgetSubscription(client: AedesClient, filter: string): void {
  delete client.subscriptions[filter];
}

/** Hands a decoded packet to Aedes as its parser would. */
export function feedPacket(client: AedesClient, packet: PublishPacket | SubscribePacket): void {
  client._parser.emit("packet", packet);
}

/** Has Aedes parse one whole packet. */
export function feedBytes(client: AedesClient, bytes: Buffer): void {
  client._parser.parse(bytes);
}
