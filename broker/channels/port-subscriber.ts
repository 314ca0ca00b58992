import type { MessagePort } from "node:worker_threads";
import { type ChannelMessage, type CountedChannelSubscriber, kitchenOf } from "./channels.ts";
import type { ToPublisher, ToSubscriber } from "./port-messages.ts";

/** The subscriber's end of a pair of ports between two threads; `port` is its own from now on. */
export function connectChannelSubscriber(port: MessagePort): CountedChannelSubscriber {
  const watchers = new Map<string, number>();
  const listeners = new Set<(message: ChannelMessage) => void>();
  const counts = { delivered: 0, gaps: 0 };
  const closed = Promise.withResolvers<void>();
  const send = (message: ToPublisher): void => port.postMessage(message);

  port.on("message", ({ messages }: ToSubscriber) => {
    for (const message of messages) {
      // Sent before the publisher heard that nobody watches any more.
      if (message.qos === 0 && !watchers.has(kitchenOf(message.channel))) continue;
      counts.delivered++;
      for (const listener of listeners) listener(message);
    }
    // Not before the listeners are done: a busy thread must look busy to the publisher.
    send({ kind: "taken" });
  });
  port.on("close", () => {
    listeners.clear();
    closed.resolve();
  });

  function unwatch(sppgId: string): void {
    const left = (watchers.get(sppgId) ?? 0) - 1;
    if (left > 0) {
      watchers.set(sppgId, left);
      return;
    }
    watchers.delete(sppgId);
    send({ kind: "watched", sppgId, isWatched: false });
  }

  return {
    counts,
    awaySinceMs: null,
    watch(sppgId) {
      const before = watchers.get(sppgId) ?? 0;
      watchers.set(sppgId, before + 1);
      if (before === 0) send({ kind: "watched", sppgId, isWatched: true });
      let isWatching = true;
      return () => {
        if (isWatching) unwatch(sppgId);
        isWatching = false;
      };
    },
    onMessage(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    // A port loses nothing while both threads run, and they end together.
    onGap: () => () => undefined,
    close() {
      port.close();
      return closed.promise;
    },
  };
}
