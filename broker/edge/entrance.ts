import type { Duplex } from "node:stream";
import { connectUserName } from "./connect-check.ts";
import { encodeConnack } from "./encode.ts";
import { Gate, GateError, type GateLimits, type GatePacket } from "./gate.ts";

/** What a client may send behind a CONNECT that waits; the rest stays with its sender. */
const keptBytesMax = 16_384;
/** What a connection that has been refused may still send before it is not read any more. */
const discardedBytesMax = 65_536;

export interface ArrivedConnect {
  /** Holds what came behind the CONNECT in its chunk. */
  gate: Gate;
  connect: GatePacket;
  userName: string | null;
}

export interface EntranceHost {
  readonly limits: GateLimits;
  /** The CONNECT is whole and well formed. */
  onConnect(arrived: ArrivedConnect): void;
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
  /** What has come behind a CONNECT that waits. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  readonly #read = (): void => this.#feed();
  readonly #discard = (): void => this.#drain();
  readonly #keep = (): void => this.#keepRest();
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

  /** The CONNECT has to wait: what comes behind it is kept, so that the client's end is heard. */
  hold(): void {
    const conn = this.#conn;
    conn.on("readable", this.#keep);
    conn.once("end", this.#end);
    this.#keepRest();
  }

  /** Its wait is over: the bytes are there for whoever reads next. */
  release(): void {
    const conn = this.#conn;
    conn.removeListener("readable", this.#keep);
    conn.removeListener("end", this.#end);
    if (this.#keptBytes > 0) conn.unshift(Buffer.concat(this.#kept));
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /** Ends it, with a CONNACK where there is something to answer. */
  close(returnCode: number | null): void {
    const conn = this.#conn;
    if (returnCode === null) conn.destroy();
    // The CONNACK must reach the wire before the socket is destroyed.
    else conn.end(encodeConnack(returnCode), () => conn.destroy());
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
          // Before a CONNECT the gate lets nothing else through.
          const userName = packet.kind === "other" ? connectUserName(packet.bytes) : null;
          this.#host.onConnect({ gate: this.#gate, connect: packet, userName });
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

  #keepRest(): void {
    while (!this.#conn.destroyed && this.#keptBytes < keptBytesMax) {
      const chunk = this.#conn.read() as Buffer | null;
      if (chunk === null) return;
      this.#kept.push(chunk);
      this.#keptBytes += chunk.length;
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
