import { kitchenChannels, messageCharsMax, parseChannel } from "../../devices/index.ts";
import { type ChannelMessage, type CountedChannelSubscriber, kitchenOf } from "./channels.ts";
import { type ChannelsLog, RedisConnection } from "./redis-connection.ts";

export interface RedisSubscriberOptions {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  url: string;
  log: ChannelsLog;
}

export interface RedisSubscriber extends CountedChannelSubscriber {
  readonly counts: {
    delivered: number;
    gaps: number;
    /** Messages that are larger than any of ours: somebody else's. */
    refused: number;
  };
  /**
   * Resolves when the watches made so far have taken effect and what was published before has been
   * heard; rejects while Redis is away.
   */
  roundTrip(): Promise<void>;
}

/** Kitchens of one SUBSCRIBE when all of them are made again: some 900 names, 40 KB. */
const kitchensPerCall = 64;
/** After Redis refused a SUBSCRIBE, which only its operator can mend. */
const refusedRetryMs = 1_000;

/**
 * Subscribes by exact names for as long as somebody here watches the kitchen. After a loss all of
 * it is made again, and then `onGap` tells that messages may have been missed meanwhile.
 */
export function openRedisSubscriber(options: RedisSubscriberOptions): RedisSubscriber {
  return new Subscriber(options);
}

class Subscriber implements RedisSubscriber {
  readonly counts = { delivered: 0, gaps: 0, refused: 0 };
  readonly #connection: RedisConnection;
  readonly #watchers = new Map<string, number>();
  readonly #listeners = new Set<(message: ChannelMessage) => void>();
  readonly #gapListeners = new Set<() => void>();
  #retryTimer: NodeJS.Timeout | null = null;

  constructor({ url, log }: RedisSubscriberOptions) {
    this.#connection = new RedisConnection({
      url,
      name: "nadi-subscriber",
      log,
      onReady: () => void this.#subscribeAll(),
      onLost: () => this.#cancelRetry(),
    });
    this.#connection.client.on("message", (channel: string, text: string) =>
      this.#hear(channel, text),
    );
  }

  get awaySinceMs(): number | null {
    return this.#connection.awaySinceMs;
  }

  watch(sppgId: string): () => void {
    const before = this.#watchers.get(sppgId) ?? 0;
    this.#watchers.set(sppgId, before + 1);
    if (before === 0 && this.#connection.isReady) void this.#subscribe([sppgId]);
    let isWatching = true;
    return () => {
      if (isWatching) this.#unwatch(sppgId);
      isWatching = false;
    };
  }

  onMessage(listener: (message: ChannelMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  onGap(listener: () => void): () => void {
    this.#gapListeners.add(listener);
    return () => {
      this.#gapListeners.delete(listener);
    };
  }

  /** Redis answers a connection in order, and writes a message before it answers its publisher. */
  async roundTrip(): Promise<void> {
    await this.#connection.client.ping();
  }

  close(): Promise<void> {
    this.#cancelRetry();
    this.#listeners.clear();
    this.#gapListeners.clear();
    return this.#connection.close();
  }

  #unwatch(sppgId: string): void {
    const left = (this.#watchers.get(sppgId) ?? 0) - 1;
    if (left > 0) {
      this.#watchers.set(sppgId, left);
      return;
    }
    this.#watchers.delete(sppgId);
    if (!this.#connection.isReady) return;
    this.#connection.client
      .unsubscribe(...kitchenChannels(sppgId))
      // A connection that is lost has no subscriptions: there is nothing left to end.
      .catch((error: unknown) => this.#connection.refused(error));
  }

  #hear(channel: string, text: string): void {
    // Sent before Redis heard that nobody watches any more.
    if (!this.#watchers.has(kitchenOf(channel))) return;
    if (text.length > messageCharsMax) {
      this.counts.refused++;
      return;
    }
    this.counts.delivered++;
    const message: ChannelMessage = { channel, text, qos: qosOf(channel) };
    for (const listener of this.#listeners) listener(message);
  }

  /** All that is watched; whoever watches meanwhile subscribes by themselves. */
  async #subscribeAll(): Promise<void> {
    const kitchens = [...this.#watchers.keys()];
    if (kitchens.length === 0) return;
    const calls: Promise<boolean>[] = [];
    for (let from = 0; from < kitchens.length; from += kitchensPerCall) {
      calls.push(this.#subscribe(kitchens.slice(from, from + kitchensPerCall)));
    }
    const answers = await Promise.all(calls);
    if (!answers.every(Boolean)) return;
    this.counts.gaps++;
    for (const listener of this.#gapListeners) listener();
  }

  /** `false`: not subscribed; it is tried again. Never rejects. */
  async #subscribe(kitchens: readonly string[]): Promise<boolean> {
    try {
      await this.#connection.client.subscribe(...kitchens.flatMap(kitchenChannels));
      return true;
    } catch (error) {
      // A connection that breaks begins anew by itself.
      if (!this.#connection.isReady) return false;
      this.#connection.refused(error);
      this.#retryTimer ??= setTimeout(() => {
        this.#retryTimer = null;
        void this.#subscribeAll();
      }, refusedRetryMs);
      return false;
    }
  }

  #cancelRetry(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
  }
}

/** Redis carries the text alone; what may not be dropped is known by the channel. */
function qosOf(channel: string): 0 | 1 {
  const address = parseChannel(channel);
  return address?.type === "alerts" || address?.domain === "notifications" ? 1 : 0;
}
