import { channelToTopic } from "../../devices/index.ts";
import type { Message } from "../edge/session.ts";
import type { ChannelMessage, ChannelSubscriber } from "./channels.ts";

export interface ChannelBridgeOptions {
  subscriber: ChannelSubscriber;
  /** The edge's: to every session that subscribes to the topic. */
  publish: (message: Message) => void;
  /** Hears when somebody's session begins or ends to watch a kitchen; returns its removal. */
  onInterest: (listener: (sppgId: string, isWatched: boolean) => void) => () => void;
  /** What is shown may lack something: whoever shows it has to read anew. */
  onGap: () => void;
}

export interface ChannelBridge {
  readonly counts: {
    /** Messages handed to the edge. */
    readonly delivered: number;
    /** Messages of a channel that is none of ours. */
    readonly refused: number;
  };
  /** Watches nothing any more. The subscriber stays its owner's to close. */
  stop(): void;
}

/** Brings the channels' messages to the edge, of those kitchens that its sessions watch. */
export function bridgeChannels(options: ChannelBridgeOptions): ChannelBridge {
  const { subscriber, publish, onInterest, onGap } = options;
  const counts = { delivered: 0, refused: 0 };
  const watches = new Map<string, () => void>();

  function deliver({ channel, text, qos }: ChannelMessage): void {
    const topicName = channelToTopic(channel);
    if (topicName === null) {
      counts.refused++;
      return;
    }
    // What is shown is of the moment; who comes later asks the snapshot.
    publish({ topicName, payload: Buffer.from(text, "utf8"), qos, retain: false });
    counts.delivered++;
  }

  function follow(sppgId: string, isWatched: boolean): void {
    const stopWatching = watches.get(sppgId);
    if (isWatched === (stopWatching !== undefined)) return;
    if (stopWatching === undefined) {
      watches.set(sppgId, subscriber.watch(sppgId));
      return;
    }
    watches.delete(sppgId);
    stopWatching();
  }

  const removals = [subscriber.onMessage(deliver), subscriber.onGap(onGap), onInterest(follow)];
  return {
    counts,
    stop() {
      for (const remove of removals.splice(0)) remove();
      for (const stopWatching of watches.values()) stopWatching();
      watches.clear();
    },
  };
}
