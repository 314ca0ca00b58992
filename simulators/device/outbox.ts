/** A message that is kept until its PUBACK. */
export interface OutboxMessage {
  /** Grows by 1 within an outbox: the message's identity while it is here. */
  id: number;
  topicName: string;
  payload: string;
}

/**
 * What a device has to send, oldest first. A message leaves it by its identity, when it is
 * acknowledged, and in no other way but overflow: then the oldest that is not under way is given
 * up and counted, as a device with a full flash does.
 */
export class Outbox {
  readonly #messagesMax: number;
  readonly #inFlight = new Map<number, OutboxMessage>();
  #waiting: OutboxMessage[] = [];
  /** Of `#waiting`, how many at its begin have been taken. */
  #taken = 0;
  #lastId = 0;
  dropped = 0;

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax;
  }

  get size(): number {
    return this.#inFlight.size + this.#waiting.length - this.#taken;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  add(topicName: string, payload: string): void {
    this.#lastId += 1;
    this.#waiting.push({ id: this.#lastId, topicName, payload });
    if (this.size <= this.#messagesMax) return;
    if (this.#taken < this.#waiting.length - 1) {
      this.#taken += 1;
      this.#compact();
    } else {
      this.#waiting.pop();
    }
    this.dropped += 1;
  }

  /** The next message to send, which is in flight from now on. */
  take(): OutboxMessage | null {
    const message = this.#waiting[this.#taken];
    if (message === undefined) return null;
    this.#taken += 1;
    this.#compact();
    this.#inFlight.set(message.id, message);
    return message;
  }

  /** `false`: it was acknowledged before, on an older connection. */
  acknowledge(id: number): boolean {
    if (this.#inFlight.delete(id)) return true;
    // Sent on a connection that has ended since, and waiting to be sent again.
    const at = this.#waiting.findIndex(
      (message, index) => index >= this.#taken && message.id === id,
    );
    if (at === -1) return false;
    this.#waiting.splice(at, 1);
    return true;
  }

  /** The connection has ended: what was in flight is sent again, before all else. */
  requeue(): void {
    this.#waiting = [...this.#inFlight.values(), ...this.#waiting.slice(this.#taken)];
    this.#taken = 0;
    this.#inFlight.clear();
  }

  /** Gives the room of taken messages back, now and then: a shift a message would be quadratic. */
  #compact(): void {
    if (this.#taken < 256 || this.#taken * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#taken);
    this.#taken = 0;
  }
}
