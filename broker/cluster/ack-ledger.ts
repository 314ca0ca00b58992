/** A message that has come and is not acknowledged yet. */
export interface OwedAck {
  readonly messageId: number;
  isSettled: boolean;
}

/**
 * What one connection owes: acknowledgements leave in the order of their PUBLISHes
 * [MQTT-4.6.0-2], also when a later message is on disk before an earlier one, as with a journal
 * of several partitions.
 */
export class AckLedger {
  #owed: OwedAck[] = [];
  /** Those before have been handed out. */
  #head = 0;

  /** How many messages wait for their acknowledgement. */
  get size(): number {
    return this.#owed.length - this.#head;
  }

  owe(messageId: number): OwedAck {
    const owed = { messageId, isSettled: false };
    this.#owed.push(owed);
    return owed;
  }

  /** The ids that may be acknowledged now, in order; often none. */
  settle(owed: OwedAck): number[] {
    owed.isSettled = true;
    const ids: number[] = [];
    for (let next = this.#owed[this.#head]; next?.isSettled; next = this.#owed[this.#head]) {
      ids.push(next.messageId);
      this.#head += 1;
    }
    // Now and then, so that taking from the front costs nothing.
    if (this.#head * 2 >= this.#owed.length) {
      this.#owed = this.#owed.slice(this.#head);
      this.#head = 0;
    }
    return ids;
  }
}
