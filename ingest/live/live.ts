import type { ChannelMessage, ChannelPublisher } from "../../broker/index.ts";
import {
  encodeRealtimeMessage,
  formatChannel,
  formatPosition,
  liveAddress,
  type RealtimeMessage,
} from "../../devices/index.ts";
import type { Monitor } from "../monitor/monitor.ts";

export type LiveItem = ReturnType<Monitor["takeLive"]>[number];

export const liveLimits = {
  /** At most 4 a second of one sensor. */
  intervalMs: 250,
  /** Sensors that are watched at a time; the values of more than that are dropped and counted. */
  seriesMax: 100_000,
  /** One publish: some 100 KB. */
  messagesMax: 256,
} as const;

export interface LiveClock {
  monotonicMs(): number;
  /** Calls back once after a while; returns its removal. */
  later(delayMs: number, callback: () => void): () => void;
}

export interface LiveOptions {
  channels: Pick<ChannelPublisher, "publish" | "watched">;
  clock: LiveClock;
  onFailure: (error: unknown) => void;
  /** Default `liveLimits.seriesMax`. */
  seriesMax?: number;
}

export interface Live {
  /** Values in the order of the journal; those of kitchens that nobody watches are left. */
  offer(items: readonly LiveItem[]): void;
  readonly sent: number;
  /** Values that a newer one of their sensor has replaced before they were sent. */
  readonly conflated: number;
  /** Values lost to a bound, or to channels that did not take them. */
  readonly dropped: number;
  close(): void;
}

interface Series {
  key: string;
  sentAtMs: number;
  /** The newest value since then. */
  waiting: LiveItem | null;
}

export function createLive(options: LiveOptions): Live {
  return new ConflatedLive(options);
}

/**
 * Sends the first value of a sensor at once, and of what follows within the interval the newest
 * when it is over. While a publish is under way everything waits: a slow far side gets fewer.
 */
class ConflatedLive implements Live {
  readonly #options: LiveOptions;
  /** In the order of `sentAtMs`, which is also that in which they are due. */
  readonly #series = new Map<string, Series>();
  #ready: LiveItem[] = [];
  /** Places in `#ready`, so that what waits for the channels is conflated too. */
  readonly #readyAt = new Map<string, number>();
  #isPublishing = false;
  #isClosed = false;
  #cancel: (() => void) | null = null;
  sent = 0;
  conflated = 0;
  dropped = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  offer(items: readonly LiveItem[]): void {
    if (items.length === 0 || this.#isClosed) return;
    const { watched } = this.#options.channels;
    const nowMs = this.#options.clock.monotonicMs();
    this.#release(nowMs);
    for (const item of items) {
      if (watched === null || watched.has(item.sppgId)) this.#offerOne(item, nowMs);
    }
    this.#publish();
    this.#schedule(nowMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#series.clear();
    this.#ready = [];
  }

  #offerOne(item: LiveItem, nowMs: number): void {
    const { deviceId, channel, reading } = item.live;
    const key = `${item.sppgId}/${deviceId}/${channel}/${reading}`;
    const series = this.#series.get(key);
    if (series !== undefined) {
      if (series.waiting !== null) this.conflated += 1;
      series.waiting = item;
      return;
    }
    if (this.#series.size >= (this.#options.seriesMax ?? liveLimits.seriesMax)) {
      this.dropped += 1;
      return;
    }
    this.#series.set(key, { key, sentAtMs: nowMs, waiting: null });
    this.#makeReady(key, item);
  }

  /** Those whose interval is over: their newest value goes out, or they are forgotten. */
  #release(nowMs: number): void {
    for (const [key, series] of this.#series) {
      if (nowMs - series.sentAtMs < liveLimits.intervalMs) return;
      this.#series.delete(key);
      if (series.waiting === null) continue;
      this.#makeReady(key, series.waiting);
      this.#series.set(key, { key, sentAtMs: nowMs, waiting: null });
    }
  }

  #makeReady(key: string, item: LiveItem): void {
    const at = this.#readyAt.get(key);
    if (at !== undefined) {
      this.conflated += 1;
      this.#ready[at] = item;
      return;
    }
    this.#readyAt.set(key, this.#ready.length);
    this.#ready.push(item);
  }

  #publish(): void {
    if (this.#isPublishing || this.#ready.length === 0 || this.#isClosed) return;
    const items = this.#ready;
    this.#ready = [];
    this.#readyAt.clear();
    this.#isPublishing = true;
    void this.#send(items).finally(() => {
      this.#isPublishing = false;
      this.#publish();
    });
  }

  /** Live values are not sent again: newer ones come, and the snapshot has them all. */
  async #send(items: readonly LiveItem[]): Promise<void> {
    for (let from = 0; from < items.length; from += liveLimits.messagesMax) {
      const part = items.slice(from, from + liveLimits.messagesMax);
      try {
        await this.#options.channels.publish(part.map(toMessage));
        this.sent += part.length;
      } catch (error) {
        this.dropped += part.length;
        this.#options.onFailure(error);
      }
    }
  }

  #schedule(nowMs: number): void {
    if (this.#cancel !== null || this.#series.size === 0 || this.#isClosed) return;
    const [oldest] = this.#series.values();
    const dueMs = (oldest?.sentAtMs ?? nowMs) + liveLimits.intervalMs;
    this.#cancel = this.#options.clock.later(Math.max(1, dueMs - nowMs), () => {
      this.#cancel = null;
      const thenMs = this.#options.clock.monotonicMs();
      this.#release(thenMs);
      this.#publish();
      this.#schedule(thenMs);
    });
  }
}

const updateTypes = {
  production: "production_update",
  distribution: "distribution_update",
  inventory: "inventory_update",
} as const;

/** The id is the value's place in the journal: the same value again has the same id. */
function toMessage({ sppgId, offset, index, live }: LiveItem): ChannelMessage {
  const address = liveAddress(sppgId, live.place);
  // The compiler can't see that type and domain are of one member of the union.
  const message = {
    id: `${offset}.${index}`,
    type: updateTypes[address.domain],
    sppgId,
    domain: address.domain,
    data: live,
    timestamp: live.eventTimeMs,
    position: formatPosition(offset),
  } as RealtimeMessage;
  const encoded = encodeRealtimeMessage(message);
  // What the decoder has let through is a valid live value: anything else is a fault of ours.
  if (!encoded.ok)
    throw new TypeError(`live value ${offset}.${index}: ${encoded.issues.join("; ")}`);
  return { channel: formatChannel(address), text: encoded.text, qos: 0 };
}
