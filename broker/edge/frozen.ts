import type { Duplex } from "node:stream";

export interface FrozenLimits {
  /** How long a client may take too little. */
  frozenMs: number;
  /**
   * What it must take in that time. A socket tells of a write when the kernel has all of it, so a
   * client with 256 KB before it must take those.
   */
  takenBytesMin: number;
}

interface Since {
  ms: number;
  takenBytes: number;
}

/**
 * Bytes that the client's side of the network has taken, as far as the kernel tells; a transport
 * that hears of it from the client itself says so as `bytesTaken`.
 */
function takenBytes(conn: Duplex): number {
  if ("bytesTaken" in conn) return Number(conn.bytesTaken);
  // A socket counts what it was given; another transport tells by draining alone.
  const given = "bytesWritten" in conn ? Number(conn.bytesWritten) : 0;
  return given - conn.writableLength;
}

/** Watches one connection for a client that does not read what was written to it. */
export class FrozenWatch {
  readonly #conn: Duplex;
  readonly #limits: FrozenLimits;
  #since: Since | null = null;

  constructor(conn: Duplex, limits: FrozenLimits) {
    this.#conn = conn;
    this.#limits = limits;
  }

  /** Asked now and then: `true` when it has taken too little for too long. */
  isFrozen(nowMs: number): boolean {
    if (!this.#conn.writableNeedDrain) {
      this.#since = null;
      return false;
    }
    const taken = takenBytes(this.#conn);
    if (this.#since === null || taken - this.#since.takenBytes >= this.#limits.takenBytesMin) {
      this.#since = { ms: nowMs, takenBytes: taken };
      return false;
    }
    return nowMs - this.#since.ms > this.#limits.frozenMs;
  }
}
