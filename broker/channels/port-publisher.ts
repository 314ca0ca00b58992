import type { MessagePort } from "node:worker_threads";
import { brokerError } from "../errors.ts";
import {
  type ChannelMessage,
  type ChannelPublisherCounts,
  type CountedChannelPublisher,
  kitchenOf,
} from "./channels.ts";
import type { ToPublisher, ToSubscriber } from "./port-messages.ts";

/**
 * What may be on its way to the other thread: about a second of live values of a large city. More
 * would only be older when they are shown, and hold memory meanwhile.
 */
export const portPublisherDefaults = {
  unacknowledgedMessagesMax: 2_048,
  /** Of text, which is two bytes each at worst. */
  unacknowledgedCharsMax: 4 * 1024 * 1024,
} as const;

export type PortPublisherLimits = { [Key in keyof typeof portPublisherDefaults]?: number };

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

interface Chunk {
  items: Waiting[];
  chars: number;
}

/** The publisher's end of a pair of ports between two threads; `port` is its own from now on. */
export function connectChannelPublisher(
  port: MessagePort,
  limits: PortPublisherLimits = {},
): CountedChannelPublisher {
  return new PortPublisher(port, { ...portPublisherDefaults, ...limits });
}

class PortPublisher implements CountedChannelPublisher {
  readonly watched = new Set<string>();
  readonly counts: ChannelPublisherCounts = {
    published: 0,
    delivered: 0,
    dropped: 0,
    unwatched: 0,
    failed: 0,
  };
  readonly #port: MessagePort;
  readonly #limits: Required<PortPublisherLimits>;
  readonly #listeners = new Set<() => void>();
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;
  /** Sent and not answered, oldest first. */
  readonly #sent: Chunk[] = [];
  #sentMessages = 0;
  #sentChars = 0;
  /** Alerts that wait for room: their publishers hold them anyway, until they are answered. */
  #waiting: Waiting[] = [];

  constructor(port: MessagePort, limits: Required<PortPublisherLimits>) {
    this.#port = port;
    this.#limits = limits;
    port.on("message", (message: ToPublisher) => this.#hear(message));
    port.on("close", () => this.#end());
  }

  publish(messages: readonly ChannelMessage[]): Promise<void> {
    this.counts.published += messages.length;
    if (this.#isClosed) {
      for (const { qos } of messages) this.#countLost(qos);
      return Promise.reject(unavailable());
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const batch: Batch = { left: 0, resolve, reject };
    const now: Chunk = { items: [], chars: 0 };
    for (const message of messages) {
      const item = { message, batch };
      if (message.qos === 0 && !this.watched.has(kitchenOf(message.channel))) {
        this.counts.unwatched++;
      } else if (this.#waiting.length === 0 && this.#hasRoom(now, message)) {
        addTo(now, item);
        batch.left++;
      } else if (message.qos === 0) {
        this.counts.dropped++;
      } else {
        this.#waiting.push(item);
        batch.left++;
      }
    }
    this.#send(now);
    // All of it was given up: there is nothing for the far side to take.
    if (batch.left === 0) resolve();
    return promise;
  }

  onWatched(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#port.close();
    return this.#closed.promise;
  }

  #hear(message: ToPublisher): void {
    if (message.kind === "taken") {
      this.#settle();
      return;
    }
    if (message.isWatched) this.watched.add(message.sppgId);
    else this.watched.delete(message.sppgId);
    for (const listener of this.#listeners) listener();
  }

  #settle(): void {
    const chunk = this.#sent.shift();
    if (chunk === undefined) return;
    this.#sentMessages -= chunk.items.length;
    this.#sentChars -= chunk.chars;
    this.counts.delivered += chunk.items.length;
    for (const { batch } of chunk.items) if (--batch.left === 0) batch.resolve();
    this.#sendWaiting();
  }

  #sendWaiting(): void {
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
    const { unacknowledgedMessagesMax, unacknowledgedCharsMax } = this.#limits;
    return (
      messages === 0 || (messages < unacknowledgedMessagesMax && chars <= unacknowledgedCharsMax)
    );
  }

  #send(chunk: Chunk): void {
    if (chunk.items.length === 0) return;
    this.#sent.push(chunk);
    this.#sentMessages += chunk.items.length;
    this.#sentChars += chunk.chars;
    const messages = chunk.items.map((item) => item.message);
    this.#port.postMessage({ kind: "messages", messages } satisfies ToSubscriber, []);
  }

  /** Also when the other end is closed, or its thread has ended. */
  #end(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.watched.clear();
    const open = [...this.#sent.flatMap((chunk) => chunk.items), ...this.#waiting];
    this.#sent.length = 0;
    this.#waiting = [];
    for (const { message, batch } of open) {
      this.#countLost(message.qos);
      batch.reject(unavailable());
    }
    this.#closed.resolve();
  }

  #countLost(qos: 0 | 1): void {
    if (qos === 0) this.counts.dropped++;
    else this.counts.failed++;
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
