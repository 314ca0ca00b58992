import {
  type ChannelMessage,
  type CountedChannelPublisher,
  noPublisherCounts,
} from "./channels.ts";
import { type ChannelsLog, RedisConnection } from "./redis-connection.ts";
import { type Chunk, Window, type WindowLimits } from "./window.ts";

export const redisPublisherDefaults = {
  /** About a second of live values of a large city; the newer ones are worth more. */
  unacknowledgedMessagesMax: 4_096,
  unacknowledgedCharsMax: 4 * 1024 * 1024,
  /** Alerts that wait here; the outbox brings 256 at a time and keeps the rest in the records. */
  waitingMessagesMax: 4_096,
} as const;

export type RedisPublisherLimits = WindowLimits & { waitingMessagesMax: number };

export interface RedisPublisherOptions {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  url: string;
  log: ChannelsLog;
  limits?: Partial<RedisPublisherLimits>;
}

/**
 * Publishes on Redis channels of the exact names, for every kitchen: who listens can't be known.
 * While Redis is away live values are dropped and counted, and alerts wait for it; those that were
 * under way when it went are rejected as retryable, so that the outbox brings them again.
 */
export function openRedisPublisher(options: RedisPublisherOptions): CountedChannelPublisher {
  const { waitingMessagesMax, ...limits } = { ...redisPublisherDefaults, ...options.limits };
  const counts = noPublisherCounts();
  const window: Window = new Window({
    limits,
    waitingMessagesMax,
    counts,
    send: (chunk) => void publishChunk(connection, window, chunk),
  });
  window.pause();
  const connection: RedisConnection = new RedisConnection({
    url: options.url,
    name: "nadi-publisher",
    log: options.log,
    onReady: () => window.open(),
    onLost: () => window.pause(),
  });
  return {
    counts,
    watched: null,
    get awaySinceMs() {
      return connection.awaySinceMs;
    },
    publish: (messages: readonly ChannelMessage[]) => window.offer(messages, () => true),
    onWatched: () => () => undefined,
    close() {
      window.end();
      return connection.close();
    },
  };
}

/** One write for all of the chunk; never rejects. */
async function publishChunk(
  connection: RedisConnection,
  window: Window,
  chunk: Chunk,
): Promise<void> {
  const pipeline = connection.client.pipeline();
  for (const { message } of chunk.items) pipeline.publish(message.channel, message.text);
  // Answers come in order, or not at all: a broken connection rejects every command.
  const answers = (await pipeline.exec()) ?? [];
  const failed = answers.find(([error]) => error !== null);
  if (failed === undefined && answers.length === chunk.items.length) {
    window.taken(chunk);
    return;
  }
  connection.refused(failed?.[0] ?? "the answer is incomplete");
  window.lost(chunk);
}
