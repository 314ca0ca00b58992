import { type ChannelsLog, RedisConnection } from "../channels/redis-connection.ts";
import { brokerError } from "../errors.ts";
import type { Bus, BusHandlers } from "./bus.ts";

export interface RedisBusOptions {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  url: string;
  log: ChannelsLog;
}

/** After Redis refused a SUBSCRIBE, which only its operator can mend. */
const refusedRetryMs = 1_000;

/**
 * Redis pub/sub on two connections: one that says, one that hears. Redis hands out what one
 * connection publishes in order, and each channel to all of its subscribers in the same order.
 */
export function openRedisBus(options: RedisBusOptions): Bus {
  return new RedisBus(options);
}

class RedisBus implements Bus {
  readonly #sayer: RedisConnection;
  readonly #hearer: RedisConnection;
  #channels: readonly string[] = [];
  #handlers: BusHandlers | null = null;
  #isSubscribed = false;
  #isOpen = false;
  #awaySinceMs: number | null = performance.now();
  #retryTimer: NodeJS.Timeout | null = null;

  constructor({ url, log }: RedisBusOptions) {
    this.#sayer = new RedisConnection({
      url,
      name: "nadi-peers",
      log,
      onReady: () => this.#review(),
      onLost: () => this.#review(),
    });
    this.#hearer = new RedisConnection({
      url,
      name: "nadi-peers-hear",
      log,
      onReady: () => void this.#subscribe(),
      onLost: () => {
        this.#isSubscribed = false;
        this.#review();
      },
    });
    this.#hearer.client.on("message", (channel: string, text: string) =>
      this.#handlers?.onText(channel, text),
    );
  }

  get awaySinceMs(): number | null {
    return this.#awaySinceMs;
  }

  join(channels: readonly string[], handlers: BusHandlers): void {
    this.#channels = channels;
    this.#handlers = handlers;
    if (this.#hearer.isReady) void this.#subscribe();
  }

  async publish(channel: string, text: string): Promise<number> {
    if (!this.#isOpen) throw away();
    try {
      return await this.#sayer.client.publish(channel, text);
    } catch (error) {
      this.#sayer.refused(error);
      throw away(error);
    }
  }

  async close(): Promise<void> {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    this.#handlers = null;
    await Promise.all([this.#sayer.close(), this.#hearer.close()]);
  }

  async #subscribe(): Promise<void> {
    if (this.#handlers === null) return;
    try {
      await this.#hearer.client.subscribe(...this.#channels);
    } catch (error) {
      // A connection that breaks begins anew by itself.
      if (!this.#hearer.isReady || this.#handlers === null) return;
      this.#hearer.refused(error);
      this.#retryTimer ??= setTimeout(() => {
        this.#retryTimer = null;
        void this.#subscribe();
      }, refusedRetryMs);
      return;
    }
    this.#isSubscribed = true;
    this.#review();
  }

  /** Open is a bus that says and hears. */
  #review(): void {
    const isOpen = this.#isSubscribed && this.#sayer.isReady;
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    this.#awaySinceMs = isOpen ? null : performance.now();
    if (isOpen) this.#handlers?.onOpen();
  }
}

function away(cause?: unknown): Error {
  return brokerError("BROKER_PEERS_UNAVAILABLE", {
    message: "The Redis of NADI_REDIS_URL is away, so other processes can't be reached: try again.",
    cause,
  });
}
