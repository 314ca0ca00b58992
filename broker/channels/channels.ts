/**
 * The channels' port: realtime messages on their way from the monitor to whoever watches. A channel
 * is `{sppgId}:{domain}:{type}`, the same name as the MQTT topic `sppg/{sppgId}/{domain}/{type}`.
 */
export interface ChannelMessage {
  channel: string;
  /** A realtime message as JSON text. */
  text: string;
  /** Live values are 0 and may be dropped under load; alerts are 1. */
  qos: 0 | 1;
}

/** The monitor's side. */
export interface ChannelPublisher {
  /**
   * Resolves when the far side has taken all of them, in order; rejects with
   * `BROKER_CHANNELS_UNAVAILABLE` (retryable) when that is not known.
   */
  publish(messages: readonly ChannelMessage[]): Promise<void>;
  /** Kitchens that somebody watches; `null` if whoever listens can't be known (Redis): all. */
  readonly watched: ReadonlySet<string> | null;
  /** Hears each change of `watched`; returns its removal. */
  onWatched(listener: () => void): () => void;
  close(): Promise<void>;
}

/** The side of those who show: the broker towards browsers. */
export interface ChannelSubscriber {
  /** Wants the messages of a kitchen until the returned function is called. Counted. */
  watch(sppgId: string): () => void;
  /** Hears the messages of watched kitchens; alerts of other kitchens may come too. */
  onMessage(listener: (message: ChannelMessage) => void): () => void;
  /**
   * Hears that messages of watched kitchens may have been missed, when they come again: who shows
   * them has to read anew. Never, where nothing can be missed.
   */
  onGap(listener: () => void): () => void;
  close(): Promise<void>;
}

/** Plain numbers since the start; every message that was given is in one of them, or under way. */
export interface ChannelPublisherCounts {
  /** Messages given to `publish`. */
  published: number;
  /** Taken by the far side. */
  delivered: number;
  /** Live values given up because the far side was behind, or gone. */
  dropped: number;
  /** Live values of kitchens that nobody watches: not sent. */
  unwatched: number;
  /** Alerts whose `publish` was rejected; they come again. */
  failed: number;
}

export function noPublisherCounts(): ChannelPublisherCounts {
  return { published: 0, delivered: 0, dropped: 0, unwatched: 0, failed: 0 };
}

/** What the adapters are beyond the port: they can be counted, and asked how they are. */
export interface CountedChannelPublisher extends ChannelPublisher {
  readonly counts: Readonly<ChannelPublisherCounts>;
  /** `performance.now()` when what carries the messages was lost; `null` while it is there. */
  readonly awaySinceMs: number | null;
}

export interface CountedChannelSubscriber extends ChannelSubscriber {
  readonly counts: Readonly<ChannelSubscriberCounts>;
  /** As the publisher's. */
  readonly awaySinceMs: number | null;
}

export interface ChannelSubscriberCounts {
  /** Messages that the listeners have heard. */
  delivered: number;
  /** How often messages may have been missed. */
  gaps: number;
}

/** The kitchen in a channel's name, also of one that is no channel of ours. */
export function kitchenOf(channel: string): string {
  const end = channel.indexOf(":");
  return end === -1 ? channel : channel.slice(0, end);
}
