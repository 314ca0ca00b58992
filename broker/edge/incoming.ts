import { hash } from "node:crypto";
import type { AppendDone } from "../journal/journal.ts";

interface Received {
  /** Of topic and payload. */
  digest: string;
  /** The number of the connection that it came on: a session must not keep a dead one alive. */
  owner: number;
  offset: number;
  /** Whom to answer when it is on disk; `null` when it is. */
  waiting: AppendDone[] | null;
}

export interface IncomingMessage {
  messageId: number;
  owner: number;
  isDup: boolean;
  topicName: string;
  payload: Buffer;
}

/**
 * The QoS 2 messages of one session between PUBLISH and PUBREL: the receiver's half of
 * [MQTT-4.3.3-2]. A repeat is told by id and content, because a device that has restarted may use
 * an id anew for another reading, which must not be acknowledged unseen.
 */
export class IncomingMessages {
  readonly #received = new Map<number, Received>();
  readonly #max: number;
  /** The last new message that is not on disk yet. */
  #latest: Received | null = null;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#received.size;
  }

  /**
   * Has `store` called once for a message and its repeats, and `done` for each when it is on disk.
   * `false`: this connection has as many as it may. Ids of earlier connections, which nobody may
   * ever release, yield before that.
   */
  receive(message: IncomingMessage, store: (done: AppendDone) => void, done: AppendDone): boolean {
    const { messageId, owner } = message;
    const digest = digestOf(message);
    const known = this.#received.get(messageId);
    // Over a new connection only DUP tells a repeat from an equal reading of a restarted device.
    const isRepeat = known?.digest === digest && (known.owner === owner || message.isDup);
    if (isRepeat) {
      // PUBRECs leave in the order of the PUBLISHes [MQTT-4.6.0-3]: behind what is under way.
      const before = known.waiting ?? this.#latest?.waiting ?? null;
      if (before === null) done(null, known.offset);
      else before.push((error, offset) => done(error, known.offset || offset));
      return true;
    }
    if (known === undefined && !this.#makeRoom(owner)) return false;
    const waiting = [done];
    const entry: Received = { digest, owner, offset: 0, waiting };
    this.#received.delete(messageId);
    this.#received.set(messageId, entry);
    this.#latest = entry;
    store((error, offset) => {
      entry.waiting = null;
      entry.offset = offset;
      if (this.#latest === entry) this.#latest = null;
      if (error !== null && this.#received.get(messageId) === entry) {
        this.#received.delete(messageId);
      }
      for (const answer of waiting) answer(error, offset);
    });
    return true;
  }

  /** PUBREL: the sender knows, and the id is free. */
  release(messageId: number): void {
    this.#received.delete(messageId);
  }

  #makeRoom(owner: number): boolean {
    if (this.#received.size < this.#max) return true;
    for (const [messageId, entry] of this.#received) {
      if (entry.owner === owner) continue;
      this.#received.delete(messageId);
      return true;
    }
    return false;
  }
}

function digestOf({ topicName, payload }: IncomingMessage): string {
  // A topic name holds no U+0000, so the two can't run into each other.
  return hash("sha256", Buffer.concat([Buffer.from(`${topicName}\0`), payload]), "base64");
}
