import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Logger } from "pino";
import type { StopStack } from "../../devices/index.ts";
import type { Broker } from "../broker.ts";
import { bridgeChannels } from "./bridge.ts";
import type { CountedChannelPublisher, CountedChannelSubscriber } from "./channels.ts";
import { connectChannelPublisher } from "./port-publisher.ts";
import { connectChannelSubscriber } from "./port-subscriber.ts";
import type { ChannelsLog } from "./redis-connection.ts";

/** What the publisher's thread is handed: its end of a pair of ports, or where Redis is. */
export type PublisherEnd = { kind: "port"; port: MessagePort } | { kind: "redis"; url: string };

export interface Channels {
  subscriber: CountedChannelSubscriber;
  publisherEnd: PublisherEnd;
}

export interface ChannelsOptions {
  /** `NADI_REDIS_URL`; `undefined`: the channels stay in this process. */
  redisUrl: string | undefined;
  log: Logger;
  stack: StopStack;
}

/** The broker's end of the channels; it closes with the stack. */
export async function openChannels(options: ChannelsOptions): Promise<Channels> {
  const { redisUrl: url, stack } = options;
  if (url === undefined) {
    const { port1, port2 } = new MessageChannel();
    const subscriber = connectChannelSubscriber(port1);
    stack.push(() => subscriber.close());
    return { subscriber, publisherEnd: { kind: "port", port: port2 } };
  }
  // Loaded only where it is needed: a kitchen's own machine starts without it.
  const { openRedisSubscriber } = await import("./redis-subscriber.ts");
  const log = options.log.child({ component: "channels" });
  const subscriber = openRedisSubscriber({ url, log });
  stack.push(() => subscriber.close());
  return { subscriber, publisherEnd: { kind: "redis", url } };
}

/** Where one publishes who hears nothing itself: over Redis, as nobody in this process listens. */
export function publisherEnd(redisUrl: string | undefined): PublisherEnd {
  if (redisUrl !== undefined) return { kind: "redis", url: redisUrl };
  throw new Error("without NADI_REDIS_URL only this process itself can listen");
}

/** In the publisher's own thread. */
export async function openChannelPublisher(
  end: PublisherEnd,
  log: ChannelsLog,
): Promise<CountedChannelPublisher> {
  if (end.kind === "port") return connectChannelPublisher(end.port);
  const { openRedisPublisher } = await import("./redis-publisher.ts");
  return openRedisPublisher({ url: end.url, log });
}

/** The channels' messages go out to those who watch; after a gap these come again and read anew. */
export function joinChannels(
  subscriber: CountedChannelSubscriber,
  broker: Broker,
  stack: StopStack,
): void {
  const bridge = bridgeChannels({
    subscriber,
    publish: (message) => broker.edge.publish(message),
    onInterest: (listener) => broker.onInterest(listener),
    onGap: () => broker.edge.reconnectPeople(),
  });
  stack.push(() => bridge.stop());
}
