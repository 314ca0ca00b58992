import type { Duplex } from "node:stream";
import { Gate, GateError, type GateLimits, type GatePacket } from "./gate.ts";

/** What a connection that has been refused may still send before it is not read any more. */
const discardedBytesMax = 65_536;

export interface EntranceHost {
  readonly limits: GateLimits;
  /** The CONNECT is whole and well formed; the gate holds what came behind it. */
  onConnect(gate: Gate, packet: GatePacket): void;
  onFault(error: GateError): void;
}

/**
 * Where a connection stands until its CONNECT is whole and has passed the gate. Nothing is built
 * for it before, because a crowd that sends rubbish costs the neighbours what it leaves to the
 * garbage collector: Aedes' client is most of a connection.
 */
export class Entrance {
  readonly #conn: Duplex;
  readonly #host: EntranceHost;
  readonly #gate: Gate;
  #isPassed = false;
  #discardedBytes = 0;
  readonly #read = (): void => this.#feed();
  readonly #discard = (): void => this.#drain();
  readonly #end = (): void => void this.#conn.end();

  constructor(conn: Duplex, host: EntranceHost) {
    this.#conn = conn;
    this.#host = host;
    this.#gate = new Gate(host.limits);
  }

  open(): void {
    const conn = this.#conn;
    conn.on("readable", this.#read);
    // A transport that stays half open has nobody else to end it.
    conn.once("end", this.#end);
    conn.on("error", () => conn.destroy());
    // Bytes may have come before the listener was there.
    queueMicrotask(this.#read);
  }

  /** It will be closed: what it still sends is dropped, but its end is heard. */
  #discardRest(): void {
    this.#leave();
    this.#conn.on("readable", this.#discard);
    this.#drain();
  }

  #leave(): void {
    this.#isPassed = true;
    this.#conn.removeListener("readable", this.#read);
  }

  #feed(): void {
    if (this.#conn.destroyed || this.#isPassed) return;
    try {
      for (;;) {
        const packet = this.#gate.next();
        if (packet !== null) {
          this.#leave();
          this.#conn.removeListener("end", this.#end);
          this.#host.onConnect(this.#gate, packet);
          return;
        }
        const chunk = this.#conn.read() as Buffer | null;
        if (chunk === null) return;
        this.#gate.push(chunk);
      }
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      this.#discardRest();
      this.#host.onFault(error);
    }
  }

  #drain(): void {
    while (!this.#conn.destroyed) {
      const chunk = this.#conn.read() as Buffer | null;
      if (chunk === null) return;
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes <= discardedBytesMax) continue;
      this.#conn.removeListener("readable", this.#discard);
      return;
    }
  }
}
