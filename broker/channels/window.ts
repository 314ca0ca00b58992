import { brokerError } from "../errors.ts";
import type { ChannelMessage, ChannelPublisherCounts } from "./channels.ts";

export interface WindowLimits {
  /** Messages that may be on their way to the far side, unanswered. */
  unacknowledgedMessagesMax: number;
  /** Of text, which is two bytes each at worst. */
  unacknowledgedCharsMax: number;
}

/** One call of `publish`, resolved when the last of its messages is taken. */
interface Batch {
  left: number;
  resolve(): void;
  reject(error: Error): void;
}

interface Waiting {
  message: ChannelMessage;
  batch: Batch;
}

/** What goes out at once and is answered at once. */
export interface Chunk {
  readonly items: Waiting[];
  chars: number;
}

export interface WindowOptions {
  limits: WindowLimits;
  /** Alerts that may wait for room; more are refused. Default: as many as callers hold. */
  waitingMessagesMax?: number;
  counts: ChannelPublisherCounts;
  /** Hands a chunk to the far side; it is answered with `taken` or `lost`, in order. */
  send(chunk: Chunk): void;
}

/**
 * What a publisher has under way: bounded in messages and characters. Beyond the bound, or while
 * the far side is away, live values are dropped and counted; alerts wait, and so does their call.
 */
export class Window {
  readonly #options: WindowOptions;
  /** Sent and not answered, oldest first. */
  readonly #sent = new Set<Chunk>();
  #sentMessages = 0;
  #sentChars = 0;
  /** Alerts that wait for room: their publishers hold them anyway, until they are answered. */
  #waiting: Waiting[] = [];
  #isOpen = true;
  #hasEnded = false;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get oldest(): Chunk | undefined {
    const [chunk] = this.#sent;
    return chunk;
  }

  /** `isWatched`: whether a live value is worth sending. */
  offer(
    messages: readonly ChannelMessage[],
    isWatched: (message: ChannelMessage) => boolean,
  ): Promise<void> {
    const { counts, waitingMessagesMax = Number.POSITIVE_INFINITY } = this.#options;
    counts.published += messages.length;
    if (this.#hasEnded) {
      for (const { qos } of messages) this.#countLost(qos);
      return Promise.reject(unavailable());
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const batch: Batch = { left: 0, resolve, reject };
    const now: Chunk = { items: [], chars: 0 };
    for (const message of messages) {
      const item = { message, batch };
      if (message.qos === 0 && !isWatched(message)) {
        counts.unwatched++;
      } else if (this.#isOpen && this.#waiting.length === 0 && this.#hasRoom(now, message)) {
        addTo(now, item);
        batch.left++;
      } else if (message.qos === 0) {
        counts.dropped++;
      } else if (this.#waiting.length < waitingMessagesMax) {
        this.#waiting.push(item);
        batch.left++;
      } else {
        counts.failed++;
        reject(unavailable());
      }
    }
    this.#send(now);
    // All of it was given up: there is nothing for the far side to take.
    if (batch.left === 0) resolve();
    return promise;
  }

  taken(chunk: Chunk): void {
    if (!this.#forget(chunk)) return;
    this.#options.counts.delivered += chunk.items.length;
    for (const { batch } of chunk.items) if (--batch.left === 0) batch.resolve();
    this.#sendWaiting();
  }

  /** Whether the far side has them is not known: their publishers bring the alerts again. */
  lost(chunk: Chunk): void {
    if (this.#forget(chunk)) this.#lose(chunk.items);
  }

  /** The far side is away: until `open`, nothing is sent. */
  pause(): void {
    this.#isOpen = false;
  }

  open(): void {
    if (this.#hasEnded) return;
    this.#isOpen = true;
    this.#sendWaiting();
  }

  /** Nothing is taken any more. Idempotent. */
  end(): void {
    this.#hasEnded = true;
    const open = [...[...this.#sent].flatMap((chunk) => chunk.items), ...this.#waiting];
    this.#sent.clear();
    this.#waiting = [];
    this.#lose(open);
  }

  #lose(items: readonly Waiting[]): void {
    for (const { message, batch } of items) {
      this.#countLost(message.qos);
      batch.reject(unavailable());
    }
  }

  #forget(chunk: Chunk): boolean {
    if (!this.#sent.delete(chunk)) return false;
    this.#sentMessages -= chunk.items.length;
    this.#sentChars -= chunk.chars;
    return true;
  }

  #sendWaiting(): void {
    if (!this.#isOpen) return;
    const now: Chunk = { items: [], chars: 0 };
    let count = 0;
    for (const item of this.#waiting) {
      if (!this.#hasRoom(now, item.message)) break;
      addTo(now, item);
      count++;
    }
    this.#waiting = this.#waiting.slice(count);
    this.#send(now);
  }

  /** A message larger than the limit goes alone: it could never go otherwise. */
  #hasRoom(now: Chunk, message: ChannelMessage): boolean {
    const messages = this.#sentMessages + now.items.length;
    const chars = this.#sentChars + now.chars + message.text.length;
    const { unacknowledgedMessagesMax, unacknowledgedCharsMax } = this.#options.limits;
    return (
      messages === 0 || (messages < unacknowledgedMessagesMax && chars <= unacknowledgedCharsMax)
    );
  }

  #send(chunk: Chunk): void {
    if (chunk.items.length === 0) return;
    this.#sent.add(chunk);
    this.#sentMessages += chunk.items.length;
    this.#sentChars += chunk.chars;
    this.#options.send(chunk);
  }

  #countLost(qos: 0 | 1): void {
    const { counts } = this.#options;
    if (qos === 0) counts.dropped++;
    else counts.failed++;
  }
}

function unavailable(): Error {
  const message = "the other end of the channels is gone: publish again when it is back";
  return brokerError("BROKER_CHANNELS_UNAVAILABLE", { message });
}

function addTo(chunk: Chunk, item: Waiting): void {
  chunk.items.push(item);
  chunk.chars += item.message.text.length;
}
