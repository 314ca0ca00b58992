import type { MessagePort } from "node:worker_threads";
import {
  type ChannelMessage,
  type CountedChannelPublisher,
  kitchenOf,
  noPublisherCounts,
} from "./channels.ts";
import type { ToPublisher, ToSubscriber } from "./port-messages.ts";
import { Window, type WindowLimits } from "./window.ts";

/**
 * What may be on its way to the other thread: about a second of live values of a large city. More
 * would only be older when they are shown, and hold memory meanwhile.
 */
export const portPublisherDefaults = {
  unacknowledgedMessagesMax: 2_048,
  unacknowledgedCharsMax: 4 * 1024 * 1024,
} as const satisfies WindowLimits;

/** The publisher's end of a pair of ports between two threads; `port` is its own from now on. */
export function connectChannelPublisher(
  port: MessagePort,
  limits: Partial<WindowLimits> = {},
): CountedChannelPublisher {
  return new PortPublisher(port, { ...portPublisherDefaults, ...limits });
}

class PortPublisher implements CountedChannelPublisher {
  readonly watched = new Set<string>();
  readonly counts = noPublisherCounts();
  /** The other thread is there, or else this one ends with it. */
  readonly awaySinceMs = null;
  readonly #port: MessagePort;
  readonly #window: Window;
  readonly #listeners = new Set<() => void>();
  readonly #closed = Promise.withResolvers<void>();

  constructor(port: MessagePort, limits: WindowLimits) {
    this.#port = port;
    this.#window = new Window({
      limits,
      counts: this.counts,
      send({ items }) {
        const messages = items.map((item) => item.message);
        port.postMessage({ kind: "messages", messages } satisfies ToSubscriber, []);
      },
    });
    port.on("message", (message: ToPublisher) => this.#hear(message));
    port.on("close", () => this.#end());
  }

  publish(messages: readonly ChannelMessage[]): Promise<void> {
    return this.#window.offer(messages, ({ channel }) => this.watched.has(kitchenOf(channel)));
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
      const { oldest } = this.#window;
      if (oldest !== undefined) this.#window.taken(oldest);
      return;
    }
    if (message.isWatched) this.watched.add(message.sppgId);
    else this.watched.delete(message.sppgId);
    for (const listener of this.#listeners) listener();
  }

  /** Also when the other end is closed, or its thread has ended. */
  #end(): void {
    this.#listeners.clear();
    this.watched.clear();
    this.#window.end();
    this.#closed.resolve();
  }
}
