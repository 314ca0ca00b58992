import * as z from "zod";
import type { Connection } from "../edge/connection.ts";
import type { Edge } from "../edge/edge.ts";
import { Batch } from "./batch.ts";
import type { Peers } from "./peers.ts";

/** Principal, client id and a number that names the connection within its broker. */
const movesSchema = z.array(
  z.object({
    kind: z.enum(["arrived", "left"]),
    name: z.string().max(256),
    id: z.string().max(1_024),
    number: z.int(),
  }),
);
type Move = z.output<typeof movesSchema>[number];

const topic = "device-moves";
/** A storm of sign-ins: some 100 bytes each. */
const movesPerMessage = 500;

interface Own {
  connection: Connection;
  move: Move & { kind: "arrived" };
  /** Its arrival has come back: whatever is heard from now on is newer. */
  isHeard: boolean;
  /** Newer connections of its device, here and elsewhere. */
  newer: Set<string>;
}

/**
 * At most so many connections a device over all brokers, and one of a client id: the older yields.
 *
 * Everyone hears all arrivals in one order, their own too, and that order is who is older: no clock
 * and no count is kept anywhere else. After a loss of the bus each broker tells all of its own
 * again, so that then they are the newest: whom it costs a connection is chance, never more.
 */
export class Takeover {
  readonly #edge: Edge;
  readonly #peers: Peers;
  readonly #connectionsMax: number;
  readonly #own = new Map<string, Set<Own>>();
  readonly #byConnection = new Map<Connection, Own>();
  readonly #batch: Batch<Move>;
  /** Connections ended for one elsewhere, and kept sessions discarded. */
  readonly counts = { yielded: 0, discarded: 0 };

  constructor(options: { edge: Edge; peers: Peers; connectionsMax: number }) {
    this.#edge = options.edge;
    this.#peers = options.peers;
    this.#connectionsMax = options.connectionsMax;
    this.#batch = new Batch(movesPerMessage, (moves) => this.#peers.tell(topic, moves));
  }

  start(): void {
    this.#edge.watchDevices({
      arrived: (connection) => this.#arrived(connection),
      left: (connection) => this.#left(connection),
    });
    this.#peers.onNews(topic, movesSchema, (moves, from) => {
      for (const move of moves) this.#hear(move, from);
    });
    this.#peers.onOpen(() => this.#tellAgain());
    this.#peers.nodes.onChange(({ nodeId }, isThere) => {
      if (!isThere) this.#forget(nodeId);
    });
  }

  #arrived(connection: Connection): void {
    const { client, principal } = connection;
    if (client === null || principal?.kind !== "device") return;
    const { name } = principal;
    const move = { kind: "arrived", name, id: client.id, number: connection.id } as const;
    const own: Own = { connection, move, isHeard: false, newer: new Set() };
    this.#byConnection.set(connection, own);
    const sameDevice = this.#own.get(name) ?? new Set();
    this.#own.set(name, sameDevice.add(own));
    this.#batch.add(move);
  }

  #left(connection: Connection): void {
    const own = this.#byConnection.get(connection);
    if (own === undefined) return;
    this.#byConnection.delete(connection);
    const { name } = own.move;
    const sameDevice = this.#own.get(name);
    sameDevice?.delete(own);
    if (sameDevice?.size === 0) this.#own.delete(name);
    this.#batch.add({ ...own.move, kind: "left" });
  }

  #tellAgain(): void {
    this.#batch.clear();
    for (const own of this.#byConnection.values()) {
      own.isHeard = false;
      this.#batch.add(own.move);
    }
  }

  #hear(move: Move, from: string): void {
    const isOurs = from === this.#peers.nodeId;
    const key = `${from} ${move.number}`;
    const sameDevice = [...(this.#own.get(move.name) ?? [])];
    if (move.kind === "left") {
      for (const own of sameDevice) own.newer.delete(key);
      return;
    }
    const itself = sameDevice.find(({ move: { number } }) => isOurs && number === move.number);
    if (itself !== undefined) {
      itself.isHeard = true;
      itself.newer.clear();
    }
    for (const own of sameDevice) {
      if (own !== itself && own.isHeard) this.#isOlder(own, { move, key, isOurs });
    }
    if (!isOurs) this.#discardSession(move.id, sameDevice);
  }

  #isOlder(own: Own, newer: { move: Move; key: string; isOurs: boolean }): void {
    own.newer.add(newer.key);
    // The same id here is Aedes' own matter.
    const isSameClient = !newer.isOurs && own.move.id === newer.move.id;
    if (!isSameClient && own.newer.size < this.#connectionsMax) return;
    if (own.connection.conn.destroyed) return;
    this.counts.yielded += 1;
    own.connection.client?.close();
  }

  /** The client has its session elsewhere now, unless it has come back here since. */
  #discardSession(id: string, sameDevice: readonly Own[]): void {
    const isNewerHere = sameDevice.some(({ move, isHeard }) => move.id === id && !isHeard);
    if (isNewerHere || this.#edge.sessions.get(id) === null) return;
    this.counts.discarded += 1;
    this.#edge.sessions.discard(id);
  }

  /** Its connections are gone with it. */
  #forget(nodeId: string): void {
    for (const { newer } of this.#byConnection.values()) {
      for (const key of newer) if (key.startsWith(`${nodeId} `)) newer.delete(key);
    }
  }
}
